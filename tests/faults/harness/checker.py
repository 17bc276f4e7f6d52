"""The invariants, each over the database, the histories and the logs of a run that has ended."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.discovery.types import JOB_TRANSITIONS
from apps.racine.types import RUN_TRANSITIONS, STAGE_TRANSITIONS, RunState
from tests.faults.harness.canonical import Picture, compare, load_picture
from tests.faults.harness.store import Store, as_json

TERMINAL = ("completed", "completed_with_errors", "failed", "cancelled")
ENDED_JOB = ("closed", "failed", "cancelled")
STAGES = 4
CHIP = re.compile(r"data-run-state>\s*<span[^>]*>([^<]*)<")
# Of a wait that the product's own leases make up to 90 s; those of the harness are short.
CANCEL_SECONDS = 30
AGAIN = ("discovery_resumed", "discovery_retried", "discovery_stage_rerun", "batch_requeued")


@dataclass(frozen=True)
class Expectation:
    """What a trial must come to."""

    run: int
    source: int
    picture: Picture | None
    tables: int
    states: tuple[str, ...] = ("completed",)
    history: bool = True
    # How often an agent was made to begin anew: each time it may read a little again.
    interruptions: int = 0


@dataclass
class Seen:
    """What was seen from outside while the run went on."""

    torn: list[str] = field(default_factory=list)
    # How often the reader got an answer; None when there was no reader.
    polls: int | None = None
    answers: list[dict[str, Any]] = field(default_factory=list)
    # States that the API told of while the database had another.
    strays: list[str] = field(default_factory=list)
    page: str = ""
    # From the press of cancel to the end of the run; None when nobody pressed.
    cancel_seconds: float | None = None
    # What was written after a cancelled run had ended.
    late: list[str] = field(default_factory=list)


def check(store: Store, expected: Expectation, seen: Seen, history: Path) -> list[str]:
    """All violations of one run, in words that begin with the invariant's number."""
    facts = _read_history(history)
    return [
        *check_acked(store, expected, facts),
        *check_picture(store, expected),
        *check_ended(store, expected),
        *check_promptness(seen),
        *(f"I2 {name} were written after the cancelled run's end" for name in seen.late),
        *check_told_once(store, expected),
        *check_transitions(store),
        *check_read(seen),
        *check_reread(store, expected, facts),
        *check_truth(store, expected, seen),
        *check_audit(store, expected),
    ]


