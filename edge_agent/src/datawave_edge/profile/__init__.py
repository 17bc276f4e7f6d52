"""From a sample of rows to the profile of each column."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from datawave_edge.connectors import Cell, Sample
from datawave_edge.protocol import ColumnSnapshot

from .anonymity import find_anonymity
from .column import profile_column
from .spread import add_spread

__all__ = ["find_anonymity", "profile_column", "profile_columns"]


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
