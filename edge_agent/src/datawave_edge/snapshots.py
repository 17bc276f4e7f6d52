"""From a shape and a sample to the record's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .connectors import Sample, TableRef, TableShape
from .egress import unname
from .protocol import Anonymity, ColumnSnapshot, Record, TableRecord, TableSnapshot

_BLANK_HASH: Final = "0" * 64


def snapshot_of(
    shape: TableShape,
    sample: Sample | None,
    profile_error: str,
    columns: Sequence[ColumnSnapshot] | None = None,
) -> TableSnapshot:
    """The record's table, with profiles when there is a sample. The hash is set at egress.

    `columns` are those of a table whose slices were profiled before.
    """
    counted = sample is not None and sample.row_count is not None
    if columns is None:
        columns = profile_sample(shape, sample) if sample else shape.columns
    return TableSnapshot(
        container=shape.ref.container,
        name=shape.ref.name,
        kind=shape.kind,
        columns=[unname(each) if each.ordinal in shape.unnamed else each for each in columns],
        content_hash=_BLANK_HASH,
        comment=shape.comment,
        foreign_keys=shape.foreign_keys,
        indexes=shape.indexes,
        constraints=shape.constraints,
        sequences=shape.sequences,
        parents=shape.parents,
        partitioning=shape.partitioning,
        definition=shape.definition,
        row_security=shape.row_security,
        row_count=sample.row_count if sample and counted else shape.row_count,
        row_count_exact=sample.exact if sample and counted else shape.row_count_exact,
        size_bytes=shape.size_bytes,
        grants=shape.grants,
        profile_error=profile_error,
        anonymity=judge_anonymity(columns, sample) if sample and sample.rows else None,
    )


def profile_sample(shape: TableShape, sample: Sample) -> Sequence[ColumnSnapshot]:
    """The shape's columns with the profiles of a sample."""
    # Profiling brings the recognisers and their word lists, so it is loaded with the first table.
    from .profile import profile_columns

    total = sample.row_count if sample.row_count is not None else shape.row_count
    return profile_columns(shape.columns, sample, total)


def judge_anonymity(columns: Sequence[ColumnSnapshot], sample: Sample) -> Anonymity | None:
    """How alone the sampled rows stand."""
    from .profile import find_anonymity

    whole = sample.exact and sample.row_count == len(sample.rows)
    return find_anonymity(columns, sample.rows, whole=whole)


def ref_of(record: Record) -> TableRef:
    """The dataset that a record is about."""
    part = record.table if isinstance(record, TableRecord) else record
    return TableRef(part.container, part.name)
