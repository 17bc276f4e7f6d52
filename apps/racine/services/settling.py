"""Ends a run: one winner settles it step by step, then strikes the balance and tells."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.discovery import services as discovery
from apps.discovery.stages import list_stages
from apps.discovery.types import JobState, RunScope, StageOutcome
from apps.racine import pulse
from apps.racine.leases import LeaseKeeper, WorkTakenAway
from apps.racine.models import Run, RunQuerySet, StageRun, StateChange
from apps.racine.retries import ALONE_AFTER, LOSSES_ALLOWED, choose_wait, judge, log_fault
from apps.racine.signals import run_ready_to_settle
from apps.racine.summary import build_summary
from apps.racine.transitions import FenceLost, change_run, expires
from apps.racine.types import (
    ABSENCE,
    FINISHED_RUN_STATES,
    OPEN_STAGE_STATES,
    ChangeOf,
    LogLevel,
    RunState,
)

from .alone import TurnTaken, work_alone
from .fan_out import add_missing_stage_runs
from .story import add_line, note_progress, tell_end

Step = tuple[str, Callable[[RunScope], StageOutcome]]
SETTLE_FAILED = "settle_failed"


def try_settle(*, run_id: int) -> bool:
    """Go on to settling when everything is read and worked on; True for the one that did it.

    Call it outside any transaction: two that end last must each see what the other committed.
    """
    run = Run.objects.select_related("job").get(pk=run_id)
    if run.job.state != JobState.CLOSED or run.state not in (RunState.WAITING, RunState.RUNNING):
        return False
    if run.state == RunState.WAITING:
        change_run(run_id, origins=[RunState.WAITING], to=RunState.RUNNING)
    if add_missing_stage_runs(run=run):
        return False
    if not _win_settling(run_id):
        return False
    announce_settling(run_id)
    note_progress(run_id=run_id)
    return True


@transaction.atomic
def _win_settling(run_id: int) -> bool:
    # A steward who requeues a batch holds this row. Only what is asked after that sees the batch:
    # a condition of the UPDATE itself would not, for it looks at the time before the wait.
    Run.objects.select_for_update().get(pk=run_id)
    if StageRun.objects.filter(run=run_id, state__in=OPEN_STAGE_STATES).exists():
        return False
    return change_run(
        run_id,
        origins=[RunState.RUNNING],
        to=RunState.SETTLING,
        settling_since=timezone.now(),
    )


def announce_settling(run_id: int) -> None:
    """Say that the run can be settled, once the surrounding transaction has committed."""
    hint = partial(run_ready_to_settle.send_robust, sender=Run, run_id=run_id)
    transaction.on_commit(hint)


def settle_run(*, run_id: int) -> None:
    """Settle it unless someone else does: absent tables, each stage in order, then the end."""
    run = claim_settling(run_id)
    if run is None:
        return
    with pulse.working():
        if run.losses >= ALONE_AFTER:
            _settle_alone(run)
        else:
            _settle_here(run)


def _settle_here(run: Run) -> None:
    seconds = settings.STAGE_LEASE_SECONDS
    try:
        with LeaseKeeper(
            partial(_renew, run, seconds),
            seconds,
            limit=settings.STAGE_LIMIT_SECONDS,
            give_away=partial(note_lost_settling, run=run, alone=True),
        ) as lease:
            _settle(run, lease.check)
    except WorkTakenAway:
        # Others see to it.
        return


def _settle(run: Run, check: Callable[[], None]) -> None:
    try:
        _settle_steps(run, check)
        finish_run(run)
    except FenceLost:
        return
    except MemoryError:
        note_lost_settling(run=run, alone=True)
    except Exception as error:  # noqa: BLE001, RUF100  # a stage may fail in any way
        _note_failure(run, error)


def _settle_alone(run: Run) -> None:
    renew = partial(_renew, run, settings.STAGE_LEASE_SECONDS)
    try:
        work_alone(kind="settle", pk=run.pk, fence=run.fence, renew=renew)
    except TurnTaken:
        _mine(run).update(lease_until=None)
        return
    note_lost_settling(run=run)


def settle_claimed(*, run_id: int, fence: int) -> None:
    """The child's part: settle what its parent has claimed."""
    claimed = Run.objects.filter(pk=run_id, fence=fence, state=RunState.SETTLING)
    run = claimed.select_related("source__owner", "started_by", "job__agent").first()
    if run is not None:
        _settle(run, lambda: None)


def claim_settling(run_id: int) -> Run | None:
    """Take it with the next fence; None when it is not to be settled, or not now."""
    now = timezone.now()
    due = Q(not_before=None) | Q(not_before__lte=now)
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    claimed = Run.objects.filter(due & free, pk=run_id, state=RunState.SETTLING).update(
        fence=F("fence") + 1, lease_until=expires(settings.STAGE_LEASE_SECONDS)
    )
    if claimed != 1:
        return None
    return Run.objects.select_related("source__owner", "started_by", "job__agent").get(pk=run_id)


