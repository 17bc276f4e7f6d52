"""Takes a job back: datasets and fields become what they were before it, and its drift goes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
from django.db import transaction
from django.utils import timezone

from apps.discovery.models import (
    AbsenceDoubt,
    BatchItem,
    Dataset,
    DiscoveryJob,
    Field,
    SchemaChange,
    TableSnapshot,
)
from apps.discovery.types import DatasetState, FieldState, ItemOutcome
from apps.discovery.undoing import Plan, plan_reversal, split
from datawave_edge.protocol import ColumnSnapshot
from datawave_edge.protocol import TableSnapshot as WireTable

COLUMN_FIELDS = (
    "ordinal", "native_type", "type", "nullable", "key_position", "unique", "comment",
)  # fmt: skip
TABLE_FIELDS = ("kind", "comment", "row_count", "row_count_exact", "size_bytes", "content_hash")


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """What is left to do after the structure is what it was."""

    # Datasets that are described by an older version now.
    tables: list[int] = field(default_factory=list)
    # Those that the job had brought back; restore_states lets them go when the stages are done.
    gone: Mapping[int, DatasetState] = field(default_factory=dict)


@transaction.atomic
def take_back_job(*, job_id: int, keep_fields: Collection[int] = ()) -> TakenBack:
    """Take the job back once.

    Columns in `keep_fields`, and their tables, stay as removed and dropped: people worked on them,
    and the next discovery brings them back with what was decided.
    """
    job = DiscoveryJob.objects.select_for_update().get(pk=job_id)
    if job.undone_at is not None:
        return TakenBack()
    plan, kept = plan_reversal(job), set(keep_fields)
    _remove_new(plan, kept)
    for ids in split(sorted(plan.older)):
        _go_back(plan, ids, kept)
    _forget_reading(plan.unread, kept)
    gone = {pk: state for pk, state in plan.states.items() if state != DatasetState.ACTIVE}
    back = dict.fromkeys(plan.states.keys() - gone.keys(), DatasetState.ACTIVE)
    restore_states(states=back)
    _restore_last_words(job)
    SchemaChange.objects.filter(job=job).delete()
    # What it asked about absent tables is no question any more.
    AbsenceDoubt.objects.filter(job=job).delete()
    TableSnapshot.objects.filter(job=job).delete()
    DiscoveryJob.objects.filter(pk=job.pk).update(undone_at=timezone.now())
    return TakenBack(tables=sorted(plan.older), gone=gone)


def _remove_new(plan: Plan, kept: set[int]) -> None:
    tables = set(Field.objects.filter(pk__in=kept).values_list("dataset", flat=True)) & plan.new
    _retire_fields(tables, kept)
    Dataset.objects.filter(pk__in=tables).update(
        state=DatasetState.DROPPED, snapshot=None, content_hash=""
    )
    for ids in split(sorted(plan.new - tables)):
        Dataset.objects.filter(pk__in=ids).delete()


def _retire_fields(dataset_ids: Iterable[int], kept: set[int]) -> None:
    """All columns of these tables go but those on which people worked; these are removed."""
    for ids in split(sorted(dataset_ids)):
        fields = Field.objects.filter(dataset__in=ids)
        fields.exclude(pk__in=kept).delete()
        fields.update(state=FieldState.REMOVED, removed_at=timezone.now())


def _forget_reading(dataset_ids: set[int], kept: set[int]) -> None:
    _retire_fields(dataset_ids, kept)
    for ids in split(sorted(dataset_ids)):
        Dataset.objects.filter(pk__in=ids).update(
            snapshot=None, content_hash="", comment="", column_count=0, row_count=None,
            row_count_exact=False, size_bytes=None,
        )  # fmt: skip


def _go_back(plan: Plan, ids: list[int], kept: set[int]) -> None:
    wanted = TableSnapshot.objects.filter(pk__in=[plan.older[pk] for pk in ids])
    snapshots = {row.dataset_id: row for row in wanted}
    tables = {pk: _decode(row) for pk, row in snapshots.items()}
    datasets = list(Dataset.objects.filter(pk__in=ids))
    for dataset in datasets:
        for name in TABLE_FIELDS:
            setattr(dataset, name, getattr(tables[dataset.pk], name))
        dataset.column_count = len(tables[dataset.pk].columns)
        dataset.snapshot = snapshots[dataset.pk]
    Dataset.objects.bulk_update(datasets, [*TABLE_FIELDS, "column_count", "snapshot"])
    TableSnapshot.objects.filter(pk__in=[row.pk for row in snapshots.values()]).update(
        valid_to=None
    )
    _go_back_fields(plan, tables, kept)


def _decode(snapshot: TableSnapshot) -> WireTable:
    return msgspec.convert(snapshot.payload, WireTable)


def _go_back_fields(plan: Plan, tables: dict[int, WireTable], kept: set[int]) -> None:
    changed: list[Field] = []
    gone: list[int] = []
    columns = {
        pk: {each.name: each for each in table.list_fields()} for pk, table in tables.items()
    }
    for row in Field.objects.filter(dataset__in=list(tables)):
        is_new = row.pk in plan.new_fields
        column = columns[row.dataset_id].get(row.name)
        if column is not None:
            _fill(row, column)
        elif is_new and row.pk not in kept:
            gone.append(row.pk)
            continue
        elif row.state == FieldState.ACTIVE:
            _retire(row, is_new=is_new, before=plan.older[row.dataset_id])
        changed.append(row)
    Field.objects.bulk_update(changed, [*COLUMN_FIELDS, "state", "removed_at"], batch_size=500)
    for ids in split(gone):
        Field.objects.filter(pk__in=ids).delete()


def _find_column(table: WireTable, name: str) -> ColumnSnapshot | None:
    return next((column for column in table.list_fields() if column.name == name), None)


def _fill(row: Field, column: ColumnSnapshot) -> None:
    for name in COLUMN_FIELDS:
        setattr(row, name, getattr(column, name))
    row.state, row.removed_at = FieldState.ACTIVE, None


def _retire(row: Field, *, is_new: bool, before: int) -> None:
    """Removed again: a column that had come back is what the last version with it says."""
    since: dt.datetime | None = timezone.now()
    older = TableSnapshot.objects.filter(dataset=row.dataset_id, pk__lte=before)
    for snapshot in older.order_by("-pk") if not is_new else ():
        column = _find_column(_decode(snapshot), row.name)
        if column is not None:
            _fill(row, column)
            since = snapshot.valid_to
            break
    row.state, row.removed_at = FieldState.REMOVED, since


def restore_states(*, states: Mapping[int, DatasetState]) -> None:
    """Let these datasets be what they were."""
    for state in DatasetState:
        wanted = sorted(pk for pk, before in states.items() if before == state)
        for ids in split(wanted):
            Dataset.objects.filter(pk__in=ids).update(state=state)


def _restore_last_words(job: DiscoveryJob) -> None:
    """Who saw a dataset last, when, and why it could not be read, as the job before said it."""
    own = list(Dataset.objects.filter(last_job=job).values_list("pk", flat=True))
    for ids in split(own):
        words = _load_last_words(job, ids)
        rows = list(Dataset.objects.filter(pk__in=ids))
        for row in rows:
            _say_again(row, words.get(row.pk))
        Dataset.objects.bulk_update(
            rows, ["last_job", "last_seen_at", "error_code", "error_message"]
        )


def _load_last_words(job: DiscoveryJob, ids: list[int]) -> dict[int | None, BatchItem]:
    standing = BatchItem.objects.filter(dataset__in=ids, batch__job__undone_at=None)
    items = standing.exclude(batch__job=job)
    seen = items.exclude(outcome=ItemOutcome.FILTERED).select_related("batch")
    return {item.dataset_id: item for item in seen.order_by("pk")}


def _say_again(row: Dataset, item: BatchItem | None) -> None:
    failed = item is not None and item.outcome == ItemOutcome.FAILED
    row.last_job_id = item.batch.job_id if item else None
    row.last_seen_at = item.batch.received_at if item else None
    row.error_code = item.code if item and failed else ""
    row.error_message = item.message if item and failed else ""
