"""What is to come: how many tables, and how much time, as far as past runs of the source tell."""

from __future__ import annotations

import statistics
from typing import Any

from django.utils import timezone

from .models import Run
from .types import ACTIVE_RUN_STATES, RunState

PAST_RUNS = 5
FINISHED = (RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS)


def expect_tables(run: Run) -> dict[str, Any] | None:
    """How many tables there are: as the agent lists them, else about as many as last time."""
    if run.job.listed:
        return {"tables": run.job.listed, "about": False}
    if run.state not in ACTIVE_RUN_STATES:
        return None
    past = Run.objects.filter(source_id=run.source_id, state__in=FINISHED).order_by("-pk")
    summary = past.values_list("summary", flat=True).first() or {}
    seen = summary.get("counts", {}).get("seen")
    return {"tables": seen, "about": True} if seen else None


def guess_remaining(run: Run) -> float | None:
    """Seconds, from how long earlier runs took once they read; None when that says nothing.

    Of a run that was taken up again it says nothing: it rested in between, and has less to do.
    """
    if run.state not in (RunState.RUNNING, RunState.SETTLING) or run.resumes:
        return None
    if run.reading_since is None:
        return None
    past = Run.objects.filter(
        source_id=run.source_id,
        state__in=FINISHED,
        resumes=0,
        reading_since__isnull=False,
        finished_at__isnull=False,
    ).order_by("-pk")
    times = past.values_list("reading_since", "finished_at")[:PAST_RUNS]
    spans = [(end - start).total_seconds() for start, end in times if start and end]
    left = statistics.median(spans) if spans else 0.0
    left -= (timezone.now() - run.reading_since).total_seconds()
    return round(left, 1) if left > 0 else None
