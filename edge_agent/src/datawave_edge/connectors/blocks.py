"""Sampling by evenly spread blocks of a running key, the same ones on every run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa

from .session import Row

BLOCKS: Final = 20


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


def block_statement(
    columns: Sequence[sa.ColumnElement[Any]],
    source: sa.FromClause,
    key: sa.ColumnElement[Any],
    ranges: list[tuple[int, int]],
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
