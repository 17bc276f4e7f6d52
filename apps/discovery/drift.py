"""What is different between the fields that are held and the columns that an agent describes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datawave_edge.protocol import ColumnSnapshot, TableSnapshot

from .models import Dataset, DiscoveryJob, Field, SchemaChange
from .types import ChangeKind, DatasetState, FieldState

LONGEST = 1_000

# Kind, field, before, after.
Change = tuple[ChangeKind, str, str, str]


def find_changes(
    job: DiscoveryJob,
    dataset: Dataset,
    *,
    was: str,
    held: dict[str, Field],
    table: TableSnapshot,
) -> Iterator[SchemaChange]:
    """Differences of a dataset that was in state `was` with the fields `held`; "" means new."""

    def change(
        kind: ChangeKind, field: str = "", before: str = "", after: str = ""
    ) -> SchemaChange:
        return make_change(job, dataset, kind, field=field, before=before, after=after)

    if was == "":
        yield change(ChangeKind.TABLE_ADDED)
        return
    if was != DatasetState.ACTIVE:
        yield change(ChangeKind.TABLE_RETURNED)
    active = {name: field for name, field in held.items() if field.state == FieldState.ACTIVE}
    # A dataset that never could be read so far has no fields to compare with.
    if not active:
        return
    for kind, name, before, after in (
        *_compare_columns(table, active),
        *_compare_paths(table, active),
    ):
        yield change(kind, name, before, after)
    old_key, new_key = _key_of_fields(active), _key_of_columns(table.columns)
    if old_key != new_key:
        yield change(ChangeKind.KEY_CHANGED, "", ", ".join(old_key), ", ".join(new_key))


def _compare_columns(table: TableSnapshot, active: dict[str, Field]) -> Iterator[Change]:
    held = {name: field for name, field in active.items() if not field.path_of}
    for column in table.columns:
        if (field := held.get(column.name)) is None:
            yield ChangeKind.COLUMN_ADDED, column.name, "", column.native_type
            continue
        for kind, before, after in _compare(field, column):
            yield kind, column.name, before, after
    for name in held.keys() - {column.name for column in table.columns}:
        yield ChangeKind.COLUMN_REMOVED, name, held[name].native_type, ""


def _compare_paths(table: TableSnapshot, active: dict[str, Field]) -> Iterator[Change]:
    """Paths that came and went in columns that were opened before and are still there."""
    paths = {name: field for name, field in active.items() if field.path_of}
    opened = {field.path_of for field in paths.values()}
    shown = {path.name: path for path in table.paths}
    for name in shown.keys() - paths.keys():
        if shown[name].column in opened:
            yield ChangeKind.PATH_ADDED, name, "", shown[name].native_type
    columns = {column.name for column in table.columns}
    for name in paths.keys() - shown.keys():
        if paths[name].path_of in columns:
            yield ChangeKind.PATH_REMOVED, name, paths[name].native_type, ""


def make_change(
    job: DiscoveryJob,
    dataset: Dataset,
    kind: ChangeKind,
    *,
    field: str = "",
    before: str = "",
    after: str = "",
) -> SchemaChange:
    """A change that is not saved yet."""
    return SchemaChange(
        source_id=dataset.source_id,
        dataset=dataset,
        job=job,
        kind=kind,
        field_name=field,
        before=before[:LONGEST],
        after=after[:LONGEST],
    )


def _compare(field: Field, column: ColumnSnapshot) -> Iterator[tuple[ChangeKind, str, str]]:
    if field.native_type != column.native_type:
        yield ChangeKind.TYPE_CHANGED, field.native_type, column.native_type
    if field.nullable != column.nullable:
        yield ChangeKind.NULLABILITY_CHANGED, _say(field.nullable), _say(column.nullable)
    if field.comment != column.comment:
        yield ChangeKind.COMMENT_CHANGED, field.comment, column.comment


def _say(nullable: bool) -> str:  # noqa: FBT001  # it is the value that is said
    return "nullable" if nullable else "not null"


def _key_of_fields(fields: dict[str, Field]) -> list[str]:
    keyed = [field for field in fields.values() if field.key_position]
    return [field.name for field in sorted(keyed, key=lambda field: field.key_position)]


def _key_of_columns(columns: Sequence[ColumnSnapshot]) -> list[str]:
    keyed = [column for column in columns if column.key_position]
    return [column.name for column in sorted(keyed, key=lambda column: column.key_position)]
