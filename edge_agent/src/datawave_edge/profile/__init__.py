"""From a sample of rows to the profile of each column."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from datawave_edge.connectors import Sample
from datawave_edge.protocol import ColumnSnapshot

from .column import profile_column

__all__ = ["profile_column", "profile_columns"]


def profile_columns(columns: Sequence[ColumnSnapshot], sample: Sample) -> list[ColumnSnapshot]:
    """The columns, each with its profile."""
    return [
        msgspec.structs.replace(
            column,
            profile=profile_column(column.name, column.type, [row[index] for row in sample.rows]),
        )
        for index, column in enumerate(columns)
    ]
