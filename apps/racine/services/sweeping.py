"""Finds what fell through: lost leases, lost hints, overdue retries, runs that wait too long.

Each step is a conditional change, so several sweepers do no harm; one that fails is logged and
tried again in the next round.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import Q
from django.utils import timezone

from apps.classification import services as classification
from apps.datasources import services as datasources
from apps.discovery import services as discovery
from apps.discovery.types import JobState
from apps.notifications import services as notifications
from apps.racine.agenda import load_orchestration
from apps.racine.holdups import CANCEL_PATIENCE, GIVE_UP_AFTER, WAITING_SHOWN_AFTER
from apps.racine.leases import is_overdue
from apps.racine.models import Orchestration, Run, StageRun
from apps.racine.retries import log_fault
from apps.racine.transitions import change_stages
from apps.racine.types import ACTIVE_RUN_STATES, LogLevel, RunState, StageState

from .admission import admit_runs
from .fan_out import announce_ready
from .losses import SILENT, note_lost_stage
from .runs import fail_reading, finish_cancel, follow_job, give_up_waiting, stop_reading
from .scheduling import fire_schedules, watch_freshness
from .settling import announce_settling, note_lost_settling, try_settle
from .story import add_line, note_progress, notify_waiting
from .undoing import repeat_undo

if TYPE_CHECKING:
    from apps.discovery.models import DiscoveryJob

HINT_LIMIT = 200
# A hint that was not taken up for this long is given again; where work goes on it may only be
# waiting for its turn, and giving it again makes the queue longer.
HINT_AGAIN = dt.timedelta(seconds=5)
HINT_AGAIN_AT_WORK = dt.timedelta(seconds=60)
NOTICE_AFTER = dt.timedelta(seconds=60)
# What a run that waits is held up by may change without its doing.
TELL_AGAIN = dt.timedelta(seconds=10)
PRUNE_EVERY_SECONDS = 3600
# Old jobs go a few at a time, for each may have left many rows.
CLEAR_EVERY_SECONDS = 60
CLEAR_AT_ONCE = 5


def sweep(steps: Sequence[Callable[[], None]] | None = None) -> None:
    """One round of these steps, else of all; never raises."""
    failed = [step for step in steps or STEPS if not _try_step(step)]
    if not set(failed) & set(URGENT_STEPS):
        _try_step(note_sweep)


def note_sweep() -> None:
    """Say that what holds up runs was looked for. Not in the cache, which may be emptied."""
    Orchestration.objects.filter(pk=load_orchestration().pk).update(swept_at=timezone.now())


def _try_step(step: Callable[[], None]) -> bool:
    try:
        step()
    except Exception as error:  # noqa: BLE001, RUF100  # the sweeper must outlive everything
        log_fault(error, doing=f"Sweeping ({step.__name__})")
        if isinstance(error, DatabaseError):
            _reconnect()
        return False
    return True


def _reconnect() -> None:
    # A sweeper with a dead connection would stop everything for good.
    if not transaction.get_connection().in_atomic_block:
        close_old_connections()


def free_lost_jobs() -> None:
    """Jobs whose agent went silent wait for another."""
    discovery.release_lost_jobs()


def end_overdue_jobs() -> None:
    """Jobs that are read for ever fail, so that people hear of it."""
    discovery.fail_overdue_jobs()


def follow_jobs() -> None:
    """Runs that are behind their jobs, because a process ended between the two commits."""
    behind = (
        Q(state=RunState.RUNNING, job__state=JobState.QUEUED)
        | Q(state=RunState.WAITING, job__state=JobState.STREAMING)
        | Q(
            state__in=[RunState.WAITING, RunState.RUNNING],
            job__state__in=[JobState.FAILED, JobState.CANCELLED],
        )
    )
    for run in Run.objects.filter(behind).select_related("job"):
        _follow(run.job)


def _follow(job: DiscoveryJob) -> None:
    ended = {JobState.FAILED: fail_reading, JobState.CANCELLED: stop_reading}
    ended.get(JobState(job.state), follow_job)(job=job)


def free_lost_stages() -> None:
    """Stage runs whose worker went silent are ready again, or set aside after many losses."""
    expired = is_overdue(timezone.now())
    leased = StageRun.objects.filter(expired, state=StageState.LEASED)
    for work in leased.select_related("run", "batch")[:HINT_LIMIT]:
        if note_lost_stage(work=work, loss=SILENT, where=expired) == StageState.QUARANTINED:
            try_settle(run_id=work.run_id)


def wake_retries() -> None:
    """Failed stage runs whose time has come are ready again."""
    due = Q(not_before__lte=timezone.now())
    waiting = StageRun.objects.filter(due, state=StageState.RETRY_WAIT)
    ids = list(waiting.values_list("pk", flat=True)[:HINT_LIMIT])
    mine = due & Q(pk__in=ids)
    if change_stages(mine, origins=[StageState.RETRY_WAIT], to=StageState.READY, not_before=None):
        announce_ready(ids)


def repeat_hints() -> None:
    """Ready stage runs that nobody has taken up are announced again."""
    now = timezone.now()
    ready = StageRun.objects.filter(state=StageState.READY, run__state__in=ACTIVE_RUN_STATES)
    old = ready.filter(hinted_at__lte=now - HINT_AGAIN)
    if old.exists() and _does_work_go_on(now):
        old = ready.filter(hinted_at__lte=now - HINT_AGAIN_AT_WORK)
    ids = list(old.order_by("hinted_at").values_list("pk", flat=True)[:HINT_LIMIT])
    StageRun.objects.filter(pk__in=ids).update(hinted_at=now)
    announce_ready(ids)


def _does_work_go_on(now: dt.datetime) -> bool:
    # A lease is renewed every third of its length, so one older than that tells of a dead worker.
    alive = now + dt.timedelta(seconds=settings.STAGE_LEASE_SECONDS * 2 / 3)
    return StageRun.objects.filter(state=StageState.LEASED, lease_until__gt=alive).exists()


def free_lost_settling() -> None:
    """Runs whose settler went silent or whose hint was lost are settled by another."""
    now = timezone.now()
    settling = Run.objects.filter(state=RunState.SETTLING)
    for run in settling.filter(is_overdue(now)):
        note_lost_settling(run=run, where=is_overdue(now))
    due = Q(not_before=None, settling_since__lte=now - HINT_AGAIN) | Q(not_before__lte=now)
    for run_id in settling.filter(due, lease_until=None).values_list("pk", flat=True):
        announce_settling(run_id)


def close_runs() -> None:
    """Runs whose last stage could not tell that it was the last go on to settling."""
    closed = Run.objects.filter(
        state__in=[RunState.WAITING, RunState.RUNNING], job__state=JobState.CLOSED
    )
    for run_id in closed.values_list("pk", flat=True):
        try_settle(run_id=run_id)


def end_cancelling() -> None:
    """Runs whose agent does not answer the request to stop are cancelled all the same."""
    late = timezone.now() - CANCEL_PATIENCE
    idle = Q(job__state__in=[JobState.CLOSED, JobState.FAILED, JobState.CANCELLED])
    stuck = Run.objects.filter(idle | Q(cancel_requested_at__lte=late), state=RunState.CANCELLING)
    for run_id in stuck.values_list("pk", flat=True):
        finish_cancel(run_id=run_id)
    # The others show for how long the agent has been silent.
    for run_id in Run.objects.filter(state=RunState.CANCELLING).values_list("pk", flat=True):
        note_progress(run_id=run_id)


def watch_waiting() -> None:
    """Runs that no agent takes up: people are told, and after a while the run fails."""
    now = timezone.now()
    waiting = Run.objects.filter(state=RunState.WAITING, held=False, job__state=JobState.QUEUED)
    for run in waiting.filter(waiting_since__lte=now - GIVE_UP_AFTER):
        give_up_waiting(run=run)
    late = waiting.filter(waiting_since__lte=now - NOTICE_AFTER, waiting_told_at=None)
    for run in late.select_related("source__owner", "started_by"):
        _tell_waiting(run, now)
    shown = waiting.filter(waiting_since__lte=now - WAITING_SHOWN_AFTER)
    for run_id in shown.filter(Q(told_at=None) | Q(told_at__lte=now - TELL_AGAIN)).values_list(
        "pk", flat=True
    ):
        note_progress(run_id=run_id)


@transaction.atomic
def _tell_waiting(run: Run, now: dt.datetime) -> None:
    if Run.objects.filter(pk=run.pk, waiting_told_at=None).update(waiting_told_at=now) != 1:
        return
    text = "No agent is connected. Start the agent that serves this source."
    add_line(run, text, level=LogLevel.WARNING)
    notify_waiting(run)


def end_tests() -> None:
    """Connection tests that no agent has run are answered as such."""
    datasources.expire_tests()


def show_progress() -> None:
    """Progress that came too fast to be shown at once."""
    for run_id in Run.objects.filter(untold=True).values_list("pk", flat=True):
        note_progress(run_id=run_id)


def sweep_notices() -> None:
    """E-mails that are due; events and challenges that nobody will ask for."""
    notifications.sweep_deliveries()
    if cache.add("racine:pruned", 1, PRUNE_EVERY_SECONDS):
        notifications.prune_events()
        datasources.forget_spent_challenges()


def clear_old_jobs() -> None:
    """Rows of discoveries that are too old to be taken back."""
    if cache.add("racine:cleared", 1, CLEAR_EVERY_SECONDS):
        discovery.clear_old_jobs(most=CLEAR_AT_ONCE)


def wake_judging() -> None:
    """Columns that are judged anew, and decisions that are to be learnt from."""
    classification.sweep()


# What holds up a run or a person.
URGENT_STEPS: tuple[Callable[[], None], ...] = (
    free_lost_jobs,
    follow_jobs,
    free_lost_stages,
    wake_retries,
    repeat_hints,
    close_runs,
    free_lost_settling,
    end_cancelling,
    repeat_undo,
    admit_runs,
    show_progress,
)
STEPS = (
    *URGENT_STEPS,
    end_overdue_jobs,
    fire_schedules,
    watch_freshness,
    watch_waiting,
    end_tests,
    sweep_notices,
    clear_old_jobs,
    wake_judging,
)
