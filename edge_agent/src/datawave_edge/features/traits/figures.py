"""Traits of numbers: how they are written, spread and ordered, never how large one is."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import gt, lt, sub
from typing import Final

# Bounds that many meanings keep: shares of numbers between them.
_BETWEEN: Final = (
    ("unit", 0.0, 1.0), ("five", 1.0, 5.0), ("ten", 0.0, 10.0), ("months", 1.0, 12.0),
    ("month_days", 1.0, 31.0), ("hundred", 0.0, 100.0), ("ages", 0.0, 110.0),
    ("grown", 16.0, 90.0), ("years", 1900.0, 2035.0), ("birth_years", 1930.0, 2008.0),
    ("latitudes", -90.0, 90.0), ("longitudes", -180.0, 180.0), ("scores", 300.0, 850.0),
    ("five_digits", 1e4, 99_999.0), ("salaries", 15_000.0, 400_000.0), ("body", 30.0, 250.0),
)  # fmt: skip
_ROUND: Final = (5, 10, 100, 1000)
_PLACES: Final = 4
_WHOLE_PART: Final = 1.0
_DECADES: Final = 4.0
_LARGEST: Final = 1e15


def figure_traits(
    numbers: Sequence[float], written: Mapping[str, int], values: Sequence[str]
) -> dict[str, float]:
    """Traits of numbers in the order of their rows; `written` counts the patterns of the texts."""
    usable = [each for each in numbers if -_LARGEST < each < _LARGEST]
    if not usable:
        return {}
    ordered = sorted(set(usable))
    found = _look_at_bounds(ordered) | _look_at_places(written) | _look_at_spread(ordered)
    found |= _look_at_order(usable) | _look_at_steps(ordered)
    return found | _look_at_digits(ordered, values)


def _look_at_bounds(ordered: Sequence[float]) -> dict[str, float]:
    total = len(ordered)
    return {
        f"in_{name}": (bisect_right(ordered, high) - bisect_left(ordered, low)) / total
        for name, low, high in _BETWEEN
    }


def _look_at_places(written: Mapping[str, int]) -> dict[str, float]:
    """Shares of numbers with no, one, two, three and more decimal places."""
    sums = [0] * (_PLACES + 1)
    for pattern, count in written.items():
        places = len(pattern.partition(".")[2])
        sums[min(places, _PLACES)] += count
    total = sum(written.values())
    return {f"places_{place}": count / total for place, count in enumerate(sums)}


def _look_at_spread(ordered: Sequence[float]) -> dict[str, float]:
    total = len(ordered)
    mean = sum(ordered) / total
    spread = math.sqrt(max(0.0, sum([each * each for each in ordered]) / total - mean * mean))
    low, middle, high = (ordered[int(share * (total - 1))] for share in (0.1, 0.5, 0.9))
    return {
        "lean": 0.5 + (mean - middle) / (2 * spread) if spread else 0.5,
        "spread": spread / (spread + abs(mean)) if spread else 0.0,
        "rise_above": _tell_ratio(high, middle),
        "rise_below": _tell_ratio(middle, low),
    }


def _tell_ratio(more: float, less: float) -> float:
    if more <= 0 or less <= 0:
        return 1.0
    return math.log10(more / less) / _DECADES if more > less else 0.0


def _look_at_order(numbers: Sequence[float]) -> dict[str, float]:
    """Whether rows rise or fall as they are stored, and by steps of one size."""
    following = numbers[1:]
    total = len(following) or 1
    steps = Counter(map(sub, following, numbers))
    return {
        "rising": sum(map(gt, following, numbers)) / total,
        "falling": sum(map(lt, following, numbers)) / total,
        "same_step": max(steps.values(), default=0) / total,
    }


def _look_at_steps(ordered: Sequence[float]) -> dict[str, float]:
    span = ordered[-1] - ordered[0] + _WHOLE_PART
    steps = Counter(_list_steps(ordered))
    return {
        "dense": min(1.0, len(ordered) / span),
        "even_steps": max(steps.values(), default=0) / max(1, len(ordered) - 1),
    }


def _list_steps(ordered: Sequence[float]) -> Iterable[float]:
    """Gaps between neighbours; those of whole numbers need no rounding."""
    steps = map(sub, ordered[1:], ordered)
    if all(map(float.is_integer, ordered)):
        return steps
    return [round(step, 6) for step in steps]


def _look_at_digits(ordered: Sequence[float], values: Sequence[str]) -> dict[str, float]:
    found = {}
    rounded = ordered
    for step in _ROUND:
        # Each step is a multiple of the one before.
        rounded = [each for each in rounded if each % step == 0]
        found[f"round_{step}"] = len(rounded) / len(ordered)
    heads = Counter([value.lstrip("-+0.,")[:1] for value in values])
    heads.pop("", None)
    told = sum(heads.values()) or 1
    found["head_one"] = heads.get("1", 0) / told
    found["head_low"] = (heads.get("1", 0) + heads.get("2", 0) + heads.get("3", 0)) / told
    found["padded"] = sum([value[:1] == "0" and value[1:2].isdecimal() for value in values]) / len(
        values
    )
    return found
