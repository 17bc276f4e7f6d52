"""Traits of dates: weekdays, days of the month, hours and order, never one of the dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

_SATURDAY: Final = 5
_LAST_DAY: Final = 28
_GROWN: Final = (1925, 2007)
_SOON: Final = 2010
_SPAN: Final = 100


def day_traits(days: Sequence[dt.date]) -> dict[str, float]:
    """Traits of the days in the order of their rows."""
    total = len(days)
    if not total:
        return {}
    years = [day.year for day in days]
    pairs = len(days) - 1 or 1
    return {
        "weekend": sum([day.weekday() >= _SATURDAY for day in days]) / total,
        "month_start": sum([day.day == 1 for day in days]) / total,
        "month_end": sum([day.day >= _LAST_DAY for day in days]) / total,
        "year_start": sum([day.day == 1 and day.month == 1 for day in days]) / total,
        "grown_years": sum([_GROWN[0] <= year <= _GROWN[1] for year in years]) / total,
        "recent_years": sum([year >= _SOON for year in years]) / total,
        "year_span": (max(years) - min(years)) / _SPAN,
        "year_kinds": len(set(years)) / _SPAN,
        "day_kinds": len(set(days)) / total,
        "rising": sum([a < b for a, b in pairwise(days)]) / pairs,
        "falling": sum([a > b for a, b in pairwise(days)]) / pairs,
    }
