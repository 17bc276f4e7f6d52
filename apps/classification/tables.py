"""From a batch's table to what the judge wants to know of it."""

from __future__ import annotations

from datawave_edge.protocol import TableSnapshot

from .judge import TableFacts


def read_table(snapshot: TableSnapshot) -> TableFacts:
    """Facts of a table as the agent described it."""
    return TableFacts(
        container=snapshot.container,
        name=snapshot.name,
        comment=snapshot.comment,
        columns=tuple(snapshot.list_fields()),
        row_count=snapshot.row_count,
        references={
            column: key.target_name for key in snapshot.foreign_keys for column in key.columns
        },
    )
