"""Rough size and order of a column of numbers."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from operator import sub
from typing import Any, Final

from datawave_edge.protocol import NumberShape

_LOW: Final = 0.05
_HIGH: Final = 0.95
# Columns of one such type are read in one go, unless a cell is no number.
_PLAIN: Final = ({int}, {float}, {str})


def number_shape(numbers: Sequence[float]) -> NumberShape | None:
    """Shape of the finite ones among the numbers; None when there is none."""
    finite = list(filter(math.isfinite, numbers))
    if not finite:
        return None
    ordered = sorted(finite)
    negatives = bisect_left(ordered, 0)
    sizes = sorted(map(abs, ordered)) if negatives else ordered
    total = len(finite)
    return NumberShape(
        low_magnitude=_magnitude(sizes[int(_LOW * (total - 1))]),
        high_magnitude=_magnitude(sizes[math.ceil(_HIGH * (total - 1))]),
        negative_rate=_rate(negatives, total),
        integer_rate=_rate(sum(map(float.is_integer, finite)), total),
        zero_rate=_rate(finite.count(0), total),
        sequential_rate=_sequential_rate(ordered),
    )


def parse_numbers(cells: Sequence[object]) -> list[float]:
    """The cells that are numbers, in their order."""
    if set(map(type, cells)) in _PLAIN:
        try:
            return list(map(float, cells))  # type: ignore[arg-type]  # all of one plain type
        except (ValueError, OverflowError):
            pass
    return [each for each in map(parse_number, cells) if each is not None]


def parse_number(cell: object) -> float | None:
    """A cell as a number; None when it is none."""
    kind = type(cell)
    if kind is float or kind is int:
        return _float(cell)
    if kind is str:
        return _float(_without_groups(str(cell)))
    return None


def _without_groups(text: str) -> str:
    """1,234 and 1,234,567.8 without their commas; 12,5 is a decimal comma."""
    if "," not in text:
        return text
    whole, comma, rest = text.strip().rpartition(",")
    if comma and "," not in whole and not re.fullmatch(r"\d{3}(?:\.\d*)?", rest):
        return f"{whole}.{rest}"
    return text.replace(",", "")


def _float(cell: Any) -> float | None:
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return None


def _magnitude(size: float) -> int:
    return math.floor(math.log10(size)) if size > 0 else 0


def _sequential_rate(ordered: Sequence[float]) -> float:
    """Steps of one between sorted neighbours. A sample of blocks keeps most of them."""
    steps = list(map(sub, ordered[1:], ordered))
    return _rate(steps.count(1), len(steps))


def _rate(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole > 0 else 0.0
