"""Life of a job: opened, leased, failed, resumed, cancelled, and taken back when its agent fell
silent."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.dispatch import Signal
from django.utils import timezone

from apps.datasources.selectors import served_by
from apps.discovery import signals
from apps.discovery.guards import change_jobs
from apps.discovery.models import DiscoveryJob
from apps.discovery.types import OPEN_JOB_STATES, TAKEN_JOB_STATES, JobState
from datawave.common import announcing
from datawave.common.errors import DataWaveError
from datawave_edge.protocol import Interval, JobFailure, RunSettings

from .lease import is_overdue, lease_values, renew_lease
from .refused import forget_refused
from .takeover import fill_gaps

if TYPE_CHECKING:
    from apps.datasources.models import Agent, DataSource

MAX_ATTEMPTS = 5
# An agent that does not heed a cancel for this long is no longer waited for.
CANCEL_SECONDS = 30
NO_LEASE: dict[str, Any] = {"lease_until": None, "leased_at": None}


class SourceBusy(DataWaveError):
    """A discovery of this source is running already."""

    status = 409


class JobNotFailed(DataWaveError):
    """The agent has not let go of this discovery yet; try again in half a minute."""

    status = 409
    retry = True


@transaction.atomic
def open_job(
    *, source: DataSource, settings: RunSettings, held: bool = False, priority: int = 5
) -> DiscoveryJob:
    """Queue a job for the source's agent; a held one waits for release_job.

    Raises SourceBusy while another is open.
    """
    wanted = {"settings": msgspec.to_builtins(settings), "held": held, "priority": priority}
    try:
        with transaction.atomic():
            job = DiscoveryJob.objects.create(source=source, **wanted)
    except IntegrityError:
        raise SourceBusy from None
    forget_refused(source=source)
    if not held:
        announce(signals.job_opened, job)
    return job


@transaction.atomic
def release_job(*, job: DiscoveryJob) -> bool:
    """Let agents have a job that was held; False when it was not."""
    held = DiscoveryJob.objects.filter(pk=job.pk, held=True, state=JobState.QUEUED)
    if held.update(held=False) != 1:
        return False
    job.refresh_from_db()
    announce(signals.job_opened, job)
    return True


@transaction.atomic
def set_blackouts(*, source: DataSource, blackouts: list[Interval]) -> None:
    """Tell the agent that reads the source when it must be left alone from now on."""
    open_jobs = DiscoveryJob.objects.filter(source=source, state__in=OPEN_JOB_STATES)
    for job in open_jobs.select_for_update():
        changed = {**job.settings, "blackouts": msgspec.to_builtins(blackouts)}
        DiscoveryJob.objects.filter(pk=job.pk).update(settings=changed)


def announce(signal: Signal, job: DiscoveryJob, **facts: Any) -> None:
    """Tell of a job after commit."""
    announcing.announce(signal, DiscoveryJob, job=job, **facts)


@transaction.atomic
def request_cancel(*, job: DiscoveryJob) -> None:
    """Stop the job: at once when no agent has it, else as soon as its agent hears of it."""
    if not withdraw_job(job=job):
        DiscoveryJob.objects.filter(
            pk=job.pk, state__in=TAKEN_JOB_STATES, cancel_requested_at=None
        ).update(cancel_requested_at=timezone.now())
    job.refresh_from_db()


@transaction.atomic
def withdraw_job(*, job: DiscoveryJob) -> bool:
    """Cancel a job that no agent has taken; False when one has, or when it is over."""
    return _end(job, JobState.CANCELLED, only=Q(state=JobState.QUEUED))


def lease_job(*, agent: Agent) -> DiscoveryJob | None:
    """A job for an agent that is idle: its own from before a crash, else the oldest it may take."""
    own = DiscoveryJob.objects.filter(served_by(agent), agent=agent, state__in=TAKEN_JOB_STATES)
    # A job that waits has no lease; until then it rests from an attempt that failed.
    rested = Q(lease_until=None) | Q(lease_until__lte=timezone.now())
    waiting = DiscoveryJob.objects.filter(
        served_by(agent), rested, state=JobState.QUEUED, held=False
    )
    for candidates in (own, waiting):
        for job in candidates.select_related("source").order_by("-priority", "id"):
            if not _give_up(job) and _claim(job, agent):
                return job
    return None


@transaction.atomic
def _give_up(job: DiscoveryJob) -> bool:
    """Fail a job that was taken up too often, or an agent that always stumbles would loop."""
    if job.attempts < MAX_ATTEMPTS:
        return False
    _end(
        job,
        JobState.FAILED,
        only=Q(epoch=job.epoch),
        error_code="job_given_up",
        error_message=f"The agent took this job up {job.attempts} times and did not finish it.",
        error_hint="Look at the agent's log, then resume the run.",
    )
    return True


@transaction.atomic
def _claim(job: DiscoveryJob, agent: Agent) -> bool:
    is_own = job.agent_id == agent.pk
    # The epoch is the fence: of two askers that saw the same job, one finds it moved on.
    seen = DiscoveryJob.objects.filter(
        pk=job.pk, epoch=job.epoch, cancel_requested_at=job.cancel_requested_at
    )
    claim = change_jobs(
        seen,
        origins=[JobState(job.state)],
        to=JobState.LEASED,
        agent=agent,
        leased_at=timezone.now(),
        attempts=F("attempts") + 1,
        epoch=F("epoch") + 1,
        **lease_values(),
    )
    if claim == 1:
        job.refresh_from_db()
        if not is_own:
            fill_gaps(job)
    return claim == 1


def note_headway(job: DiscoveryJob) -> None:
    """An attempt that gets further makes good those before it: only standing still counts.

    Else a read of days would fail for a host that now and then restarts.
    """
    # At most once a lease, so a batch costs no statement more.
    if job.attempts > 1:
        DiscoveryJob.objects.filter(pk=job.pk).update(attempts=1)
        job.attempts = 1


@transaction.atomic
def fail_job(*, job: DiscoveryJob, agent: Agent, failure: JobFailure) -> None:
    """End the job on its agent's word; when that was told to stop, it is cancelled instead.

    What may pass by itself is tried again after a rest, until the attempts are used up. Of a source
    that could not even be begun, people hear at once: the port may be wrong.
    """
    renew_lease(job, agent)
    job.refresh_from_db()
    if job.cancel_requested_at is not None:
        _end(job, JobState.CANCELLED)
        return
    if _may_pass(job, failure):
        _rest(job, failure)
        return
    _end(
        job,
        JobState.FAILED,
        error_code=failure.code,
        error_message=failure.message,
        error_hint=failure.hint,
    )


def _may_pass(job: DiscoveryJob, failure: JobFailure) -> bool:
    # What was lost is read again only when a person resumes the run, and so knows of it.
    passes = failure.retry and failure.code != "spool_lost"
    return passes and job.attempts < MAX_ATTEMPTS and job.batches.exists()


def _rest(job: DiscoveryJob, failure: JobFailure) -> None:
    """Let the job wait before anyone takes it up again: its agent alone would at once."""
    seconds = settings.JOB_REST_SECONDS * 2 ** max(0, job.attempts - 1)
    until = timezone.now() + dt.timedelta(seconds=seconds)
    # No agent stays noted: a batch that is still under way would else take the job up.
    mine = DiscoveryJob.objects.filter(pk=job.pk)
    if _requeue(mine, TAKEN_JOB_STATES, agent=None, lease_until=until, current="") != 1:
        return
    job.refresh_from_db()
    line = f"{failure.message} It will be tried again in {seconds} seconds."
    announce(signals.job_logged, job, lines=[("warning", line)])
    announce(signals.job_progressed, job)


@transaction.atomic
def quarantine_stream(*, job: DiscoveryJob, agent: Agent, seq: int) -> None:
    """End a job whose agent contradicts itself: nothing that it says from here on is certain."""
    renew_lease(job, agent)
    _end(
        job,
        JobState.FAILED,
        error_code="stream_conflict",
        error_message=f"Two different batches were sent as number {seq}.",
        error_hint="Check that no two agents share one token or spool, then discover again.",
    )


def _end(job: DiscoveryJob, state: JobState, *, only: Q | None = None, **values: Any) -> bool:
    """Bring an open job to its end once; False when it is not open (or not as `only` says)."""
    claim = change_jobs(
        DiscoveryJob.objects.filter(only or Q(), pk=job.pk),
        origins=OPEN_JOB_STATES,
        to=state,
        finished_at=timezone.now(),
        current="",
        **NO_LEASE,
        **values,
    )
    if claim != 1:
        return False
    job.refresh_from_db()
    ended = {JobState.FAILED: signals.job_failed, JobState.CANCELLED: signals.job_cancelled}
    announce(ended[state], job)
    return True


@transaction.atomic
def resume_job(*, job: DiscoveryJob, settings: RunSettings) -> DiscoveryJob:
    """Queue a job again that failed or was cancelled; what it sent stays. It is held at first.

    Whoever takes it has a new lease and a new epoch, and its old agent's lease is void. Raises
    SourceBusy, JobNotFailed.
    """
    ended = (JobState.FAILED, JobState.CANCELLED)
    values = {"settings": msgspec.to_builtins(settings), "held": True, "attempts": 0}
    if _requeue(DiscoveryJob.objects.filter(pk=job.pk), ended, agent=None, **values) != 1:
        raise JobNotFailed
    job.refresh_from_db()
    return job


def _requeue(jobs: QuerySet[DiscoveryJob], origins: tuple[JobState, ...], **values: Any) -> int:
    try:
        with transaction.atomic():
            return change_jobs(
                jobs,
                origins=origins,
                to=JobState.QUEUED,
                finished_at=None,
                cancel_requested_at=None,
                error_code="",
                error_message="",
                error_hint="",
                **NO_LEASE | values,
            )
    except IntegrityError:
        raise SourceBusy from None


def hand_back(job: DiscoveryJob) -> None:
    """Its agent was told to stop: the job waits at once, and this counts as no failed attempt."""
    line = ("info", "The agent was stopped and handed the job back; it waits for an agent.")
    _wait_again(job, Q(), line, attempts=max(0, job.attempts - 1))


def _wait_again(job: DiscoveryJob, only: Q, line: tuple[str, str], **values: Any) -> bool:
    """Queue a taken job anew and say why; False when it is not as `only` has it any more."""
    same = DiscoveryJob.objects.filter(only, pk=job.pk)
    if _requeue(same, TAKEN_JOB_STATES, **values) != 1:
        return False
    job.refresh_from_db()
    announce(signals.job_logged, job, lines=[line])
    announce(signals.job_opened, job)
    return True


def release_unserved_jobs(*, source: DataSource) -> int:
    """Take the source's job from an agent that serves it no more; the next one goes on."""
    held = DiscoveryJob.objects.filter(source=source, state__in=TAKEN_JOB_STATES)
    taken = [job for job in held.select_related("agent", "source") if not _is_served(job)]
    return sum(_hand_over(job) for job in taken)


