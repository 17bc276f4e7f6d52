"""What people do with runs: start, cancel, resume, retry; and what the agent's job does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.analytics.selectors import current_tuning
from apps.discovery import services as discovery
from apps.discovery.types import OPEN_JOB_STATES, JobState
from apps.racine.agenda import explain, list_blackout_intervals
from apps.racine.models import Run
from apps.racine.signals import run_started
from apps.racine.transitions import change_run, change_stages
from apps.racine.types import OPEN_STAGE_STATES, LogLevel, Priority, RunState, StageState, Trigger
from apps.racine.undo_reads import find_undo, is_undoing
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.announcing import announce
from datawave.common.errors import DataWaveError
from datawave_edge.protocol import RunSettings

from .admission import admit_runs, lock_orchestration
from .fan_out import add_missing_stage_runs, announce_ready
from .settling import fail_run, try_settle
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


class RunNotFailed(DataWaveError):
    """Only a failed run can be resumed."""

    status = 409


class RunOutdated(DataWaveError):
    """A newer run of this source exists; start a new discovery instead."""

    status = 409


class NothingToRetry(DataWaveError):
    """No batch of this run is set aside."""

    status = 409


def start_run(*, source: DataSource, user: User, trigger: str = Trigger.PERSON) -> Run:
    """Start a discovery. Raises SourceBusy, PermissionMissing, NotThere."""
    rbac.require(user, Action.DISCOVER, source)
    _require_free(source)
    try:
        return _open_run(source, user, Trigger(trigger))
    except (IntegrityError, discovery.SourceBusy):
        # Someone else was faster by a moment: the constraint decides.
        _require_free(source)
        raise SourceBusy from None


def _require_free(source: DataSource) -> None:
    running = Run.objects.active().filter(source=source).first()
    if running is not None:
        raise SourceBusy(f"{running} of {source.name} is still going on.")
    if is_undoing(source):
        raise SourceBusy(f"A discovery of {source.name} is being taken back.")


def start_scheduled_run(*, schedule: Schedule) -> Run:
    """Start what a schedule is for; nobody presses a button. Raises SourceBusy."""
    _require_free(schedule.source)
    try:
        return _open_run(schedule.source, None, Trigger.SCHEDULE, schedule)
    except discovery.SourceBusy:
        _require_free(schedule.source)
        raise SourceBusy from None


@transaction.atomic
def _open_run(
    source: DataSource, user: User | None, trigger: Trigger, schedule: Schedule | None = None
) -> Run:
    # Under the lock, so that nothing is begun while a run is being taken back.
    lock_orchestration()
    _require_free(source)
    priority = schedule.priority if schedule else Priority.NORMAL
    job_settings = _choose_settings(source)
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


def _choose_settings(source: DataSource) -> RunSettings:
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
    job = _job_of(run)
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
    discovery.request_cancel(job=_job_of(run))


def _job_of(run: Run) -> DiscoveryJob:
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
    )
    if not ended:
        return False
    run = _load(run_id)
    # A batch may have come in between.
    change_stages(Q(run=run), origins=OPEN_STAGE_STATES, to=StageState.CANCELLED)
    add_line(run, "Cancelled.")
    tell_end(run)
    return True


def _load(run_id: int) -> Run:
    related = ("source__owner", "started_by", "job__agent")
    return Run.objects.select_related(*related).get(pk=run_id)


def resume_run(*, run: Run, user: User) -> None:
    """Take a failed run up again; batches that were accepted stay. Raises RunNotFailed."""
    rbac.require(user, Action.DISCOVER, run.source)
    require_newest(run)
    try:
        _reopen_failed(run, user)
    except (IntegrityError, discovery.SourceBusy):
        _require_free(run.source)
        raise SourceBusy from None
    try_settle(run_id=run.pk)


def require_newest(run: Run) -> None:
    """Raises RunOutdated when the source has a newer run."""
    # An old stream must not overwrite what a newer one has found.
    if Run.objects.filter(source_id=run.source_id, pk__gt=run.pk).exists():
        raise RunOutdated
    if find_undo(run) is not None:
        raise RunOutdated("This discovery was taken back; start a new one instead.")


@transaction.atomic
def _reopen_failed(run: Run, user: User) -> None:
    job = _job_of(run)
    closed = job.state == JobState.CLOSED
    to = RunState.RUNNING if closed else RunState.WAITING
    if not reopen_run(run, RunState.FAILED, to):
        raise RunNotFailed
    if not closed:
        discovery.resume_job(job=job)
    add_line(run, f"Resumed by {user.username}.")
    rbac.record_audit(
        actor=user, action="discovery_resumed", scope=run.source, detail={"run": run.pk}
    )
    record_measure(Run.objects.get(pk=run.pk))
    ready = run.stage_runs.filter(state=StageState.READY)
    announce_ready(list(ready.values_list("pk", flat=True)))


def reopen_run(run: Run, origin: RunState, to: RunState) -> bool:
    """Take a run up again that is over; whether it was in that state."""
    return change_run(
        run.pk,
        origins=[origin],
        to=to,
        resumes=F("resumes") + 1,
        waiting_since=timezone.now(),
        waiting_told_at=None,
        finished_at=None,
        lease_until=None,
        not_before=None,
        failures=0,
        losses=0,
        error_code="",
        error_message="",
        error_hint="",
    )


def retry_quarantined(*, run: Run, user: User) -> int:
    """Work again on batches that stages set aside, then settle anew. Raises NothingToRetry."""
    rbac.require(user, Action.DISCOVER, run.source)
    require_newest(run)
    count = _reopen_quarantined(run, user)
    note_progress(run_id=run.pk)
    return count


@transaction.atomic
def _reopen_quarantined(run: Run, user: User) -> int:
    if not reopen_run(run, RunState.COMPLETED_WITH_ERRORS, RunState.RUNNING):
        raise NothingToRetry
    aside = run.stage_runs.filter(state=StageState.QUARANTINED)
    ids = list(aside.values_list("pk", flat=True))
    if not ids:
        raise NothingToRetry
    values = {"failures": 0, "losses": 0, "finished_at": None, "error_code": ""}
    change_stages(
        Q(pk__in=ids),
        origins=[StageState.QUARANTINED],
        to=StageState.READY,
        error_message="",
        **values,
    )
    Run.objects.filter(pk=run.pk).update(settled=[], summary={})
    add_line(run, f"{len(ids)} set-aside batches are tried again, asked by {user.username}.")
    rbac.record_audit(
        actor=user, action="discovery_retried", scope=run.source, detail={"run": run.pk}
    )
    announce_ready(ids)
    return len(ids)


def follow_job(*, job: DiscoveryJob) -> None:
    """Bring the run in step with its job's progress."""
    run = Run.objects.filter(job=job).first()
    if run is None:
        return
    if job.state in (JobState.LEASED, JobState.STREAMING):
        _note_reading(run)
    elif job.state == JobState.QUEUED:
        _note_waiting(run)
    note_progress(run_id=run.pk)


def _note_reading(run: Run) -> None:
    if run.state == RunState.WAITING and change_run(
        run.pk,
        origins=[RunState.WAITING],
        to=RunState.RUNNING,
        reading_since=run.reading_since or timezone.now(),
    ):
        add_line(run, "An agent reads the source.")


def _note_waiting(run: Run) -> None:
    if run.state == RunState.RUNNING and change_run(
        run.pk, origins=[RunState.RUNNING], to=RunState.WAITING, waiting_since=timezone.now()
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
    if not discovery.withdraw_job(job=_job_of(run)):
        return False
    return fail_run(
        run_id=run.pk,
        code="no_agent",
        message="No agent has taken this discovery up.",
        hint="Start the agent that serves this source, then resume the run.",
    )
