"""Collapsed shapes of texts: "Anna Smith" is "Aa+ Aa+", and only shared shapes are told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from datawave_edge.features.gate import pattern_of

MAX_SHAPE: Final = 64
MIN_VALUES: Final = 5
MIN_SHARE: Final = 0.05
_TOLD: Final = 12
# Texts longer than this have no shape that others share.
_LONGEST: Final = 160
_RUNS: Final = tuple((re.compile(f"{kind}{kind}+"), f"{kind}+") for kind in "Aa9")


def shape_of(value: str) -> str:
    """The collapsed shape: classes instead of characters, runs as one class and a plus."""
    return _collapse(pattern_of(value))


def _collapse(pattern: str) -> str:
    for runs, replacement in _RUNS:
        pattern = runs.sub(replacement, pattern)
    return pattern


_kept = lru_cache(maxsize=20_000)(_collapse)


def _add_up(written: Mapping[str, int]) -> Counter[str]:
    """Numbers of values by shape, from those by pattern."""
    shapes: Counter[str] = Counter()
    for pattern, count in written.items():
        if len(pattern) <= _LONGEST:
            shapes[_kept(pattern)] += count
    return shapes


def shared_shapes(
    counts: Mapping[str, int], patterns: Sequence[str], told: Mapping[str, int]
) -> dict[str, float]:
    """Share of each shape that enough different values have; `told` counts their patterns."""
    total = sum(counts.values())
    kinds = _add_up(told)
    if len(counts) == total:
        shapes = kinds
    else:
        written: Counter[str] = Counter()
        for pattern, count in zip(patterns, counts.values(), strict=True):
            written[pattern] += count
        shapes = _add_up(written)
    floor = max(MIN_VALUES, MIN_SHARE * total)
    return {
        shape: round(count / total, 3)
        for shape, count in sorted(shapes.items(), key=lambda item: (-item[1], item[0]))[:_TOLD]
        if count >= floor and kinds[shape] >= MIN_VALUES and 0 < len(shape) <= MAX_SHAPE
    }
