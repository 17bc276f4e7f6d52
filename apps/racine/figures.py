"""Counts a run: what its batches, stages and settling have done so far, in few queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, FloatField, IntegerField, Q, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from apps.discovery.selectors import load_balance
from apps.discovery.stages import list_stages
from apps.discovery.types import REFUSED_BATCH_STATES, Balance, BatchState

from .models import Run
from .types import OPEN_STAGE_STATES, StageState

# Counters of stages that become the run's own.
COUNTERS = ("tables", "columns", "labels", "findings")


@dataclass
class StageFigures:
    """One stage over all batches of a run."""

    name: str
    title: str
    description: str
    icon: str
    total: int = 0
    done: int = 0
    failed: int = 0
    open: int = 0
    retries: int = 0
    seconds: float = 0.0
    counters: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """A run in numbers."""

    balance: Balance
    accepted: int
    quarantined: int
    stages: list[StageFigures]
    counts: dict[str, int]


def load_figures(run: Run) -> Figures:
    """Count what is there now."""
    balance = load_balance(run.job_id)
    batches = run.job.batches.aggregate(
        accepted=Count("pk", filter=Q(state=BatchState.ACCEPTED)),
        quarantined=Count("pk", filter=Q(state__in=REFUSED_BATCH_STATES)),
    )
    stages = _load_stages(run)
    aside = batches["quarantined"] + sum(stage.failed for stage in stages)
    counts = {
        "listed": run.job.listed,
        # The agent says what it saw when it closes; until then, what it listed.
        "seen": balance.seen or run.job.listed,
        "stored": balance.stored,
        "unchanged": balance.unchanged,
        "filtered": balance.filtered,
        "failed": balance.failed,
        "quarantined": aside,
        "batches": batches["accepted"],
        **_count_results(run, stages),
    }
    counts["tables"] = balance.stored + balance.unchanged
    return Figures(balance, batches["accepted"], batches["quarantined"], stages, counts)


def _load_stages(run: Run) -> list[StageFigures]:
    found = {
        stage.name: StageFigures(stage.name, stage.title, stage.description, stage.icon)
        for stage in list_stages()
    }
    for row in _query_stages(run):
        figures = found.get(row["stage"])
        if figures is not None:
            _add_row(figures, row)
    return list(found.values())


def _query_stages(run: Run) -> Iterable[Any]:
    sums = {
        f"sum_{name}": Sum(Cast(KeyTextTransform(name, "counters"), IntegerField()))
        for name in COUNTERS
    }
    rows = run.stage_runs.order_by().values("stage", "state")
    zero = Coalesce(Sum("seconds"), 0.0, output_field=FloatField())
    return rows.annotate(
        rows=Count("pk"),
        took=zero,
        tries=Coalesce(Sum("failures"), 0) + Coalesce(Sum("losses"), 0),
        **sums,
    )


def _add_row(figures: StageFigures, row: dict[str, Any]) -> None:
    rows = _whole(row["rows"])
    figures.total += rows
    figures.retries += _whole(row["tries"])
    figures.seconds += float(row["took"])
    if row["state"] == StageState.DONE:
        figures.done += rows
    elif row["state"] in (StageState.QUARANTINED, StageState.DISCARDED):
        figures.failed += rows
    elif row["state"] in OPEN_STAGE_STATES:
        figures.open += rows
    for name in COUNTERS:
        counted = _whole(row[f"sum_{name}"])
        figures.counters[name] = figures.counters.get(name, 0) + counted


def _whole(value: int | None) -> int:
    return int(value or 0)


def _count_results(run: Run, stages: list[StageFigures]) -> dict[str, int]:
    """Columns, labels and findings: what stages counted, and what settling added."""
    per_stage = {
        stage.name: {
            name: stage.counters.get(name, 0) + _settled_count(run, stage.name, name)
            for name in COUNTERS
        }
        for stage in stages
    }
    # Several stages may count the same columns; none of them counts some twice.
    return {
        name: max((counts[name] for counts in per_stage.values()), default=0)
        for name in COUNTERS
        if name != "tables"
    }


def _settled_count(run: Run, stage: str, name: str) -> int:
    step = run.summary.get("settle", {}).get(stage, {})
    return int(step.get("counters", {}).get(name, 0))
