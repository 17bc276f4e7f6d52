"""Runs one stage on one batch: claim, compute, then store and finish in one transaction."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.discovery.selectors import load_batch
from apps.discovery.stages import Stage, get_stage
from apps.discovery.types import BatchContent, StageOutcome
from apps.racine import pulse
from apps.racine.leases import LeaseKeeper, WorkTakenAway
from apps.racine.models import StageRun
from apps.racine.retries import ALONE_AFTER, Fault, choose_wait, judge, log_fault
from apps.racine.signals import stage_ended
from apps.racine.transitions import FenceLost, change_stages, expires
from apps.racine.types import OPEN_STAGE_STATES, LogLevel, StageState

from .alone import TurnTaken, work_alone
from .losses import MEMORY, OVERRAN, note_lost_stage
from .settling import try_settle
from .story import add_line, note_progress


def run_stage(*, stage_run_id: int) -> None:
    """Work on it unless someone else does; a failure of the stage is kept on its row."""
    work = claim_stage(stage_run_id)
    if work is None:
        return
    started = time.monotonic()
    with pulse.working():
        state = _work_alone(work) if work.losses >= ALONE_AFTER else _work_here(work)
    if state is None:
        return
    _announce_end(work, state, time.monotonic() - started)
    # After the commit: inside it, two last stages could each miss the other on PostgreSQL.
    if _is_more_open(work) or not try_settle(run_id=work.run_id):
        note_progress(run_id=work.run_id)


def _is_more_open(work: StageRun) -> bool:
    """Whether another is last, which spares nearly all stages the dearer question."""
    return StageRun.objects.filter(run=work.run_id, state__in=OPEN_STAGE_STATES).exists()


def claim_stage(stage_run_id: int) -> StageRun | None:
    """Take it with the next fence; None when it is not ready."""
    now = timezone.now()
    claimed = change_stages(
        Q(pk=stage_run_id),
        origins=[StageState.READY],
        to=StageState.LEASED,
        fence=F("fence") + 1,
        owner=f"{socket.gethostname()[:60]}:{os.getpid()}:{threading.get_ident()}"[:100],
        lease_until=expires(settings.STAGE_LEASE_SECONDS),
        started_at=now,
    )
    if claimed != 1:
        return None
    return StageRun.objects.get(pk=stage_run_id)


def _work_here(work: StageRun) -> StageState | None:
    """What became of it; None when it is in other hands."""
    seconds = settings.STAGE_LEASE_SECONDS
    try:
        with LeaseKeeper(
            partial(_renew, work, seconds),
            seconds,
            limit=settings.STAGE_LIMIT_SECONDS,
            give_away=partial(note_lost_stage, work=work, loss=OVERRAN),
        ) as lease:
            return _work(work, lease.check)
    except WorkTakenAway:
        # Others see to it.
        return None


def _work(work: StageRun, check: Callable[[], None]) -> StageState | None:
    try:
        _compute_and_store(work, check)
    except FenceLost:
        # Whoever took it over also ends it.
        return None
    except MemoryError:
        return note_lost_stage(work=work, loss=MEMORY)
    except Exception as error:  # noqa: BLE001, RUF100  # a stage may fail in any way
        return _note_failure(work, error)
    return StageState.DONE


def _compute_and_store(work: StageRun, check: Callable[[], None]) -> None:
    started = time.monotonic()
    stage = get_stage(work.stage)
    batch = load_batch(work.batch_id, worked_on=_list_worked_on(work))
    result = stage.compute(batch)
    check()
    _store(work, stage, batch, result, started)


def _work_alone(work: StageRun) -> StageState | None:
    renew = partial(_renew, work, settings.STAGE_LEASE_SECONDS)
    try:
        loss = work_alone(kind="stage", pk=work.pk, fence=work.fence, renew=renew)
    except TurnTaken:
        change_stages(
            _mine(work), origins=[StageState.LEASED], to=StageState.READY, lease_until=None
        )
        return None
    return note_lost_stage(work=work, loss=loss) or _find_end(work)


def _find_end(work: StageRun) -> StageState | None:
    mine = StageRun.objects.filter(_mine(work)).values_list("state", flat=True).first()
    return StageState(mine) if mine else None


def finish_alone(*, stage_run_id: int, fence: int) -> None:
    """The child's part: work on what its parent has claimed. Raises MemoryError."""
    claimed = StageRun.objects.filter(pk=stage_run_id, fence=fence, state=StageState.LEASED)
    work = claimed.select_related("run", "batch").first()
    if work is None:
        return
    try:
        _compute_and_store(work, lambda: None)
    except (FenceLost, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001, RUF100  # a stage may fail in any way
        _note_failure(work, error)


def _list_worked_on(work: StageRun) -> QuerySet[StageRun, int]:
    done = StageRun.objects.filter(stage=work.stage, state=StageState.DONE)
    done = done.none() if work.afresh else done
    return done.order_by().values_list("batch", flat=True)


def _renew(work: StageRun, seconds: float) -> bool:
    mine = StageRun.objects.filter(pk=work.pk, fence=work.fence, state=StageState.LEASED)
    return mine.update(lease_until=expires(seconds)) == 1


@transaction.atomic
def _store(work: StageRun, stage: Stage, batch: BatchContent, result: Any, started: float) -> None:
    outcome: StageOutcome = stage.store(batch, result)
    finish_stage(work, outcome, time.monotonic() - started)


def finish_stage(work: StageRun, outcome: StageOutcome, seconds: float) -> None:
    """Mark it done under its fence; raises FenceLost, which undoes the surrounding writes."""
    done = change_stages(
        _mine(work),
        origins=[StageState.LEASED],
        to=StageState.DONE,
        counters=outcome.counters,
        seconds=seconds,
        finished_at=timezone.now(),
        lease_until=None,
        error_code="",
        error_message="",
    )
    if done != 1:
        raise FenceLost


def _mine(work: StageRun) -> Q:
    return Q(pk=work.pk, fence=work.fence)


def _note_failure(work: StageRun, error: Exception) -> StageState:
    doing = f"Stage {work.stage} on batch {work.batch.seq}"
    log_fault(error, doing=doing)
    fault = judge(error, doing=doing)
    failures = work.failures + 1
    if fault.is_final(failures):
        return _quarantine(work, fault, failures)
    wait = choose_wait(failures, settings.STAGE_RETRY_BASE_SECONDS)
    kept = _keep_failure(
        work, StageState.RETRY_WAIT, fault, failures=failures, not_before=expires(wait)
    )
    if kept:
        text = f"{fault.message} It will be tried again."
        add_line(work.run, text, source=work.stage, level=LogLevel.WARNING)
    return StageState.RETRY_WAIT


def _quarantine(work: StageRun, fault: Fault, failures: int) -> StageState:
    now = timezone.now()
    if _keep_failure(work, StageState.QUARANTINED, fault, failures=failures, finished_at=now):
        tried = "after one try" if failures == 1 else f"after {failures} tries"
        text = f"{fault.message} The batch is set aside for this stage {tried}."
        add_line(work.run, text, source=work.stage, level=LogLevel.ERROR)
    return StageState.QUARANTINED


def _keep_failure(work: StageRun, to: StageState, fault: Fault, **values: Any) -> bool:
    moved = change_stages(
        _mine(work),
        origins=[StageState.LEASED],
        to=to,
        lease_until=None,
        error_code=fault.code,
        error_message=fault.message[:500],
        **values,
    )
    return moved == 1


def _announce_end(work: StageRun, state: StageState, seconds: float) -> None:
    stage_ended.send_robust(sender=StageRun, stage=work.stage, outcome=state.value, seconds=seconds)
