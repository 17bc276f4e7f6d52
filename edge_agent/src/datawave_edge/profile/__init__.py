"""From a sample of rows to the profile of each column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from datawave_edge.connectors import Cell, Sample
from datawave_edge.protocol import ColumnSnapshot, PathSnapshot

from .anonymity import find_anonymity
from .column import profile_column
from .documents import OpenedPath, open_column
from .sketches import Sketcher
from .spread import add_spread

__all__ = ["Sketcher", "find_anonymity", "open_paths", "profile_column", "profile_columns"]

# Of all columns of a table.
_MOST_PATHS: Final = 300


def profile_columns(
    columns: Sequence[ColumnSnapshot], sample: Sample, total: int | None = None
) -> list[ColumnSnapshot]:
    """The columns, each with its profile; `total` is the table's rows as far as known."""
    return [
        _profiled(column, [row[index] for row in sample.rows], total)
        for index, column in enumerate(columns)
    ]


def _profiled(column: ColumnSnapshot, cells: Sequence[Cell], total: int | None) -> ColumnSnapshot:
    profile = profile_column(column.name, column.type, cells)
    return msgspec.structs.replace(column, profile=add_spread(profile, cells, total))


def open_paths(
    columns: Sequence[ColumnSnapshot],
    sample: Sample,
    rate: Callable[[Sequence[Cell]], dict[str, float]] | None = None,
) -> list[PathSnapshot]:
    """What lies in those columns that hold documents, each path with its profile.

    `rate` tells what own recognisers make of a path's cells.
    """
    taken = {column.name for column in columns}
    found = [
        _profiled_path(column, path, rate(path.cells) if rate else {})
        for index, column in enumerate(columns)
        for path in open_column(column, [row[index] for row in sample.rows])
    ]
    return [each for each in found if each.name not in taken][:_MOST_PATHS]


def _profiled_path(
    column: ColumnSnapshot, path: OpenedPath, own_hits: dict[str, float]
) -> PathSnapshot:
    profile = msgspec.structs.replace(
        profile_column(path.path, path.type, path.cells), own_hits=own_hits
    )
    return PathSnapshot(
        column=column.name,
        path=path.path,
        native_type=path.native_type,
        type=path.type,
        rate=path.rate,
        profile=add_spread(profile, path.cells, None),
    )
