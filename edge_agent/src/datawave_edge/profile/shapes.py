"""Collapsed shapes of texts: "Anna Smith" is "Aa+ Aa+", and only shared shapes are told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

MAX_SHAPE: Final = 64
MIN_VALUES: Final = 5
MIN_SHARE: Final = 0.05
_TOLD: Final = 12
_PUNCTUATION: Final = frozenset("@.-:/_+(),'#%&*=;!?$[]{}|\\\"<>~^` ")
_RUNS: Final = tuple((re.compile(f"{kind}{kind}+"), f"{kind}+") for kind in "Aa9")


class _Classes(dict[int, str]):
    """Class of each character: upper, lower, digit, blank, its own sign, or "x"."""

    def __missing__(self, code: int) -> str:
        kind = _class_of(chr(code))
        self[code] = kind
        return kind


def _class_of(char: str) -> str:
    if char.isdecimal():
        return "9"
    if char.isalpha():
        return "A" if char.isupper() else "a"
    if char.isspace():
        return " "
    return char if char in _PUNCTUATION else "x"


_CLASSES: Final = _Classes()


def shape_of(value: str) -> str:
    """The collapsed shape: classes instead of characters, runs as one class and a plus."""
    shape = value.translate(_CLASSES)
    for pattern, replacement in _RUNS:
        shape = pattern.sub(replacement, shape)
    return shape


def shared_shapes(counts: Mapping[str, int], total: int) -> dict[str, float]:
    """Share of each shape that enough different values have."""
    shapes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for value, count in counts.items():
        shape = shape_of(value[: MAX_SHAPE * 4])
        shapes[shape] += count
        kinds[shape] += 1
    floor = max(MIN_VALUES, MIN_SHARE * total)
    return {
        shape: round(count / total, 3)
        for shape, count in sorted(shapes.items(), key=lambda item: (-item[1], item[0]))[:_TOLD]
        if count >= floor and kinds[shape] >= MIN_VALUES and 0 < len(shape) <= MAX_SHAPE
    }
