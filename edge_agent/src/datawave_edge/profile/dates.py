"""Decades and coarse age of a column of dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final, Literal

from datawave_edge.features.moments import parse_day
from datawave_edge.protocol import DateShape

# Outside of these a date is a placeholder such as 0001-01-01 or 9999-12-31.
_FIRST_YEAR: Final = 1800
_LAST_YEAR: Final = 2200
# Rows of today's databases are younger; what is older is a date of something else.
_OLDEST_ROW_YEAR: Final = 1990
_AGE_STEP: Final = 30
_FEW: Final = 0.05
_CLOCK: Final = re.compile(r"[T ]\d{2}:\d{2}(?::(\d{2}))?")


def parse_days(values: Sequence[str]) -> list[dt.date]:
    """The days among the values, without placeholders."""
    days = map(parse_day, values)
    return [day for day in days if day and _FIRST_YEAR <= day.year <= _LAST_YEAR]


def date_shape(values: Sequence[str], today: dt.date | None = None) -> DateShape | None:
    """Shape of the dates among the values; None when there is none."""
    days = parse_days(values)
    if not days:
        return None
    timed = sum(_has_clock(value) for value in values) / len(values)
    return DateShape(
        oldest_decade=min(days).year // 10 * 10,
        newest_decade=max(days).year // 10 * 10,
        oldest_age_days=_oldest_age(days, today or dt.datetime.now(dt.UTC).date()),
        with_time_rate=round(timed, 4),
        precision=_precision(days, timed),
    )


def _has_clock(value: str) -> bool:
    found = _CLOCK.search(value)
    return found is not None and not value[found.start() + 1 :].startswith("00:00")


def _oldest_age(days: Sequence[dt.date], today: dt.date) -> int | None:
    oldest = min(days)
    if oldest.year < _OLDEST_ROW_YEAR or oldest > today:
        return None
    return (today - oldest).days // _AGE_STEP * _AGE_STEP


def _precision(days: Sequence[dt.date], timed: float) -> Literal["year", "month", "day", "time"]:
    if timed > _FEW:
        return "time"
    if any(day.day != 1 for day in days):
        return "day"
    return "month" if any(day.month != 1 for day in days) else "year"
