"""Arithmetic of the overview: estates over time, medians, changes. Knows no database."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

POINTS = 20
DAYS = 14
GOOD = frozenset({"completed"})
PARTIAL = frozenset({"completed_with_errors"})
BAD = frozenset({"failed"})


@dataclass(frozen=True, kw_only=True)
class RunFigures:
    """What trends need of a run; runs come oldest first."""

    source_id: int
    state: str
    seconds: float | None
    counts: dict[str, int] = field(default_factory=dict)


def follow_estate(runs: Iterable[RunFigures], key: str) -> tuple[float, ...]:
    """The sum over all sources after each run; a run replaces its source's earlier figure."""
    newest: dict[int, int] = {}
    points: list[float] = []
    for run in runs:
        if key in run.counts and run.state in GOOD | PARTIAL:
            newest[run.source_id] = run.counts[key]
            points.append(float(sum(newest.values())))
    return tuple(points[-POINTS:])


def list_durations(runs: Iterable[RunFigures]) -> tuple[float, ...]:
    """Seconds of the runs that came through."""
    through = [run.seconds for run in runs if run.state in GOOD | PARTIAL]
    return tuple(seconds for seconds in through if seconds is not None)[-POINTS:]


def find_median(values: Sequence[float]) -> float | None:
    """The middle value; None without any."""
    return median(values) if values else None


def describe_change(series: Sequence[float]) -> tuple[str, bool]:
    """How far the newer half lies from the older one, as ("6%", up); empty when it does not."""
    half = len(series) // 2
    if half == 0:
        return "", False
    before, after = median(series[:half]), median(series[half:])
    if not before or round(abs(after - before) / before * 100) == 0:
        return "", False
    return f"{abs(after - before) / before * 100:.0f}%", after > before


def count_days(
    counts: Iterable[tuple[dt.date, str, int]], today: dt.date
) -> tuple[list[dt.date], dict[str, list[int]]]:
    """The last days, and for each outcome how many runs began on each of them."""
    days = [today - dt.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    found: dict[str, Counter[dt.date]] = defaultdict(Counter)
    for day, state, count in counts:
        found[_outcome_of(state)][day] += count
    names = ("completed", "with errors", "failed", "other")
    return days, {name: [found[name][day] for day in days] for name in names}


def _outcome_of(state: str) -> str:
    if state in GOOD:
        return "completed"
    if state in PARTIAL:
        return "with errors"
    return "failed" if state in BAD else "other"
