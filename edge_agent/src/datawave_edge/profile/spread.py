"""How values spread: estimates for the whole table, lengths and sizes in steps."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from datawave_edge.connectors import Cell
from datawave_edge.protocol import ColumnProfile, NumberShape

from .numbers import parse_number

# Fewer different values than this are too few for a quartile that stands for many.
ENOUGH: Final = 20
# What is smaller has no power of ten that a float can hold.
_SMALLEST: Final = 1e-300
_STEPS: Final = (1, 2, 5)
_QUARTERS: Final = (0.25, 0.5, 0.75)


def add_spread(profile: ColumnProfile, cells: Sequence[Cell], total: int | None) -> ColumnProfile:
    """The profile with what the sampled cells say of the whole table of `total` rows."""
    counts: Counter[Cell] = Counter(cell for cell in cells if cell is not None)
    _gather_nans(counts)
    present = counts.total()
    if not present:
        return profile
    once = sum(count == 1 for count in counts.values())
    return msgspec.structs.replace(
        profile,
        unique_rate=round(once / present, 4),
        distinct_estimate=_estimate(counts, once, len(cells), total),
        length_quartiles=_length_quartiles(counts),
        number=profile.number and _with_quartiles(profile.number, counts),
    )


def _gather_nans(counts: Counter[Cell]) -> None:
    """NaN equals nothing, itself included, so each would count as a value that came once."""
    found = [cell for cell in counts if isinstance(cell, float) and math.isnan(cell)]
    if found:
        counts[math.nan] = sum(counts.pop(cell) for cell in found)


def estimate_distinct(*, sampled: int, distinct: int, once: int, total: int) -> int:
    """Different values among `total`, by Haas and Stokes' Duj1, in two digits.

    `sampled` values were drawn, `distinct` of them differ and `once` of them came once. It is the
    estimator of PostgreSQL's ANALYZE: exact for a whole read and for keys, and within a factor of
    two where values are spread evenly; it tells too few where most values are rare.
    """
    if sampled >= total:
        return distinct
    estimate = sampled * distinct / (sampled - once + once * sampled / total)
    return _two_digits(min(total, max(distinct, estimate)))


def step_of(size: float) -> float:
    """The greatest of ..., 1, 2, 5, 10, 20, 50, ... that is not above a size; keeps the sign."""
    if abs(size) < _SMALLEST or not math.isfinite(size):
        return 0.0
    power = math.floor(math.log10(abs(size)))
    lead = abs(size) / 10.0**power
    step = max((each for each in _STEPS if each <= lead), default=1)
    return math.copysign(float(f"{step}e{power}"), size)


def _estimate(counts: Counter[Cell], once: int, rows: int, total: int | None) -> int | None:
    if not total:
        return None
    present = counts.total()
    # As many of the unread rows have a value as of the read ones.
    filled = max(present, round(total * present / rows))
    return estimate_distinct(sampled=present, distinct=len(counts), once=once, total=filled)


def _two_digits(number: float) -> int:
    if number < 100:  # noqa: PLR2004 - two digits as they are
        return round(number)
    unit: int = 10 ** (math.floor(math.log10(number)) - 1)
    return round(number / unit) * unit


def _length_quartiles(counts: Counter[Cell]) -> list[int]:
    texts = {cell: count for cell, count in counts.items() if isinstance(cell, str)}
    if len(texts) < ENOUGH:
        return []
    lengths = sorted(len(cell) for cell, count in texts.items() for _ in range(count))
    return [lengths[int(quarter * (len(lengths) - 1))] for quarter in _QUARTERS]


def _with_quartiles(shape: NumberShape, counts: Counter[Cell]) -> NumberShape:
    """Quartiles in steps of 1, 2 and 5: between 20 and 50 thousand, all salaries read the same."""
    if len(counts) < ENOUGH:
        return shape
    found = [
        number
        for cell, count in counts.items()
        if (number := parse_number(cell)) is not None and math.isfinite(number)
        for _ in range(count)
    ]
    if not found:
        return shape
    ordered = sorted(found)
    quartiles = [step_of(ordered[int(quarter * (len(ordered) - 1))]) for quarter in _QUARTERS]
    return msgspec.structs.replace(shape, quartiles=quartiles)