def _read_history(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def check_acked(store: Store, expected: Expectation, facts: list[dict[str, Any]]) -> Iterable[str]:
    """I1: what was acknowledged is in the ledger, with its rows."""
    job, public_id = store.query(
        "SELECT j.id, j.public_id FROM discovery_discoveryjob j"
        f" JOIN racine_run r ON r.job_id = j.id WHERE r.id = {expected.run}"
    )[0]
    batches = store.query(
        "SELECT b.seq, b.sha256, b.state, b.records, (SELECT count(*) FROM discovery_batchitem i"
        f" WHERE i.batch_id = b.id) FROM discovery_batch b WHERE b.job_id = {job}"
    )
    held = {seq: (sha, state, records, items) for seq, sha, state, records, items in batches}
    plain = str(public_id).replace("-", "")
    acks = [fact for fact in facts if fact["kind"] == "ack" and _plain_id(fact["job"]) == plain]
    for ack in acks:
        if held.get(ack["seq"], ("",))[0] != ack["sha"]:
            yield f"I1 batch {ack['seq']} was acknowledged and is not in the ledger"
    for seq, (_, state, records, items) in held.items():
        if state == "accepted" and records != items:
            yield f"I1 batch {seq} has {items} of {records} rows"
    unreadable = store.get(
        "SELECT count(*) FROM discovery_batchitem i JOIN discovery_batch b ON b.id = i.batch_id"
        " LEFT JOIN discovery_tablesnapshot s ON s.id = i.snapshot_id"
        f" WHERE b.job_id = {job} AND i.outcome = 'stored' AND s.id IS NULL"
    )
    if unreadable:
        yield f"I1 {unreadable} stored tables have no readable snapshot"


def _plain_id(text: str) -> str:
    return text.replace("-", "")


def check_picture(store: Store, expected: Expectation) -> list[str]:
    """I2: the catalogue is that of a run without faults."""
    state = store.get(f"SELECT state FROM racine_run WHERE id = {expected.run}")
    if state != "completed" or expected.picture is None:
        return []
    found = load_picture(store, expected.source)
    return compare(found, expected.picture, history=expected.history)


def check_ended(store: Store, expected: Expectation) -> Iterable[str]:
    """I3: the run, its job and its stages have ended, and nobody holds a lease."""
    state, lease, job, job_lease = store.query(
        "SELECT r.state, r.lease_until, j.state, j.lease_until FROM racine_run r"
        f" JOIN discovery_discoveryjob j ON j.id = r.job_id WHERE r.id = {expected.run}"
    )[0]
    if state not in expected.states:
        yield f"I3 the run is {state}, not {' or '.join(expected.states)}{_why(store, expected)}"
    if job not in ENDED_JOB:
        yield f"I3 the job is still {job} while the run is {state}"
    if lease is not None or job_lease is not None:
        yield "I3 an ended run or job still has a lease"
    open_states = "('leased')" if state == "failed" else "('ready', 'leased', 'retry_wait')"
    left = store.get(
        f"SELECT count(*) FROM racine_stagerun WHERE run_id = {expected.run}"
        f" AND (state IN {open_states} OR lease_until IS NOT NULL)"
    )
    if left and state in TERMINAL:
        yield f"I3 {left} stage runs of a run that is {state} are open or leased"


def check_promptness(seen: Seen) -> Iterable[str]:
    """I3: who cancels does not wait for long."""
    if seen.cancel_seconds is not None and seen.cancel_seconds > CANCEL_SECONDS:
        yield f"I3 the run ended {seen.cancel_seconds:.0f} s after cancel was pressed"


def _why(store: Store, expected: Expectation) -> str:
    code, summary = store.query(
        f"SELECT error_code, summary FROM racine_run WHERE id = {expected.run}"
    )[0]
    return f" ({code} {as_json(summary).get('troubles', '')})"


def check_told_once(store: Store, expected: Expectation) -> Iterable[str]:
    """I4: one summary, one notice for each person and end, one measurement, one stage run each."""
    public_id, resumes, state = store.query(
        f"SELECT public_id, resumes, state FROM racine_run WHERE id = {expected.run}"
    )[0]
    ends = resumes + 1
    plain = str(public_id).replace("-", "")
    dashed = f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
    told = store.get(
        "SELECT count(*) FROM notifications_event WHERE kind = 'finished'"
        f" AND topic = 'run:{dashed}'"
    )
    if state in TERMINAL and told != ends:
        yield f"I4 the end was told {told} times, not {ends}"
    notices = store.query(
        "SELECT user_id, count(*) FROM notifications_notice"
        f" WHERE url = '/runs/{dashed}/' AND kind = 'run_{state}' GROUP BY user_id"
    )
    if not notices or any(count > ends for _, count in notices):
        yield f"I4 notices of the end by person: {notices}"
    measured = store.query(
        "SELECT state FROM analytics_runrecord WHERE number = " + str(expected.run)
    )
    if measured != [(state,)]:
        yield f"I4 analytics measured {measured} of a run that is {state}"
    if state != "completed":
        return
    batches = store.get(
        "SELECT count(*) FROM discovery_batch b JOIN racine_run r ON r.job_id = b.job_id"
        f" WHERE r.id = {expected.run} AND b.state = 'accepted'"
    )
    done = store.get(
        f"SELECT count(*) FROM racine_stagerun WHERE run_id = {expected.run} AND state = 'done'"
    )
    if done != batches * STAGES:
        yield f"I4 {done} stage runs are done for {batches} batches"


def check_transitions(store: Store) -> Iterable[str]:
    """I5: only legal changes of state, and fences that rise with each claim and never fall."""
    rows = store.query(
        "SELECT kind, row_id, state_before, state_after, fence_before, fence_after"
        " FROM fault_history ORDER BY id"
    )
    legal = {
        "racine_run": {a.value: {b.value for b in to} for a, to in RUN_TRANSITIONS.items()},
        "racine_stagerun": {a.value: {b.value for b in to} for a, to in STAGE_TRANSITIONS.items()},
        "discovery_discoveryjob": {
            a.value: {b.value for b in to} for a, to in JOB_TRANSITIONS.items()
        },
    }
    last: dict[tuple[str, int], tuple[str, int]] = {}
    for kind, row_id, before, after, fence_before, fence_after in rows:
        if before != after and after not in legal[kind][before]:
            yield f"I5 {kind} {row_id} went from {before} to {after}"
        if fence_after < fence_before:
            yield f"I5 the fence of {kind} {row_id} fell from {fence_before} to {fence_after}"
        claims = kind == "racine_stagerun" and after == "leased" and before != "leased"
        if claims and fence_after != fence_before + 1:
            yield f"I5 {kind} {row_id} was claimed with the fence it had"
        if kind == "racine_stagerun" and after == "done" and fence_after != fence_before:
            yield f"I5 {kind} {row_id} was ended by another fence than its own"
        # The database's own order: what one change left, the next must have found.
        if last.get((kind, row_id), (before, fence_before)) != (before, fence_before):
            yield f"I5 the history of {kind} {row_id} has a gap"
        last[kind, row_id] = (after, fence_after)


def check_read(seen: Seen) -> Iterable[str]:
    """I6: a reader was there, and saw nothing torn."""
    if seen.polls == 0:
        yield "I6 the reader never polled"
    yield from (f"I6 {line}" for line in seen.torn)


def check_reread(store: Store, expected: Expectation, facts: list[dict[str, Any]]) -> Iterable[str]:
    """I11: after an interruption at most the table in hand is read again."""
    del store
    reads = Counter(fact["table"] for fact in facts if fact["kind"] == "read")
    again = sum(reads.values()) - len(reads)
    allowed = expected.interruptions
    if again > allowed:
        yield (
            f"I11 {again} tables were read again after {expected.interruptions} interruptions:"
            f" {reads}"
        )


def check_truth(store: Store, expected: Expectation, seen: Seen) -> Iterable[str]:
    """I12: API and page say what is, and nothing is called a success that is none."""
    state, summary = store.query(
        f"SELECT state, summary FROM racine_run WHERE id = {expected.run}"
    )[0]
    summary = as_json(summary)
    balance = summary.get("balance", {})
    if state == "completed":
        if not balance.get("holds") or summary.get("troubles"):
            yield f"I12 completed with balance {balance} and troubles {summary.get('troubles')}"
        if balance.get("seen") != expected.tables:
            yield f"I12 completed with {balance.get('seen')} of {expected.tables} tables seen"
        aside = store.get(
            "SELECT count(*) FROM discovery_batch b JOIN racine_run r ON r.job_id = b.job_id"
            f" WHERE r.id = {expected.run} AND b.state = 'quarantined'"
        )
        if aside:
            yield f"I12 completed with {aside} quarantined batches"
    if state == "completed_with_errors" and not summary.get("troubles"):
        yield "I12 completed with errors, and none is named"
    for answer in seen.answers:
        yield from _check_answer(answer)
    if seen.answers and seen.answers[-1]["state"] != state:
        yield f"I12 the API says {seen.answers[-1]['state']}, the database {state}"
    yield from (f"I12 {line}" for line in seen.strays)
    label, shown = RunState(state).label, read_chip(seen.page)
    if seen.page and shown != label:
        yield f"I12 the page's chip says {shown or 'nothing'}, not {label}"


def read_chip(page: str) -> str:
    """The words of the chip that shows the run's state; other words of the page say nothing."""
    found = CHIP.search(page)
    return html.unescape(found.group(1)).strip() if found else ""


@dataclass(frozen=True)
class Mark:
    """A moment in the history of a run, after which an answer is judged."""

    number: int
    state: str


def set_mark(store: Store, run: int) -> Mark:
    """Now."""
    number, state = store.query(
        "SELECT (SELECT coalesce(max(id), 0) FROM fault_history), state"
        f" FROM racine_run WHERE id = {run}"
    )[0]
    return Mark(number, state)


def find_stray(store: Store, run: int, shown: str, mark: Mark) -> str:
    """What is wrong with a state that was shown between the mark and now; empty when nothing is.

    It may lag as far as the mark lies back, and never be one that the run has yet to reach.
    """
    reached = store.query(
        f"SELECT state_after FROM fault_history WHERE id > {mark.number}"
        f" AND kind = 'racine_run' AND row_id = {run}"
    )
    held = [mark.state, *(state for (state,) in reached), set_mark(store, run).state]
    if shown in held:
        return ""
    return f"the API said {shown} while the database had {', '.join(dict.fromkeys(held))}"


def _check_answer(answer: dict[str, Any]) -> Iterable[str]:
    if answer["state"] == "completed" and not (answer["balance"] or {}).get("holds"):
        yield "I12 the API called a run completed whose balance does not hold"
    live = answer.get("live", {})
    if live and not 0 <= live["progress"] <= 100:
        yield f"I12 progress was {live['progress']}"
    if answer["state"] == "failed" and not answer["error_message"]:
        yield "I12 failed without a word"


def check_audit(store: Store, expected: Expectation) -> Iterable[str]:
    """I7: one entry for each change that a person asked for, none missing and none doubled."""
    run = expected.run
    number = store.json_number("detail", "run")
    found = Counter(
        action
        for (action,) in store.query(
            f"SELECT action FROM rbac_auditentry WHERE {number} = {run}"
            " AND (action LIKE 'discovery_%' OR action = 'batch_requeued')"
        )
    )
    asked, resumes = store.query(
        f"SELECT cancel_requested_at IS NOT NULL, resumes FROM racine_run WHERE id = {run}"
    )[0]
    again = sum(found[each] for each in AGAIN)
    if found["discovery_started"] != 1:
        yield f"I7 the start was audited {found['discovery_started']} times"
    if found["discovery_cancelled"] != int(bool(asked)):
        yield f"I7 cancelling was audited {found['discovery_cancelled']} times"
    if again != resumes:
        yield f"I7 the run was taken up {resumes} times, and {again} were audited"


def is_terminal(state: str) -> bool:
    """Whether a run in this state is over."""
    return state in TERMINAL