def _is_served(job: DiscoveryJob) -> bool:
    mine = DiscoveryJob.objects.filter(pk=job.pk)
    return job.agent is not None and mine.filter(served_by(job.agent)).exists()


@transaction.atomic
def _hand_over(job: DiscoveryJob) -> bool:
    same = Q(epoch=job.epoch)
    if job.cancel_requested_at is not None:
        return _end(job, JobState.CANCELLED, only=same)
    line = ("info", "The source was given to another agent; the job waits for that one.")
    # The agent before is forgotten, so that it finds nothing to go on with.
    return _wait_again(job, same, line, agent=None, attempts=max(0, job.attempts - 1))


def release_lost_jobs() -> int:
    """Take jobs back from agents that fell silent; after several losses the job fails."""
    now = timezone.now()
    unheeded = now - dt.timedelta(seconds=CANCEL_SECONDS)
    lost = DiscoveryJob.objects.filter(
        is_overdue(now) | Q(lease_until=None) | Q(cancel_requested_at__lte=unheeded),
        state__in=TAKEN_JOB_STATES,
    )
    return sum(_release(job) for job in lost.select_related("source"))


def fail_overdue_jobs() -> int:
    """Fail jobs that are read for so long that it must be taken for a standstill.

    Their agents live and say so; what a driver hangs in, nobody else would notice.
    """
    since = timezone.now() - dt.timedelta(hours=settings.JOB_LIMIT_HOURS)
    overdue = DiscoveryJob.objects.filter(leased_at__lte=since, state__in=TAKEN_JOB_STATES)
    return sum(_fail_overdue(job) for job in overdue)


