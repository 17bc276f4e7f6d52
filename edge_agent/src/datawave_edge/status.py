"""Tells how the agent of a directory is, from what lies there; asks nobody."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from .backlog import count_open_jobs, find_oldest_seconds
from .config import is_spool_in_use, is_spool_there
from .identity import IdentityFile
from .letters import DeadLetters
from .outbox import JOB_DAYS, Outbox
from .spool import SpoolUnwritable
from .vitals import Vitals, describe_refusal, find_vitals

# Some heartbeats: an agent that was not answered for so long is cut off.
SILENT_SECONDS: Final = 180.0


class SpoolStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in the spool."""

    waiting_bytes: int = 0
    oldest_waiting_seconds: float | None = None
    open_jobs: int = 0
    dead_letters: int = 0


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent is."""

    # Whether it runs, the server answers it and lets it in, and its spool can be read.
    well: bool
    agent: str
    name: str
    server: str
    running: bool
    # What the agent noted when it last spoke with the server; None when it never did.
    last: Vitals | None
    # None when nothing was spooled yet, or what was can't be read.
    spool: SpoolStatus | None
    spool_readable: bool = True


def read_status(directory: Path) -> Status:
    """Look. Raises BadConfig when no agent is enrolled there."""
    identity = IdentityFile(directory).get()
    vitals = find_vitals(directory)
    running = is_spool_in_use(directory)
    spool, readable = _try_spool(directory)
    return Status(
        well=running and readable and vitals is not None and _is_let_in(vitals),
        agent=identity.agent,
        name=identity.name,
        server=identity.server,
        running=running,
        last=vitals,
        spool=spool,
        spool_readable=readable,
    )


def _is_let_in(vitals: Vitals) -> bool:
    return not vitals.refused and _silent_seconds(vitals) < SILENT_SECONDS


def _silent_seconds(vitals: Vitals) -> float:
    if vitals.heard_at is None:
        return math.inf
    return (dt.datetime.now(dt.UTC) - vitals.heard_at).total_seconds()


def _try_spool(directory: Path) -> tuple[SpoolStatus | None, bool]:
    """What lies in the spool, and whether that can be told: a full disk lets nobody look."""
    if not is_spool_there(directory):
        return None, True
    try:
        return _read_spool(directory), True
    except SpoolUnwritable:
        return None, False


def _read_spool(directory: Path) -> SpoolStatus:
    outbox = Outbox(directory, beside=True)
    try:
        return SpoolStatus(
            waiting_bytes=outbox.spool_bytes(),
            oldest_waiting_seconds=find_oldest_seconds(outbox.file),
            open_jobs=count_open_jobs(outbox.file),
            dead_letters=DeadLetters(outbox.file).count(),
        )
    finally:
        outbox.close()


def describe_status(status: Status) -> Iterator[tuple[str, str]]:
    """The lines to show."""
    running, vitals = status.running, status.last
    yield "agent", f"{status.name} ({status.agent})"
    yield "server", status.server
    yield "running", f"yes, process {vitals.pid}" if running and vitals else _yes_or_no(running)
    yield from _describe_vitals(vitals, running=running)
    yield from _describe_spool(status)


def _yes_or_no(fact: bool) -> str:  # noqa: FBT001  # the fact is all there is to say
    return "yes" if fact else "no; start it with: datawave-edge run"


def _describe_vitals(vitals: Vitals | None, *, running: bool) -> Iterator[tuple[str, str]]:
    if vitals is None or vitals.heard_at is None:
        yield "last contact", "never"
    else:
        silent = _silent_seconds(vitals)
        ago = f"{max(0, int(silent))} s ago"
        if running and silent >= SILENT_SECONDS:
            ago += "; the server does not answer, see: datawave-edge doctor"
        yield "last contact", f"{vitals.heard_at.isoformat(timespec='seconds')} ({ago})"
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


def _describe_spool(status: Status) -> Iterator[tuple[str, str]]:
    spool = status.spool
    if not status.spool_readable:
        yield "spool", "can't be read: its disk is full or read-only, or the file is damaged"
        return
    if spool is None:
        yield "spool", "empty"
        return
    oldest = spool.oldest_waiting_seconds
    age = "" if oldest is None else f", the oldest for {int(oldest)} s"
    yield "spool", f"{spool.waiting_bytes} bytes wait for the server{age}"
    # Another agent may have ended it meanwhile, which this one does not hear of.
    idle = spool.open_jobs and status.last is not None and not status.last.job
    kept = f"; kept for {JOB_DAYS} days, in case the server asks for them again" if idle else ""
    yield "open jobs", f"{spool.open_jobs}{kept}"
    if spool.dead_letters:
        told = f"{spool.dead_letters} descriptions were refused; see: datawave-edge dead"
        yield "dead letters", told
