"""The one way to change a job's state, and the database's own guard over it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from datawave.common.errors import DataWaveError
from datawave.common.state_guards import Trigger, guard_states, install

from .models import DiscoveryJob
from .types import JOB_TRANSITIONS, JobState


class JobTransitionIllegal(DataWaveError):
    """A job can't go from one of these states to the other."""

    status = 500


def change_jobs(
    jobs: QuerySet[DiscoveryJob], *, origins: Iterable[JobState], to: JobState, **values: Any
) -> int:
    """Move those jobs on that are in one of the origins; how many were moved."""
    states = list(origins)
    for origin in states:
        if to not in JOB_TRANSITIONS[origin]:
            raise JobTransitionIllegal(f"A job can't go from {origin.value} to {to.value}.")
    return jobs.filter(state__in=states).update(state=to, **values)


def list_triggers() -> list[Trigger]:
    """What the database watches over."""
    table = "discovery_discoveryjob"
    return [
        guard_states(
            table=table,
            fence="epoch",
            transitions={a.value: [b.value for b in to] for a, to in JOB_TRANSITIONS.items()},
            claimed=JobState.LEASED.value,
        )
    ]


def install_guards(*, using: str, **_: Any) -> None:
    """Called after each migrate."""
    install(list_triggers(), using=using)