@transaction.atomic
def _fail_overdue(job: DiscoveryJob) -> bool:
    return _end(
        job,
        JobState.FAILED,
        only=Q(epoch=job.epoch),
        error_code="job_overdue",
        error_message=f"Reading has gone on for more than {settings.JOB_LIMIT_HOURS} hours.",
        error_hint="Look at the agent's log, then resume the run: it goes on where it stopped."
        " For a source that takes so long, raise DATAWAVE_JOB_HOURS.",
    )


def release_agent_jobs(*, agent: Agent) -> int:
    """Take all jobs back from an agent that is let in no more."""
    # By its public id, for it may be deleted meanwhile.
    mine = Q(agent__public_id=agent.public_id)
    held = DiscoveryJob.objects.filter(mine, state__in=TAKEN_JOB_STATES)
    return sum(_release(job) for job in held.select_related("source"))


@transaction.atomic
def _release(job: DiscoveryJob) -> bool:
    same = Q(epoch=job.epoch, lease_until=job.lease_until)
    if job.cancel_requested_at is not None:
        return _end(job, JobState.CANCELLED, only=same)
    if job.attempts >= MAX_ATTEMPTS:
        return _end(
            job,
            JobState.FAILED,
            only=same,
            error_code="agent_lost",
            error_message=f"The agent fell silent {job.attempts} times during this job.",
            error_hint="Look at the agent's log, then resume the run.",
        )
    line = ("warning", "The agent fell silent; the job waits for an agent to take it up.")
    # The agent stays noted: when it comes back before another takes the job, it goes on.
    return _wait_again(job, same, line)
