"""Writes the records of one batch, with the same few queries however many tables it holds."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from django.utils import timezone

from datawave_edge.protocol import (
    ColumnSnapshot,
    FailedRecord,
    FilteredRecord,
    Record,
    TableRecord,
    UnchangedRecord,
)
from datawave_edge.protocol import TableSnapshot as WireTable

from .drift import find_changes, make_change
from .models import (
    Batch,
    BatchItem,
    Dataset,
    DiscoveryJob,
    Field,
    SchemaChange,
    TableSnapshot,
)
from .paths import carry_columns, carry_paths, find_unshown, mark_paths
from .types import ChangeKind, DatasetState, FieldState, ItemOutcome, JobState
from .validation import Key, find_conflicts, key_of

# What a new description of a dataset or column replaces.
DATASET_FIELDS = [
    "kind", "state", "content_hash", "comment", "column_count", "row_count", "row_count_exact",
    "size_bytes", "last_job", "last_seen_at", "error_code", "error_message",
]  # fmt: skip
FIELD_FIELDS = [
    "ordinal", "native_type", "type", "nullable", "key_position", "unique", "comment", "state",
    "removed_at", "path_of", "unseen",
]  # fmt: skip


@dataclass(kw_only=True)
class Intake:
    """A batch being stored, with what is held of its datasets."""

    job: DiscoveryJob
    batch: Batch
    held: dict[Key, Dataset]
    now: dt.datetime = field(default_factory=timezone.now)
    changes: list[SchemaChange] = field(default_factory=list)
    items: list[BatchItem] = field(default_factory=list)

    def add_item(
        self,
        record: Record,
        outcome: ItemOutcome,
        dataset: Dataset | None,
        *,
        snapshot_id: int | None = None,
    ) -> None:
        """Note what became of a record."""
        container, name = key_of(record)
        item = BatchItem(
            batch=self.batch, dataset=dataset, container=container, name=name, outcome=outcome
        )
        item.snapshot_id = snapshot_id
        if isinstance(record, FailedRecord):
            item.code, item.message = record.code, record.message
        self.items.append(item)


def load_held(source_id: int, records: Sequence[Record]) -> dict[Key, Dataset]:
    """The datasets that the records are about, as far as they are known."""
    keys = {key_of(record) for record in records}
    rows = Dataset.objects.filter(
        source_id=source_id,
        container__in={container for container, _ in keys},
        name__in={name for _, name in keys},
    )
    return {key: row for row in rows if (key := (row.container, row.name)) in keys}


def without_outdated(job: DiscoveryJob, seq: int, records: list[Record]) -> list[Record]:
    """The records but those of which a later batch, that came before this one, knows better."""
    later = BatchItem.objects.filter(batch__job=job, batch__seq__gt=seq)
    if not later.exists():
        return records
    keys = {key_of(record) for record in records}
    named = later.filter(
        container__in={part for part, _ in keys}, name__in={name for _, name in keys}
    )
    newer = set(named.values_list("container", "name"))
    return [record for record in records if key_of(record) not in newer]


def find_store_conflicts(
    job: DiscoveryJob, records: Sequence[Record], held: dict[Key, Dataset]
) -> list[str]:
    """Reasons why the records contradict what is stored."""
    keys = {key_of(record) for record in records}
    sent = BatchItem.objects.filter(
        batch__job=job,
        batch__epoch=job.epoch,
        container__in={container for container, _ in keys},
        name__in={name for _, name in keys},
    )
    hashes = {key: row.content_hash for key, row in held.items() if row.snapshot_id}
    return find_conflicts(
        records, hashes=hashes, sent=keys & set(sent.values_list("container", "name"))
    )


def store_records(intake: Intake, records: Sequence[Record]) -> None:
    """Write the records. The caller holds a transaction and the job's row."""
    fresh, same, rest = _sort_records(records, intake.held)
    _store_tables(intake, fresh)
    _store_present(intake, same, ItemOutcome.UNCHANGED)
    _store_failed(intake, [record for record in rest if isinstance(record, FailedRecord)])
    for record in rest:
        if isinstance(record, FilteredRecord):
            intake.add_item(record, ItemOutcome.FILTERED, intake.held.get(key_of(record)))
    if not _is_first_run(intake.job):
        SchemaChange.objects.bulk_create(intake.changes)
    BatchItem.objects.bulk_create(intake.items)


