"""The timeline of a run: changes of state as the database wrote them down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from apps.discovery.stages import list_stages
from apps.discovery.types import JobState

from .models import Run, StageRun, StateChange
from .types import ChangeOf, RunState, StageState

SHOWN = 200
# Changes that are in memory at once while all are read.
CHUNK = 500
# What an ordinary stage run goes through is no news.
NOTABLE = Q(after__in=[StageState.RETRY_WAIT, StageState.QUARANTINED, StageState.DISCARDED]) | Q(
    before__in=[StageState.LEASED, StageState.QUARANTINED], after=StageState.READY
)
LABELS: dict[str, dict[str, str]] = {
    ChangeOf.RUN: dict(RunState.choices),
    ChangeOf.JOB: dict(JobState.choices),
    ChangeOf.STAGE: dict(StageState.choices),
}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One line of the timeline."""

    at: dt.datetime
    who: str
    before: str
    after: str
    # The state's name, for its colour.
    state: str
    fence: int


def list_changes(run: Run) -> QuerySet[StateChange]:
    """All changes of the run and its job, and those of stages that are out of the ordinary."""
    whole = Q(kind__in=[ChangeOf.RUN, ChangeOf.JOB])
    return StateChange.objects.filter(whole | (Q(kind=ChangeOf.STAGE) & NOTABLE), run_id=run.pk)


def load_timeline(run: Run) -> dict[str, Any]:
    """The newest of them, oldest first, and how many `older` ones there are."""
    changes = list_changes(run)
    newest = list(changes.order_by("-id")[:SHOWN])[::-1]
    total = changes.count() if len(newest) == SHOWN else len(newest)
    return {"timeline": describe_changes(newest), "older": total - len(newest)}


def read_all(run: Run) -> Iterator[Moment]:
    """Every change, also the ordinary ones of stages, oldest first."""
    changes = StateChange.objects.filter(run_id=run.pk).order_by("pk").iterator(CHUNK)
    while some := list(islice(changes, CHUNK)):
        yield from describe_changes(some)


def describe_changes(changes: Sequence[StateChange]) -> list[Moment]:
    """The changes in words, with one query for all."""
    stages = _name_stages([change.row_id for change in changes if change.kind == ChangeOf.STAGE])
    return [
        Moment(
            at=change.at,
            who=stages.get(change.row_id, "Stage")
            if change.kind == ChangeOf.STAGE
            else ChangeOf(change.kind).label,
            before=LABELS[change.kind].get(change.before, change.before),
            after=LABELS[change.kind].get(change.after, change.after),
            state=change.after,
            fence=change.fence,
        )
        for change in changes
    ]


def _name_stages(ids: list[int]) -> dict[int, str]:
    titles = {stage.name: stage.title for stage in list_stages()}
    works = StageRun.objects.filter(pk__in=ids).values_list("pk", "stage", "batch__seq")
    return {pk: f"{titles.get(stage, stage)}, batch {seq}" for pk, stage, seq in works}
