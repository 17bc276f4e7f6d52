"""Sampling by evenly spread blocks of a running key, the same ones on every run."""

from __future__ import annotations

import bisect
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Any, Final

import sqlalchemy as sa

from .session import Row

BLOCKS: Final = 20
# Rows that a draw may give too many, as a factor.
SPARE: Final = 2
# Statements that a sample may take, and the share of what was asked for that is enough.
_ROUNDS: Final = 3
_ENOUGH: Final = 0.8
Range = tuple[Any, Any]
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


@dataclass(frozen=True)
class Blocks:
    """Where blocks of a table's key are read."""

    columns: Sequence[sa.ColumnElement[Any]]
    source: sa.FromClause
    key: sa.ColumnElement[Any]
    ranges: Sequence[Range]

    def read(
        self, read: Callable[[sa.Executable], Sequence[Row]], limit: int, seed: str
    ) -> list[Row]:
        """About `limit` rows from all blocks. Where a key has holes, the full blocks give more."""
        kept: list[Row] = []
        ranges = list(self.ranges)
        for last in (False,) * (_ROUNDS - 1) + (True,):
            per_block = max(1, (limit - len(kept)) // len(ranges))
            found = _by_block(read(self._statement(ranges, per_block)), len(ranges))
            total = len(kept) + sum(map(len, found))
            full = [
                block for block, rows in zip(ranges, found, strict=True) if len(rows) >= per_block
            ]
            if last or not full or total >= _ENOUGH * limit:
                return [*kept, *(row for rows in found for row in rows)]
            kept += [row for rows in found if len(rows) < per_block for row in rows]
            ranges = _split(full, seed)
        return kept

    def _statement(self, ranges: Sequence[Range], per_block: int) -> sa.CompoundSelect[Row]:
        """One statement that reads the first rows of each block, each with its block's number."""
        return sa.union_all(
            *(
                sa.select(
                    sa.select(sa.literal_column(str(number)).label("block"), *self.columns)
                    .select_from(self.source)
                    .where(self.key >= start, self.key < end)
                    .order_by(self.key)
                    .limit(per_block)
                    .subquery()
                )
                for number, (start, end) in enumerate(ranges)
            )
        )


def thin(rows: Sequence[Row], limit: int) -> Sequence[Row]:
    """At most `limit` of the rows, left out evenly and not at the end."""
    if len(rows) <= limit:
        return rows
    return [rows[place * len(rows) // limit] for place in range(limit)]


def _by_block(rows: Sequence[Row], blocks: int) -> list[list[Row]]:
    found: list[list[Row]] = [[] for _ in range(blocks)]
    for number, *cells in rows:
        found[number].append(tuple(cells))
    return found


def _split(ranges: Sequence[Range], seed: str) -> list[Range]:
    """The ranges in as many parts as there may be blocks; those of texts stay."""
    parts = max(1, BLOCKS // len(ranges))
    return [
        part
        for start, end in ranges
        for part in (
            block_ranges(start, end - 1, parts, seed)
            if isinstance(start, int) and end - start > parts
            else [(start, end)]
        )
    ]
