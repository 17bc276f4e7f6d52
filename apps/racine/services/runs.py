"""Begins and stops runs, and keeps them in step with their agents' jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from apps.analytics.selectors import current_tuning
from apps.discovery import services as discovery
from apps.discovery.types import OPEN_JOB_STATES, JobState
from apps.racine.agenda import explain, list_blackout_intervals
from apps.racine.models import Run
from apps.racine.signals import run_started
from apps.racine.transitions import change_run, change_stages
from apps.racine.types import OPEN_STAGE_STATES, LogLevel, Priority, RunState, StageState, Trigger
from apps.racine.undo_reads import is_undoing
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.announcing import announce
from datawave.common.errors import DataWaveError
from datawave_edge.protocol import RunSettings

from .admission import admit_runs, lock_orchestration
from .fan_out import add_missing_stage_runs
from .settling import fail_run, forget_absence, try_settle
from .story import add_line, add_lines, note_progress, record_measure, tell_end

if TYPE_CHECKING:
    from apps.datasources.models import DataSource
    from apps.discovery.models import DiscoveryJob
    from apps.racine.models import Schedule
    from apps.rbac.models import User


class SourceBusy(DataWaveError):
    """A discovery of this source is still going on."""

    status = 409
    retry = True


class RunOver(DataWaveError):
    """This run is already over or being stopped."""

    status = 409


def start_run(*, source: DataSource, user: User, trigger: str = Trigger.PERSON) -> Run:
    """Start a discovery. Raises SourceBusy, PermissionMissing, NotThere."""
    rbac.require(user, Action.DISCOVER, source)
    require_free(source)
    try:
        return _open_run(source, user, Trigger(trigger))
    except (IntegrityError, discovery.SourceBusy):
        # Someone else was faster by a moment: the constraint decides.
        require_free(source)
        raise SourceBusy from None


def require_free(source: DataSource) -> None:
    """Raises SourceBusy while a run of the source goes on or is being taken back."""
    running = Run.objects.active().filter(source=source).first()
    if running is not None:
        raise SourceBusy(f"{running} of {source.name} is still going on.")
    if is_undoing(source):
        raise SourceBusy(f"A discovery of {source.name} is being taken back.")


def start_scheduled_run(*, schedule: Schedule) -> Run:
    """Start what a schedule is for; nobody presses a button. Raises SourceBusy."""
    require_free(schedule.source)
    try:
        return _open_run(schedule.source, None, Trigger.SCHEDULE, schedule)
    except discovery.SourceBusy:
        require_free(schedule.source)
        raise SourceBusy from None


@transaction.atomic
def _open_run(
    source: DataSource, user: User | None, trigger: Trigger, schedule: Schedule | None = None
) -> Run:
    # Under the lock, so that nothing is begun while a run is being taken back.
    lock_orchestration()
    require_free(source)
    priority = schedule.priority if schedule else Priority.NORMAL
    job_settings = choose_settings(source)
    job = discovery.open_job(source=source, settings=job_settings, held=True, priority=priority)
    run = Run.objects.create(
        source=source,
        job=job,
        trigger=trigger,
        started_by=user,
        schedule=schedule,
        facts_before=source.facts,
        priority=priority,
        held=True,
        waiting_since=timezone.now(),
    )
    add_line(run, f"Started by {_name_starter(user, schedule)}; waiting for an agent.")
    rbac.record_audit(actor=user, action="discovery_started", scope=source, detail={"run": run.pk})
    admit_runs()
    run.refresh_from_db()
    record_measure(run)
    announce(run_started, Run, run=run)
    return run


def choose_settings(source: DataSource) -> RunSettings:
    """What analytics tuned, what the source's people allow, and when it must be left alone."""
    tuning = current_tuning(source)
    return RunSettings(
        tables_per_batch=tuning.tables_per_batch,
        sample_rows=tuning.sample_rows,
        counting_seconds=source.counting_seconds,
        run_seconds=source.run_minutes * 60,
        blackouts=list_blackout_intervals(source, timezone.now()),
    )


def _name_starter(user: User | None, schedule: Schedule | None) -> str:
    if schedule is not None:
        return f"its schedule ({explain(schedule)})"
    return user.username if user else "the system"


def cancel_run(*, run: Run, user: User) -> None:
    """Stop a run. Raises RunOver."""
    rbac.require(user, Action.DISCOVER, run.source)
    _request_cancel(run, user)
    job = job_of(run)
    if job.state not in OPEN_JOB_STATES:
        finish_cancel(run_id=run.pk)


