"""The lease: a job belongs to one agent until it has been silent for too long."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from apps.datasources.selectors import served_by
from apps.discovery.models import DiscoveryJob
from apps.discovery.types import OPEN_JOB_STATES, TAKEN_JOB_STATES, JobState
from datawave.common.errors import DataWaveError

if TYPE_CHECKING:
    from apps.datasources.models import Agent


# Clocks of several hosts differ a little.
LEASES_AHEAD = 3


class LeaseLost(DataWaveError):
    """This job is not leased to this agent: it was silent for too long, or never had it."""

    status = 409


class JobOver(DataWaveError):
    """This job has ended; nothing more is taken in for it."""

    status = 409


def lease_values() -> dict[str, Any]:
    """Columns of a lease that begins now."""
    now = timezone.now()
    until = now + dt.timedelta(seconds=settings.JOB_LEASE_SECONDS)
    return {"lease_until": until, "heartbeat_at": now}


def is_overdue(now: dt.datetime) -> Q:
    """Leases that are over, and those of a clock that was wrong: none is given so far ahead."""
    longest = dt.timedelta(seconds=LEASES_AHEAD * settings.JOB_LEASE_SECONDS)
    return Q(lease_until__lte=now) | Q(lease_until__gt=now + longest)


def renew_lease(job: DiscoveryJob, agent: Agent) -> None:
    """Prove and prolong the agent's lease. Raises LeaseLost or JobOver.

    Inside a transaction it also holds the job's row, so calls about a job take turns.
    """
    own = DiscoveryJob.objects.filter(pk=job.pk, agent=agent, state__in=OPEN_JOB_STATES)
    # A queued job is still its own: the lease ran out while the agent was cut off, but nobody has
    # taken the job meanwhile. One statement, for its sender and its reporter may come back at once.
    taken_up = When(state=JobState.QUEUED, then=Value(JobState.STREAMING))
    if own.update(state=Case(taken_up, default=F("state")), **lease_values()) == 1:
        return
    job.refresh_from_db()
    raise LeaseLost if job.state in OPEN_JOB_STATES else JobOver


def renew_agent_leases(*, agent: Agent) -> list[DiscoveryJob]:
    """Prolong the leases of an agent that gave a sign of life; gives those it should stop."""
    own = DiscoveryJob.objects.filter(served_by(agent), agent=agent, state__in=TAKEN_JOB_STATES)
    own.update(**lease_values())
    return list(own.exclude(cancel_requested_at=None))
