"""The one way to change the state of a run or a stage run: a conditional UPDATE on a legal path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils import timezone

from datawave.common.errors import DataWaveError

from .models import Run, StageRun
from .types import RUN_TRANSITIONS, STAGE_TRANSITIONS, RunState, StageState


class TransitionIllegal(DataWaveError):
    """A run can't go from one of these states to the other."""

    status = 500


class FenceLost(DataWaveError):
    """Another worker has taken this over."""

    status = 409
    retry = True


def change_run(
    run_id: int,
    *,
    origins: Iterable[RunState],
    to: RunState,
    where: Q | None = None,
    **values: Any,
) -> bool:
    """Move the run on if it is in one of the origins and `where` holds; whether it was moved."""
    states = list(origins)
    for origin in states:
        if to not in RUN_TRANSITIONS[origin]:
            raise TransitionIllegal(f"A run can't go from {origin.value} to {to.value}.")
    runs = Run.objects.filter(where or Q(), pk=run_id, state__in=states)
    return runs.update(state=to, **values) == 1


def change_stages(which: Q, *, origins: Iterable[StageState], to: StageState, **values: Any) -> int:
    """Move those stage runs on that are in one of the origins; how many were moved."""
    states = list(origins)
    for origin in states:
        if to not in STAGE_TRANSITIONS[origin]:
            raise TransitionIllegal(f"A stage run can't go from {origin.value} to {to.value}.")
    return StageRun.objects.filter(which, state__in=states).update(state=to, **values)


def expires(seconds: float) -> dt.datetime:
    """That many seconds from now."""
    return timezone.now() + dt.timedelta(seconds=seconds)
