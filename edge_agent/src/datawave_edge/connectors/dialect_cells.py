"""What is read of each column in a dialect that nobody knows: cut by the database, else here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from datawave_edge.protocol import ColumnSnapshot

from .contract import Binary, Cell
from .expressions import column_of
from .session import Row

# From what most databases know to what all do. Of the last, texts come whole and are cut here.
Form = Callable[[ColumnSnapshot, int], sa.ColumnElement[Any]]
_WIDE: Final = frozenset(("array", "enum", "geometry", "json", "network", "other"))


def _cut_by(name: str, measure: str) -> Form:
    def cell(column: ColumnSnapshot, cut: int) -> sa.ColumnElement[Any]:
        read: sa.ColumnElement[Any] = column_of(column.name)
        if column.type == "binary":
            return sa.Function(measure, read)
        if column.type in _WIDE:
            read = sa.cast(read, sa.Text())
        elif column.type != "text":
            return read
        most: sa.ColumnElement[Any] = sa.literal_column(str(cut))
        return sa.Function(name, read, sa.literal_column("1"), most)

    return cell


def _whole(column: ColumnSnapshot, cut: int) -> sa.ColumnElement[Any]:
    del cut
    read = column_of(column.name)
    if column.type in ("binary", "geometry"):
        # Its length is not known, and its bytes are not read: only whether there are any.
        return sa.case((read.is_not(None), sa.literal_column("0")))
    return read


FORMS: Final[tuple[Form, ...]] = (
    _cut_by("substring", "octet_length"),
    _cut_by("substr", "length"),
    _whole,
)


def read_cells(
    rows: Sequence[Row], columns: Sequence[ColumnSnapshot], cuts: Sequence[int]
) -> list[list[Cell]]:
    """Rows as cells, whatever the driver made of them."""
    binary = [column.type == "binary" for column in columns]
    return [
        [
            Binary(cell) if is_binary and cell is not None else plain(cell, cut)
            for cell, cut, is_binary in zip(row, cuts, binary, strict=True)
        ]
        for row in rows
    ]


def plain(cell: Any, cut: int) -> Cell:
    """A driver's value as one that is profiled."""
    if cell is None or isinstance(cell, bool | int | float):
        return cell
    if isinstance(cell, bytes | bytearray | memoryview):
        return Binary(len(cell))
    if isinstance(cell, dict | list | tuple):
        return json.dumps(cell, default=str, ensure_ascii=False)[:cut]
    return str(cell)[:cut]
