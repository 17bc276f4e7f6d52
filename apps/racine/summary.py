"""The figures that a finished run is remembered by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from apps.discovery.selectors import list_unread_items

from .figures import Figures, load_figures
from .models import Run, StateChange
from .types import ABSENCE, ACTIVE_RUN_STATES, ChangeOf

# When something began and when it ended.
Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True)
class Trouble:
    """What went wrong, in words."""

    text: str
    # Empty when rows of the run bear codes of their own.
    code: str = ""


def build_summary(run: Run, now: dt.datetime) -> dict[str, Any]:
    """Counts, balance, stages, timings, and the troubles that make it end with errors."""
    figures = load_figures(run)
    balance = figures.balance
    # Looked for once, at the end: it reads into every snapshot of the run.
    troubles = list_troubles(
        figures,
        unread=list_unread_items(run.job).count(),
        doubted=_count_settled(run, "absence_doubted"),
        unsure=_count_settled(run, "absence_unsure"),
    )
    return {
        **run.summary,
        "counts": figures.counts,
        "balance": {
            "seen": balance.seen,
            "stored": balance.stored,
            "unchanged": balance.unchanged,
            "filtered": balance.filtered,
            "failed": balance.failed,
            "holds": balance.holds,
        },
        "stages": {stage.name: _describe_stage(stage) for stage in figures.stages},
        "timings": _measure(run, figures, now),
        "retries": sum(stage.retries for stage in figures.stages) + run.failures,
        "troubles": [trouble.text for trouble in troubles],
        "trouble_codes": [trouble.code for trouble in troubles if trouble.code],
    }


def _describe_stage(stage: Any) -> dict[str, Any]:
    return {
        "done": stage.done,
        "failed": stage.failed,
        "seconds": round(stage.seconds, 3),
        "counters": stage.counters,
    }


def _count_settled(run: Run, counter: str) -> int:
    step = run.summary.get("settle", {}).get(ABSENCE, {})
    return int(step.get("counters", {}).get(counter, 0))


def list_troubles(
    figures: Figures, *, unread: int, doubted: int = 0, unsure: int = 0
) -> list[Trouble]:
    """What went wrong; empty when all is well."""
    troubles = [Trouble(text) for text in _tell_failures(figures)]
    if unread:
        tables = _some(unread, "table was", "tables were")
        text = f"{tables} stored without a profile: the rows could not be read."
        troubles.append(Trouble(text, "profile_unread"))
    if doubted:
        tables = _some(doubted, "table is", "tables are")
        text = f"{tables} no longer listed, too many at once: say whether they are gone."
        troubles.append(Trouble(text, "absence_doubted"))
    if unsure:
        tables = _some(unsure, "table is", "tables are")
        why = "and the account may not see all"
        text = f"{tables} no longer listed, {why}: say whether they are gone."
        troubles.append(Trouble(text, "absence_doubted"))
    if not figures.balance.holds and not figures.quarantined:
        text = "The balance does not hold: tables were lost on the way."
        troubles.append(Trouble(text, "balance_broken"))
    return troubles


def _tell_failures(figures: Figures) -> list[str]:
    told = [_tell_quarantined(figures)] if figures.quarantined else []
    for stage in figures.stages:
        if stage.failed:
            batches = _some(stage.failed, "batch was", "batches were")
            told.append(f"{stage.title}: {batches} set aside.")
    if figures.balance.failed:
        told.append(f"{_some(figures.balance.failed, 'table', 'tables')} could not be read.")
    return told


def _tell_quarantined(figures: Figures) -> str:
    batches = _some(figures.quarantined, "batch", "batches")
    if figures.balance.lacking <= 0:
        return f"{batches} failed validation."
    tables = _some(figures.balance.lacking, "table was", "tables were")
    return f"{batches} failed validation; {tables} not taken in."


def _some(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _measure(run: Run, figures: Figures, now: dt.datetime) -> dict[str, float]:
    reading = run.reading_since or run.settling_since or now
    settling = run.settling_since or now
    rests = _list_rests(run)
    timings = {
        "wait": _between(run.started_at, reading, rests),
        "read": _between(reading, run.job.finished_at or settling, rests),
        "settle": _between(settling, now, rests),
        "total": round(run.measure_until(now), 3),
    }
    for stage in figures.stages:
        timings[f"stage.{stage.name}"] = round(stage.seconds, 3)
    return timings


def _list_rests(run: Run) -> list[Span]:
    """When it was over, each time until it was taken up again."""
    if not run.resumes:
        return []
    changes = StateChange.objects.filter(run_id=run.pk, kind=ChangeOf.RUN).order_by("pk")
    ended = changes.exclude(after__in=ACTIVE_RUN_STATES).values_list("at", flat=True)
    resumed = changes.exclude(before__in=ACTIVE_RUN_STATES).values_list("at", flat=True)
    return list(zip(ended, resumed, strict=False))


def _between(start: dt.datetime, end: dt.datetime, rests: list[Span]) -> float:
    """Seconds, without those of the rests that lie in between."""
    worked = end - start
    for since, until in rests:
        worked -= max(dt.timedelta(0), min(end, until) - max(start, since))
    return round(max(0.0, worked.total_seconds()), 3)