@transaction.atomic
def _request_cancel(run: Run, user: User) -> None:
    now = timezone.now()
    stopping = change_run(
        run.pk,
        origins=[RunState.WAITING, RunState.RUNNING, RunState.SETTLING],
        to=RunState.CANCELLING,
        cancel_requested_at=now,
    )
    if not stopping:
        raise RunOver
    change_stages(
        Q(run=run),
        origins=OPEN_STAGE_STATES,
        to=StageState.CANCELLED,
        finished_at=now,
        lease_until=None,
    )
    add_line(run, f"Stopping, asked by {user.username}.", level=LogLevel.WARNING)
    rbac.record_audit(
        actor=user, action="discovery_cancelled", scope=run.source, detail={"run": run.pk}
    )
    discovery.request_cancel(job=job_of(run))


def job_of(run: Run) -> DiscoveryJob:
    """The job as it is now, not as it was when the run was read."""
    return Run.objects.select_related("job").get(pk=run.pk).job


@transaction.atomic
def finish_cancel(*, run_id: int) -> bool:
    """End a run whose agent has stopped."""
    ended = change_run(
        run_id,
        origins=[RunState.CANCELLING],
        to=RunState.CANCELLED,
        finished_at=timezone.now(),
        lease_until=None,
        settled=[],
    )
    if not ended:
        return False
    run = _load(run_id)
    forget_absence(run)
    # A batch may have come in between.
    change_stages(Q(run=run), origins=OPEN_STAGE_STATES, to=StageState.CANCELLED)
    add_line(run, "Cancelled.")
    tell_end(run)
    return True


def _load(run_id: int) -> Run:
    related = ("source__owner", "started_by", "job__agent")
    return Run.objects.select_related(*related).get(pk=run_id)


def follow_job(*, job: DiscoveryJob) -> None:
    """Bring the run in step with its job's progress."""
    run = Run.objects.filter(job=job).first()
    if run is None:
        return
    if job.state in (JobState.LEASED, JobState.STREAMING):
        _note_reading(run)
    elif job.state == JobState.QUEUED:
        _note_waiting(run, job)
    note_progress(run_id=run.pk)


def _note_reading(run: Run) -> None:
    if run.state == RunState.WAITING and change_run(
        run.pk,
        origins=[RunState.WAITING],
        to=RunState.RUNNING,
        reading_since=run.reading_since or timezone.now(),
    ):
        add_line(run, "An agent reads the source.")


def _note_waiting(run: Run, job: DiscoveryJob) -> None:
    # A job that rests is missed by nobody before it may be taken up again.
    since = job.lease_until or timezone.now()
    if (
        run.state == RunState.RUNNING
        and change_run(run.pk, origins=[RunState.RUNNING], to=RunState.WAITING, waiting_since=since)
        and job.lease_until is None
    ):
        text = "The agent has gone silent; waiting for one to go on where it stopped."
        add_line(run, text, level=LogLevel.WARNING)


def close_reading(*, job: DiscoveryJob) -> None:
    """The agent has sent everything: settle as soon as the stages are done."""
    run = Run.objects.filter(job=job).select_related("job").first()
    if run is None:
        return
    _note_reading(run)
    add_line(run, "Everything is read.", source="agent")
    add_missing_stage_runs(run=run)
    if not try_settle(run_id=run.pk):
        note_progress(run_id=run.pk)


def fail_reading(*, job: DiscoveryJob) -> None:
    """The agent's part failed: so has the run, unless it was being stopped anyway."""
    run = Run.objects.filter(job=job).first()
    if run is None or finish_cancel(run_id=run.pk):
        return
    fail_run(run_id=run.pk, code=job.error_code, message=job.error_message, hint=job.error_hint)


def stop_reading(*, job: DiscoveryJob) -> None:
    """The agent has stopped: end the run as cancelled."""
    run = Run.objects.filter(job=job).first()
    if run is None:
        return
    change_run(
        run.pk,
        origins=[RunState.WAITING, RunState.RUNNING],
        to=RunState.CANCELLING,
        cancel_requested_at=timezone.now(),
    )
    finish_cancel(run_id=run.pk)


def log_job(*, job: DiscoveryJob, lines: list[tuple[str, str]]) -> None:
    """Put the agent's lines into the run's log."""
    run = Run.objects.filter(job=job).first()
    if run is not None:
        add_lines(run, "agent", lines)


def note_batch_quarantined(*, job: DiscoveryJob, seq: int) -> None:
    """Say that validation set a batch aside."""
    run = Run.objects.filter(job=job).first()
    if run is None:
        return
    text = f"Batch {seq} was set aside by validation; the run will end with errors."
    add_line(run, text, source="validation", level=LogLevel.ERROR)
    note_progress(run_id=run.pk)


@transaction.atomic
def give_up_waiting(*, run: Run) -> bool:
    """Fail a run that no agent has taken up; it can be resumed when one is there."""
    # The job decides: an agent may have taken it since the sweeper looked.
    if not discovery.withdraw_job(job=job_of(run)):
        return False
    return fail_run(
        run_id=run.pk,
        code="no_agent",
        message="No agent has taken this discovery up.",
        hint="Start the agent that serves this source, then resume the run.",
    )