def _sort_records(
    records: Sequence[Record], held: dict[Key, Dataset]
) -> tuple[list[TableRecord], list[Record], list[Record]]:
    fresh: list[TableRecord] = []
    same: list[Record] = []
    rest: list[Record] = []
    for record in records:
        if isinstance(record, UnchangedRecord):
            same.append(record)
        elif not isinstance(record, TableRecord):
            rest.append(record)
        elif _is_held(record, held.get(key_of(record))):
            same.append(record)
        else:
            fresh.append(record)
    return fresh, same, rest


def _is_held(record: TableRecord, dataset: Dataset | None) -> bool:
    # Sent whole although nothing changed, as after a crash between sending and hearing the ack.
    return (
        dataset is not None
        and dataset.snapshot_id is not None
        and dataset.content_hash == record.table.content_hash
    )


def _is_first_run(job: DiscoveryJob) -> bool:
    done = DiscoveryJob.objects.filter(
        source_id=job.source_id, state=JobState.CLOSED, undone_at=None
    )
    return not done.exclude(pk=job.pk).exists()


def _store_tables(intake: Intake, records: list[TableRecord]) -> None:
    if not records:
        return
    was = {key: dataset.state for key, dataset in intake.held.items()}
    held_fields = _load_fields(
        [intake.held[key] for record in records if (key := key_of(record)) in intake.held]
    )
    unshown = _find_unshown(intake, records, held_fields)
    records = _carry_hidden(intake, _carry_paths(intake, records, unshown))
    datasets = Dataset.objects.bulk_create(
        [_fill_dataset(intake, record.table) for record in records],
        update_conflicts=True,
        unique_fields=["source", "container", "name"],
        update_fields=DATASET_FIELDS,
    )
    fields: list[Field] = []
    for dataset, record in zip(datasets, records, strict=True):
        held = held_fields[dataset.pk]
        key = key_of(record)
        intake.changes += find_changes(
            intake.job, dataset, was=was.get(key, ""), held=held, table=record.table
        )
        rows = [_fill_field(dataset, column) for column in record.table.list_fields()]
        mark_paths(rows, record.table, unshown.get(key, {}))
        fields += _fill_fields(rows, held, intake.now)
    Field.objects.bulk_create(
        fields,
        update_conflicts=True,
        unique_fields=["dataset", "name"],
        update_fields=FIELD_FIELDS,
    )
    _store_snapshots(intake, datasets, records)


def _find_unshown(
    intake: Intake, records: Sequence[TableRecord], held: dict[int, dict[str, Field]]
) -> dict[Key, dict[str, int]]:
    """Paths that the tables' samples did not show, and that are not gone yet."""
    known = [record for record in records if key_of(record) in intake.held]
    found = {
        key_of(record): find_unshown(record.table, held[intake.held[key_of(record)].pk])
        for record in known
    }
    return {key: names for key, names in found.items() if names}


def _carry_paths(
    intake: Intake, records: list[TableRecord], unshown: dict[Key, dict[str, int]]
) -> list[TableRecord]:
    if not unshown:
        return records
    before = _load_current([intake.held[key] for key in unshown])
    return [
        TableRecord(table=carry_paths(record.table, unshown[key], before.get(key)))
        if (key := key_of(record)) in unshown
        else record
        for record in records
    ]


def _load_current(datasets: Iterable[Dataset]) -> dict[Key, WireTable]:
    """The versions that hold of those datasets."""
    keys = {row.pk: (row.container, row.name) for row in datasets}
    current = TableSnapshot.objects.filter(dataset__in=keys, valid_to=None)
    return {keys[row.dataset_id]: msgspec.convert(row.payload, WireTable) for row in current}


def _carry_hidden(intake: Intake, records: list[TableRecord]) -> list[TableRecord]:
    """Columns that the account may not see any more are as they were described before."""
    partly = [record for record in records if record.table.columns_hidden]
    before = _load_current([held for record in partly if (held := intake.held.get(key_of(record)))])
    return [
        TableRecord(table=carry_columns(record.table, found))
        if record.table.columns_hidden and (found := before.get(key_of(record)))
        else record
        for record in records
    ]


