"""Tells how the agent of a directory is, from what lies there; asks nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from .backlog import count_open_jobs, find_oldest_seconds
from .config import is_spool_in_use
from .identity import IdentityFile
from .letters import DeadLetters
from .outbox import Outbox
from .vitals import Vitals, describe_refusal, find_vitals


def describe_status(directory: Path) -> tuple[bool, list[tuple[str, str]]]:
    """Whether all is well, and the lines to show. Raises BadConfig when it is not enrolled."""
    identity = IdentityFile(directory).get()
    vitals = find_vitals(directory)
    running = is_spool_in_use(directory)
    lines = [
        ("agent", f"{identity.name} ({identity.agent})"),
        ("server", identity.server),
        ("running", f"yes, process {vitals.pid}" if running and vitals else _yes_or_no(running)),
        *_describe_vitals(vitals),
        *_describe_spool(directory),
    ]
    return running and vitals is not None and not vitals.refused, lines


def _yes_or_no(fact: bool) -> str:  # noqa: FBT001  # the fact is all there is to say
    return "yes" if fact else "no; start it with: datawave-edge run"


def _describe_vitals(vitals: Vitals | None) -> Iterator[tuple[str, str]]:
    if vitals is None or vitals.heard_at is None:
        yield "last contact", "never"
    else:
        yield "last contact", f"{vitals.heard_at.isoformat(timespec='seconds')} ({_ago(vitals)})"
        yield "clock", f"{vitals.skew_seconds:+.1f} s to the server's"
    if vitals is None:
        return
    yield "job", vitals.job or "none"
    if vitals.refused:
        yield "refused", describe_refusal(vitals.refused)
    if vitals.draining:
        yield "draining", "ends its job and takes no other"
    if vitals.upgrade:
        yield "upgrade", f"{vitals.upgrade} is wanted, this is {vitals.version}"


def _ago(vitals: Vitals) -> str:
    assert vitals.heard_at is not None  # noqa: S101  # the caller has looked
    seconds = (dt.datetime.now(dt.UTC) - vitals.heard_at).total_seconds()
    return f"{max(0, int(seconds))} s ago"


def _describe_spool(directory: Path) -> Iterator[tuple[str, str]]:
    if not (directory / "outbox.sqlite3").is_file():
        yield "spool", "empty"
        return
    outbox = Outbox(directory)
    try:
        waiting, oldest = outbox.spool_bytes(), find_oldest_seconds(outbox.file)
        jobs = count_open_jobs(outbox.file)
        dead = DeadLetters(outbox.file).count()
    finally:
        outbox.close()
    age = "" if oldest is None else f", the oldest for {int(oldest)} s"
    yield "spool", f"{waiting} bytes wait for the server{age}"
    yield "open jobs", str(jobs)
    if dead:
        yield "dead letters", f"{dead} descriptions were refused; see: datawave-edge dead"
