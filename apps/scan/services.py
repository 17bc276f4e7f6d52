"""Measures the tables of a batch, and what only shows once all tables are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction

from apps.discovery.selectors import count_changes, load_dataset_tables
from apps.discovery.types import BatchContent, BatchTable, StageOutcome

from .links import list_isolated
from .measures import ColumnMeasures, TableMeasures, measure_table
from .models import DatasetMeasurement, FieldMeasurement
from .selectors import list_measured, list_newest
from .types import Flag

_AT_ONCE = 500
_DATASET_FIELDS = (
    "row_count", "size_bytes", "column_count", "completeness", "quality", "flags", "counting",
    "anonymity",
)  # fmt: skip
_FIELD_FIELDS = (
    "sampled_rows", "null_rate", "distinct_rate", "distinct", "min_length", "max_length",
    "mean_length", "entropy", "shapes", "protection", "flags", "rare",
    "figures",
)  # fmt: skip


def measure_batch(batch: BatchContent) -> dict[int, TableMeasures]:
    """Measures by dataset id, of tables that changed or were never measured."""
    measured = list_measured(table.dataset_id for table in batch.tables if not table.changed)
    return {
        table.dataset_id: measure_table(table.snapshot)
        for table in batch.tables
        if table.dataset_id not in measured
    }


@transaction.atomic
def store_measures(*, batch: BatchContent, measures: Mapping[int, TableMeasures]) -> StageOutcome:
    """Write the measures of a batch in a constant number of queries."""
    DatasetMeasurement.objects.bulk_create(
        [_make_dataset_row(key, batch.job_id, each) for key, each in measures.items()],
        update_conflicts=True,
        unique_fields=["dataset", "job"],
        update_fields=list(_DATASET_FIELDS),
    )
    rows = [row for table in batch.tables for row in _make_field_rows(table, measures)]
    FieldMeasurement.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["field"], update_fields=list(_FIELD_FIELDS)
    )
    return StageOutcome(counters=_count(batch, measures))


def _make_dataset_row(dataset_id: int, job_id: int, measures: TableMeasures) -> DatasetMeasurement:
    values = {name: getattr(measures, name) for name in _DATASET_FIELDS}
    values["flags"] = list(measures.flags)
    return DatasetMeasurement(dataset_id=dataset_id, job_id=job_id, **values)


def _make_field_rows(
    table: BatchTable, measures: Mapping[int, TableMeasures]
) -> Iterable[FieldMeasurement]:
    found = measures.get(table.dataset_id)
    for name, column in found.columns.items() if found else ():
        if name in table.field_ids:
            yield _make_field_row(table.field_ids[name], column)


def _make_field_row(field_id: int, measures: ColumnMeasures) -> FieldMeasurement:
    values = {name: getattr(measures, name) for name in _FIELD_FIELDS}
    values["flags"] = list(measures.flags)
    return FieldMeasurement(field_id=field_id, **values)


def _count(batch: BatchContent, measures: Mapping[int, TableMeasures]) -> dict[str, int]:
    flags = sum(
        len(each.flags) + sum(len(column.flags) for column in each.columns.values())
        for each in measures.values()
    )
    columns = sum(len(table.snapshot.columns) for table in batch.tables)
    return {"tables": len(batch.tables), "columns": columns, "flags": flags}


@transaction.atomic
def settle_source(*, source_id: int, job_id: int) -> StageOutcome:
    """Flag tables that stand alone, and count what changed since the last run."""
    isolated = list_isolated(load_dataset_tables(source_id))
    # Those of unchanged tables too: a table is no longer alone when a new one refers to it.
    rows = list_newest(source_id)
    changed = [row for row in rows.iterator(_AT_ONCE) if _set_isolated(row, isolated)]
    DatasetMeasurement.objects.bulk_update(changed, ["flags"], batch_size=_AT_ONCE)
    changes = count_changes(job_id)
    counters = {"isolated": len(isolated), "changes": sum(changes.values()), **changes}
    return StageOutcome(counters=counters)


def _set_isolated(row: DatasetMeasurement, isolated: set[int]) -> bool:
    """Whether the flags had to change."""
    before: list[str] = list(row.flags)
    row.flags = [flag for flag in before if flag != Flag.ISOLATED]
    if row.dataset_id in isolated:
        row.flags.append(Flag.ISOLATED.value)
    return bool(row.flags != before)