def _load_fields(datasets: Iterable[Dataset]) -> dict[int, dict[str, Field]]:
    fields: dict[int, dict[str, Field]] = defaultdict(dict)
    for row in Field.objects.filter(dataset__in=[dataset.pk for dataset in datasets]):
        fields[row.dataset_id][row.name] = row
    return fields


def _fill_dataset(intake: Intake, table: WireTable) -> Dataset:
    # An upsert finds the row by its names, so a fresh object serves for old and new alike.
    return Dataset(
        source_id=intake.job.source_id,
        container=table.container,
        name=table.name,
        kind=table.kind,
        state=DatasetState.ACTIVE,
        content_hash=table.content_hash,
        comment=table.comment,
        column_count=len(table.columns),
        row_count=table.row_count,
        row_count_exact=table.row_count_exact,
        size_bytes=table.size_bytes,
        last_job=intake.job,
        last_seen_at=intake.now,
    )


def _fill_fields(rows: list[Field], held: dict[str, Field], now: dt.datetime) -> list[Field]:
    """Rows that are new or different; the others need no write."""
    different = [row for row in rows if _differs(row, held.get(row.name))]
    for name in held.keys() - {row.name for row in rows}:
        gone = held[name]
        if gone.state == FieldState.ACTIVE:
            gone.state, gone.removed_at = FieldState.REMOVED, now
            # As a new row: the upsert finds the old one by its names, and keeps its ids.
            gone.pk, gone.public_id = None, uuid.uuid4()
            different.append(gone)
    return different


def _fill_field(dataset: Dataset, column: ColumnSnapshot) -> Field:
    return Field(
        dataset=dataset,
        name=column.name,
        ordinal=column.ordinal,
        native_type=column.native_type,
        type=column.type,
        nullable=column.nullable,
        key_position=column.key_position,
        unique=column.unique,
        comment=column.comment,
    )


def _differs(row: Field, held: Field | None) -> bool:
    return held is None or any(getattr(row, name) != getattr(held, name) for name in FIELD_FIELDS)


def _store_snapshots(
    intake: Intake, datasets: Sequence[Dataset], records: Sequence[TableRecord]
) -> None:
    TableSnapshot.objects.filter(dataset__in=datasets, valid_to=None).update(valid_to=intake.now)
    snapshots = TableSnapshot.objects.bulk_create(
        [
            TableSnapshot(
                dataset=dataset,
                job=intake.job,
                content_hash=record.table.content_hash,
                payload=msgspec.to_builtins(record.table),
                valid_from=intake.now,
            )
            for dataset, record in zip(datasets, records, strict=True)
        ]
    )
    for dataset, record, snapshot in zip(datasets, records, snapshots, strict=True):
        dataset.snapshot = snapshot
        intake.add_item(record, ItemOutcome.STORED, dataset, snapshot_id=snapshot.pk)
    Dataset.objects.bulk_update(datasets, ["snapshot"])


def _store_present(intake: Intake, records: Sequence[Record], outcome: ItemOutcome) -> None:
    datasets = [intake.held[key_of(record)] for record in records]
    for dataset, record in zip(datasets, records, strict=True):
        _note_return(intake, dataset)
        intake.add_item(record, outcome, dataset, snapshot_id=dataset.snapshot_id)
    Dataset.objects.filter(pk__in=[dataset.pk for dataset in datasets]).update(
        state=DatasetState.ACTIVE,
        last_job=intake.job,
        last_seen_at=intake.now,
        error_code="",
        error_message="",
    )


def _store_failed(intake: Intake, records: Sequence[FailedRecord]) -> None:
    known: list[Dataset] = []
    for record in records:
        dataset = intake.held.get(key_of(record))
        intake.add_item(record, ItemOutcome.FAILED, dataset)
        if dataset is not None:
            _note_return(intake, dataset)
            dataset.state = DatasetState.ACTIVE
            dataset.last_job, dataset.last_seen_at = intake.job, intake.now
            dataset.error_code, dataset.error_message = record.code, record.message
            known.append(dataset)
    if known:
        Dataset.objects.bulk_update(
            known, ["state", "last_job", "last_seen_at", "error_code", "error_message"]
        )


def _note_return(intake: Intake, dataset: Dataset) -> None:
    if dataset.state != DatasetState.ACTIVE:
        intake.changes.append(make_change(intake.job, dataset, ChangeKind.TABLE_RETURNED))
