"""Traits: shares between 0 and 1 that say what a column's values are like, rounded to hundredths.

They are told of columns with at least FEWEST different values, so that each is a share over many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from .days import day_traits
from .figures import figure_traits
from .rows import row_traits
from .texts import text_traits

__all__ = ["FEWEST", "day_traits", "figure_traits", "round_traits", "row_traits", "text_traits"]

FEWEST: Final = 5
_LEAST: Final = 0.005


def round_traits(groups: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """All groups in one, rounded to hundredths, without those that are zero."""
    return {
        name: min(1.0, round(share, 2))
        for group in groups
        for name, share in group.items()
        if share >= _LEAST
    }
