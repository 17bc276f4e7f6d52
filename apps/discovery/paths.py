"""Paths of documents over time: that a sample does not show one is no proof that it is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from datawave_edge.protocol import ColumnSnapshot, TableSnapshot

from .models import Field
from .types import FieldState

# A path is gone when so many readings in a row did not show it.
READINGS = 3
# Fewer values than this in a sample say nothing of what its documents hold.
FEWEST = 5

Held = Mapping[str, Field]


def find_unshown(table: TableSnapshot, held: Held) -> dict[str, int]:
    """Paths that are held, not shown by the table and not surely gone: name -> readings without."""
    shown = {path.name for path in table.paths}
    columns = {column.name: column for column in table.columns}
    counts = {
        name: _count_unseen(field, columns[field.path_of])
        for name, field in held.items()
        if field.path_of in columns and field.state == FieldState.ACTIVE and name not in shown
    }
    return {name: count for name, count in counts.items() if count < READINGS}


def _count_unseen(field: Field, column: ColumnSnapshot) -> int:
    """Readings in a row that did not show the path, with this one if it read values."""
    profile = column.profile
    read = profile is not None and profile.rows - profile.nulls - profile.empty >= FEWEST
    return field.unseen + read


def carry_paths(
    table: TableSnapshot, names: Iterable[str], before: TableSnapshot | None
) -> TableSnapshot:
    """The table with those paths as they were described before."""
    known = {path.name: path for path in before.paths} if before else {}
    kept = [known[name] for name in names if name in known]
    return msgspec.structs.replace(table, paths=[*table.paths, *kept]) if kept else table


def carry_columns(table: TableSnapshot, before: TableSnapshot) -> TableSnapshot:
    """The table with the columns and paths that only its version before shows, in their places.

    Their profiles are of then: nobody may read them now.
    """
    shown = {each.name for each in table.columns}
    hidden = [each for each in before.columns if each.name not in shown]
    names = {each.name for each in hidden}
    paths = [each for each in before.paths if each.column in names]
    columns = sorted([*table.columns, *hidden], key=lambda each: each.ordinal)
    return msgspec.structs.replace(table, columns=columns, paths=[*table.paths, *paths])


def mark_paths(rows: Iterable[Field], table: TableSnapshot, unshown: Mapping[str, int]) -> None:
    """Tell the rows of paths what they are paths of, and since when they were not seen."""
    columns = {path.name: path.column for path in table.paths}
    for row in rows:
        row.path_of = columns.get(row.name, "")
        row.unseen = unshown.get(row.name, 0)
