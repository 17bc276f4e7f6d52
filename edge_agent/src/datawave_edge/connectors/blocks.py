"""Sampling by evenly spread blocks of a running key, the same ones on every run."""

from __future__ import annotations

import bisect
import random
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Any, Final

import sqlalchemy as sa

from .session import Row

BLOCKS: Final = 20
_PLACES: Final = 8
_ALL: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_ALPHABETS: Final = ("0123456789", "0123456789abcdef", _ALL)


def block_ranges(low: int, high: int, blocks: int, seed: str) -> list[tuple[int, int]]:
    """Start and end of blocks over a key's range; ranges never overlap, so no row comes twice."""
    chosen = random.Random(seed)  # noqa: S311 - spread, not secrecy
    span = high - low + 1
    edges = [low + span * index // blocks for index in range(blocks + 1)]
    ranges = []
    for start, end in pairwise(edges):
        room = max(0, (end - start) // 2)
        ranges.append((start + chosen.randint(0, room), end))
    return ranges


def text_ranges(low: str, high: str, blocks: int) -> list[tuple[str, str]]:
    """Start and end of blocks between two texts; the last goes on to the end.

    Edges are of digits and letters of one case, which every collation puts in the same order.
    """
    common = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False))
    )
    prefix, first, last = low[:common], low[common:].lower(), high[common:].lower()
    signs = next(each for each in _ALPHABETS if set(first + last) <= set(each) or each is _ALL)
    start, end = (_number_of(text, signs) for text in (first, last))
    edges = [start + (end - start) * index // blocks for index in range(blocks)]
    spell = str.upper if f"{low}{high}".isupper() else str.lower
    named = [low, *(prefix + spell(_text_of(edge, signs)) for edge in sorted(set(edges))[1:])]
    return [*pairwise(named), (named[-1], prefix + "\U0010ffff")]


def _number_of(text: str, signs: str) -> int:
    places = (text + signs[0] * _PLACES)[:_PLACES]
    number = 0
    for char in places:
        # A sign of another alphabet counts as the nearest one in it.
        number = number * len(signs) + min(len(signs) - 1, bisect.bisect_left(signs, char))
    return number


def _text_of(number: int, signs: str) -> str:
    found = ""
    for _ in range(_PLACES):
        number, place = divmod(number, len(signs))
        found = signs[place] + found
    return found


def block_statement(
    columns: Sequence[sa.ColumnElement[Any]],
    source: sa.FromClause,
    key: sa.ColumnElement[Any],
    ranges: Sequence[tuple[Any, Any]],
    per_block: int,
) -> sa.CompoundSelect[Row]:
    """One statement that reads the first rows of each block."""
    parts = [
        sa.select(
            sa.select(*columns)
            .select_from(source)
            .where(key >= start, key < end)
            .order_by(key)
            .limit(per_block)
            .subquery()
        )
        for start, end in ranges
    ]
    return sa.union_all(*parts)
