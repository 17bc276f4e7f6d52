"""Traits of rows: how often a value comes again, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import eq, lt


def row_traits(texts: Sequence[str], counts: Mapping[str, int]) -> dict[str, float]:
    """Traits of all values in the order of their rows, with how often each is there."""
    total = len(texts)
    often = Counter(counts.values())
    following = texts[1:]
    pairs = len(following) or 1
    return {
        "most_common": max(counts.values()) / total,
        "once": often.get(1, 0) / len(counts),
        "repeats_last": sum(map(eq, texts, following)) / pairs,
        "sorted_up": sum(map(lt, texts, following)) / pairs,
    }