def _renew(run: Run, seconds: float) -> bool:
    return _mine(run).update(lease_until=expires(seconds)) == 1


def _mine(run: Run) -> RunQuerySet:
    return Run.objects.filter(pk=run.pk, fence=run.fence, state=RunState.SETTLING)


def _settle_steps(run: Run, check: Callable[[], None]) -> None:
    scope = RunScope(run_id=run.public_id, job_id=run.job_id, source_id=run.source_id)
    for name, settle in _list_steps():
        if name in run.settled:
            continue
        check()
        _settle_step(run, name, partial(settle, scope))
        note_progress(run_id=run.pk)


def _list_steps() -> list[Step]:
    def settle_absence(scope: RunScope) -> StageOutcome:
        return discovery.settle_absence(run=scope)

    return [(ABSENCE, settle_absence), *((stage.name, stage.settle) for stage in list_stages())]


@transaction.atomic
def _settle_step(run: Run, name: str, settle: Callable[[], StageOutcome]) -> None:
    started = time.monotonic()
    outcome = settle()
    took = {"seconds": time.monotonic() - started, "counters": outcome.counters}
    settled = [*run.settled, name]
    summary = {**run.summary, "settle": {**run.summary.get("settle", {}), name: took}}
    if _mine(run).update(settled=settled, summary=summary) != 1:
        raise FenceLost
    run.settled, run.summary = settled, summary
    title = "Absent tables" if name == ABSENCE else name.capitalize()
    add_line(run, f"{title} settled.", source=name)


@transaction.atomic
def finish_run(run: Run) -> None:
    """Strike the balance, end the run and tell everyone: all of it, once, or nothing."""
    now = timezone.now()
    summary = build_summary(run, now)
    troubles = summary["troubles"]
    to = RunState.COMPLETED_WITH_ERRORS if troubles else RunState.COMPLETED
    ended = change_run(
        run.pk,
        origins=[RunState.SETTLING],
        to=to,
        where=Q(fence=run.fence),
        summary=summary,
        finished_at=now,
        lease_until=None,
    )
    if not ended:
        raise FenceLost
    run.refresh_from_db()
    for trouble in troubles:
        add_line(run, trouble, level=LogLevel.WARNING)
    add_line(run, f"{to.label}.")
    tell_end(run)


def _note_failure(run: Run, error: Exception) -> None:
    doing = "Settling the run"
    log_fault(error, doing=doing)
    fault = judge(error, doing=doing)
    failures = run.failures + 1
    if fault.is_final(failures):
        fail_run(
            run_id=run.pk,
            code=SETTLE_FAILED,
            message=fault.message,
            hint="All batches are safe. Resume the run to settle it again.",
            where=Q(fence=run.fence),
        )
        return
    wait = choose_wait(failures, settings.STAGE_RETRY_BASE_SECONDS)
    kept = _mine(run).update(failures=failures, lease_until=None, not_before=expires(wait))
    if kept == 1:
        text = f"{fault.message} It will be tried again."
        add_line(run, text, level=LogLevel.WARNING)


def note_lost_settling(*, run: Run, alone: bool = False, where: Q | None = None) -> None:
    """Free a run whose settler is lost, at last to be settled alone; give it up in the end."""
    held = Q(fence=run.fence, lease_until__isnull=False) & (where or Q())
    losses = max(run.losses + 1, ALONE_AFTER) if alone else run.losses + 1
    if losses >= LOSSES_ALLOWED:
        fail_run(
            run_id=run.pk,
            code="settle_lost",
            message="The process that settled this run stopped again and again.",
            hint="All batches are safe. Look at the server's memory and log, then resume the run.",
            where=held,
        )
        return
    freed = Run.objects.filter(held, pk=run.pk, state=RunState.SETTLING).update(
        losses=losses, lease_until=None
    )
    if freed == 1:
        announce_settling(run.pk)


def forget_absence(run: Run) -> None:
    """What a run that never came to its end says of absent tables is no proof."""
    ends = StateChange.objects.filter(run_id=run.pk, kind=ChangeOf.RUN)
    if not ends.filter(after__in=FINISHED_RUN_STATES).exists():
        discovery.take_back_absence(job=run.job)


@transaction.atomic
def fail_run(
    *, run_id: int, code: str, message: str, hint: str = "", where: Q | None = None
) -> bool:
    """End the run as failed, with words for people; what was accepted is kept for a resume."""
    failed = change_run(
        run_id,
        origins=[RunState.WAITING, RunState.RUNNING, RunState.SETTLING],
        to=RunState.FAILED,
        where=where,
        finished_at=timezone.now(),
        lease_until=None,
        error_code=code[:64],
        error_message=message[:500],
        error_hint=hint[:500],
        settled=[],
    )
    if not failed:
        return False
    run = Run.objects.select_related("source__owner", "started_by", "job__agent").get(pk=run_id)
    forget_absence(run)
    add_line(run, message, level=LogLevel.ERROR)
    tell_end(run)
    return True
