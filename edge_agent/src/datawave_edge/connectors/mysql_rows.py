"""Rows from all over a table of MySQL or MariaDB, the same ones while it stays the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from .blocks import BLOCKS, SPARE, Blocks, block_ranges, text_ranges, thin
from .contract import TableShape
from .expressions import column_of, list_cells, table_of
from .session import Row, Session

# Rows that a table without a key may have to be gone through for an even sample.
_DRAWN: Final = 2_000_000
_SEED: Final = 20_011
_AS_IS: Final = frozenset(("integer", "float", "boolean"))
Key = sa.ColumnElement[Any]


def draw_rows(session: Session, shape: TableShape, limit: int, count: int | None) -> Sequence[Row]:
    """At most `limit` rows of a table of `count` rows, if that is known."""
    cells = list_cells(shape, limit, _cell)
    source = table_of(*shape.ref)
    plain = sa.select(*cells).select_from(source)
    if shape.kind == "view" or (count is not None and count <= limit):
        return session.rows(plain.limit(limit))
    found = _find_blocks(session, shape)
    if found is not None:
        return Blocks(cells, source, *found).read(session.rows, limit, shape.ref.path)
    if shape.row_count is None or not limit < shape.row_count <= _DRAWN:
        return session.rows(plain.limit(limit))
    # Drawn from all over a table that has no key to find blocks by.
    chance: Key = sa.func.rand(sa.literal_column(str(_SEED)))
    drawn = plain.where(chance < sa.literal_column(f"{limit / shape.row_count:.8f}"))
    return thin(session.rows(drawn.limit(limit * SPARE)), limit)


def key_bounds(session: Session, shape: TableShape) -> tuple[Key, int, int] | None:
    """Range of a primary key of one whole number."""
    keys = [column for column in shape.columns if column.key_position]
    if len(keys) != 1 or keys[0].type != "integer":
        return None
    key, low, high = _ends_of(session, shape, keys[0].name)
    return (key, int(low), int(high)) if low is not None else None


def _find_blocks(
    session: Session, shape: TableShape
) -> tuple[Key, Sequence[tuple[Any, Any]]] | None:
    """Blocks of the primary key's first column; other tables are read from their start."""
    bounds = key_bounds(session, shape)
    if bounds is not None:
        key, low, high = bounds
        return key, block_ranges(low, high, BLOCKS, shape.ref.path)
    first = next((each for each in shape.columns if each.key_position == 1), None)
    if first is None or first.type not in ("text", "uuid", "integer"):
        return None
    key, least, most = _ends_of(session, shape, first.name)
    if isinstance(least, int) and isinstance(most, int) and most - least >= BLOCKS:
        return key, block_ranges(least, most, BLOCKS, shape.ref.path)
    if isinstance(least, str) and isinstance(most, str) and least < most:
        return key, text_ranges(least, most, BLOCKS)
    return None


def _ends_of(session: Session, shape: TableShape, name: str) -> tuple[Key, Any, Any]:
    key = column_of(name)
    ends = sa.select(sa.func.min(key), sa.func.max(key)).select_from(table_of(*shape.ref))
    low, high = session.rows(ends)[0]
    return key, low, high


def _cell(name: str, kind: str, native: str, cut: int) -> Key:
    """A cell: numbers as they are, all else as cut text; of bytes only their length."""
    column = column_of(name)
    if native == "bit(1)":
        return column + sa.literal_column("0")
    if kind in _AS_IS:
        return column
    if kind in ("binary", "geometry"):
        return sa.func.length(column)
    text = column if kind in ("text", "enum") else sa.cast(column, sa.CHAR())
    return sa.func.left(text, sa.literal_column(str(cut)))
