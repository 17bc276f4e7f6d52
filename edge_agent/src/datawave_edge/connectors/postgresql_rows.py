"""Rows from all over a table of PostgreSQL, the same ones while it stays the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from .blocks import SPARE, thin
from .contract import TableShape
from .expressions import column_of, list_cells, table_of
from .session import Row, Session

# Up to this size every page is looked at for an even sample; beyond it whole pages are drawn.
_EVEN_BYTES: Final = 64 * 1024 * 1024
_SEED: Final = 20_011
_MARGIN: Final = 1.05
# Draws until a table's length is known.
_DRAWS: Final = 5
_AS_IS: Final = frozenset(("integer", "float", "boolean"))


def draw_rows(session: Session, shape: TableShape, limit: int) -> Sequence[Row]:
    """At most `limit` rows of a table; the first ones of what can't be drawn from."""
    cells = list_cells(shape, limit, _cell)
    plain = sa.select(*cells).select_from(table_of(*shape.ref)).limit(limit)
    estimate = shape.row_count
    can_draw = shape.kind in ("table", "materialized_view", "partition")
    if not can_draw or estimate is None or estimate <= limit * 2:
        return session.rows(plain)
    rows = _draw(session, shape, cells, limit, estimate)
    # Old statistics or rows in few pages: better the first rows than hardly any.
    return rows if len(rows) >= limit // 4 else session.rows(plain)


def _draw(
    session: Session,
    shape: TableShape,
    cells: Sequence[sa.ColumnElement[Any]],
    limit: int,
    estimate: int,
) -> Sequence[Row]:
    percent = 100.0 * _MARGIN * limit / estimate
    most = limit * SPARE
    rows: Sequence[Row] = ()
    for _ in range(_DRAWS):
        drawn = sa.select(*cells).select_from(_sampled(shape, percent)).limit(most)
        rows = session.rows(drawn)
        if len(rows) < most:
            break
        # The table is longer than its statistics say, and the bound cut its end off.
        percent /= SPARE
    return thin(rows, limit)


def _sampled(shape: TableShape, percent: float) -> sa.FromClause:
    is_large = (shape.size_bytes or 0) > _EVEN_BYTES
    method = sa.func.system if is_large else sa.func.bernoulli
    share: sa.ColumnElement[Any] = sa.literal_column(f"{min(100.0, max(0.0001, percent)):.6f}")
    return table_of(*shape.ref).tablesample(method(share), seed=sa.literal_column(str(_SEED)))


def _cell(name: str, kind: str, native: str, cut: int) -> sa.ColumnElement[Any]:
    """A cell: numbers as they are, all else as cut text; of bytes only their length."""
    column = column_of(name)
    if kind in _AS_IS and native != "oid":
        return column
    if kind == "binary" and native == "bytea":
        return sa.func.octet_length(column)
    text = sa.cast(column, sa.Text())
    if kind in ("binary", "geometry"):
        return sa.func.length(text)
    return sa.func.left(text, sa.literal_column(str(cut)))
