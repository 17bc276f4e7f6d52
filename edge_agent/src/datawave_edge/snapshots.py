"""From a shape and a sample to the record's table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from .connectors import Cell, Sample, TableRef, TableShape
from .egress import clean_ref, unname
from .protocol import (
    Anonymity,
    ColumnSnapshot,
    PathSnapshot,
    Record,
    Sketching,
    TableRecord,
    TableSnapshot,
)

_BLANK_HASH: Final = "0" * 64


@dataclass
class Profiled:
    """Columns with their profiles, and what lies in those that hold documents."""

    columns: list[ColumnSnapshot]
    paths: list[PathSnapshot] = field(default_factory=list)


def snapshot_of(
    shape: TableShape,
    sample: Sample | None,
    profile_error: str,
    profiled: Profiled | None = None,
) -> TableSnapshot:
    """The record's table, with profiles when there is a sample. The hash is set at egress.

    `profiled` is a table whose slices were profiled before.
    """
    counted = sample is not None and sample.row_count is not None
    if profiled is None:
        profiled = profile_sample(shape, sample) if sample else Profiled(shape.columns)
    columns = profiled.columns
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
        columns_hidden=shape.columns_hidden,
        row_count=sample.row_count if sample and counted else shape.row_count,
        row_count_exact=sample.exact if sample and counted else shape.row_count_exact,
        size_bytes=shape.size_bytes,
        grants=shape.grants,
        profile_error=profile_error,
        anonymity=judge_anonymity(columns, sample) if sample and sample.rows else None,
        paths=profiled.paths,
    )


def profile_sample(
    shape: TableShape,
    sample: Sample,
    rate: Callable[[Sequence[Cell]], dict[str, float]] | None = None,
) -> Profiled:
    """The shape's columns with the profiles of a sample, and the paths of its documents.

    `rate` tells what own recognisers make of a path's cells.
    """
    # Profiling brings the recognisers and their word lists, so it is loaded with the first table.
    from .profile import open_paths, profile_columns

    total = sample.row_count if sample.row_count is not None else shape.row_count
    paths = open_paths(shape.columns, sample, rate)
    told = {each.name for each in shape.columns if each.ordinal not in shape.unnamed}
    return Profiled(
        columns=profile_columns(shape.columns, sample, total),
        paths=[each for each in paths if each.column in told],
    )


def sketch_columns(
    shape: TableShape, columns: Sequence[ColumnSnapshot], sample: Sample, told: Sketching
) -> list[ColumnSnapshot]:
    """The columns with their sketches, under the names that the server knows."""
    from .profile import Sketcher

    container, name = clean_ref(shape.ref)
    return Sketcher(told).add_sketches((container, name), columns, sample)


def judge_anonymity(columns: Sequence[ColumnSnapshot], sample: Sample) -> Anonymity | None:
    """How alone the sampled rows stand."""
    from .profile import find_anonymity

    whole = sample.exact and sample.row_count == len(sample.rows)
    return find_anonymity(columns, sample.rows, whole=whole)


def ref_of(record: Record) -> TableRef:
    """The dataset that a record is about."""
    part = record.table if isinstance(record, TableRecord) else record
    return TableRef(part.container, part.name)
