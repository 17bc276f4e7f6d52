"""Measures and flags from a table's snapshot alone.

Quality is 0..100, the weighted mean of the parts that apply to the dataset:

    45  completeness: mean share of values that are neither null nor empty
    25  key: it has a primary key (tables only)
    20  tidiness: share of columns that are not empty, constant or stored as the wrong type
    10  comments: share of the dataset and its columns that carry one

A part that can't be known, such as completeness without a profile, is left out of the mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from datawave_edge.protocol import ColumnProfile, ColumnSnapshot, TableSnapshot

from .types import Flag

WIDE_FROM: Final = 101
MOSTLY_NULL_FROM: Final = 0.95
_MOST: Final = 0.95
_WEIGHTS: Final[Mapping[str, int]] = {
    "completeness": 45,
    "key": 25,
    "tidiness": 20,
    "comments": 10,
}
_UNTIDY: Final = frozenset({Flag.ALL_NULL, Flag.CONSTANT, Flag.TEXT_FOR_NUMBER, Flag.TEXT_FOR_DATE})
_KEYLESS_KINDS: Final = frozenset({"view", "materialized_view", "foreign_table", "file"})
_TEXTS: Final = frozenset({"text", "other"})
# A key candidate needs rows enough that being unique is no accident.
_KEY_ROWS: Final = 20
_KEY_TYPES: Final = frozenset({"integer", "text", "uuid"})
_KEY_LENGTH: Final = 40
_DATES: Final = ("date_iso", "datetime_iso", "date_other")


@dataclass(frozen=True, kw_only=True)
class ColumnMeasures:
    """Measures of one column; None where it was not profiled."""

    sampled_rows: int | None = None
    null_rate: float | None = None
    distinct_rate: float | None = None
    distinct: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    mean_length: float | None = None
    entropy: float | None = None
    shapes: Mapping[str, float]
    protection: str = "unknown"
    flags: tuple[str, ...] = ()
    rare: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TableMeasures:
    """Measures of one dataset and of its columns by name."""

    row_count: int | None
    size_bytes: int | None
    column_count: int
    completeness: float | None
    quality: int | None
    flags: tuple[str, ...]
    counting: Mapping[str, Any]
    anonymity: Mapping[str, Any]
    columns: Mapping[str, ColumnMeasures]


def measure_table(table: TableSnapshot) -> TableMeasures:
    """Measure a dataset."""
    columns = {field.name: measure_column(field) for field in table.list_fields()}
    completeness = _mean_completeness(table)
    return TableMeasures(
        row_count=table.row_count,
        size_bytes=table.size_bytes,
        column_count=len(table.columns),
        completeness=completeness,
        quality=_rate_quality(
            table, {each.name: columns[each.name] for each in table.columns}, completeness
        ),
        flags=tuple(flag.value for flag in _list_table_flags(table)),
        counting=msgspec.to_builtins(table.counting) if table.counting else {},
        anonymity=msgspec.to_builtins(table.anonymity) if table.anonymity else {},
        columns=columns,
    )


def measure_column(column: ColumnSnapshot) -> ColumnMeasures:
    """Measure a column."""
    profile = column.profile
    if profile is None:
        return ColumnMeasures(shapes={})
    if profile.rows == 0:
        return ColumnMeasures(shapes={}, sampled_rows=0)
    filled = profile.rows - profile.nulls
    return ColumnMeasures(
        sampled_rows=profile.rows,
        null_rate=round(profile.nulls / profile.rows, 4),
        distinct_rate=round(profile.distinct / filled, 4) if filled else None,
        distinct=profile.distinct,
        min_length=profile.min_length,
        max_length=profile.max_length,
        mean_length=profile.mean_length,
        entropy=profile.entropy,
        shapes=dict(profile.shapes),
        protection=profile.protection,
        rare=dict(profile.rare),
        figures=_list_figures(profile),
        flags=tuple(flag.value for flag in _list_column_flags(column, profile)),
    )


def _list_figures(profile: ColumnProfile) -> dict[str, Any]:
    number, date = profile.number, profile.date
    figures = {
        "unique_rate": profile.unique_rate,
        "distinct_estimate": profile.distinct_estimate,
        "length_quartiles": list(profile.length_quartiles),
        "quartiles": list(number.quartiles) if number else [],
        "mentions": dict(profile.mentions),
        "oldest_age_days": date.oldest_age_days if date else None,
    }
    return {name: value for name, value in figures.items() if value not in (None, [], {})}


def _list_column_flags(column: ColumnSnapshot, profile: ColumnProfile) -> list[Flag]:
    filled = profile.rows - profile.nulls - profile.empty
    if filled <= 0:
        return [Flag.ALL_NULL]
    flags = [Flag.MOSTLY_NULL] if profile.nulls / profile.rows > MOSTLY_NULL_FROM else []
    if profile.distinct == 1 and filled > 1:
        flags.append(Flag.CONSTANT)
    if _is_key_candidate(column, profile):
        flags.append(Flag.KEY_CANDIDATE)
    return flags + _list_type_flags(column, profile)


def _is_key_candidate(column: ColumnSnapshot, profile: ColumnProfile) -> bool:
    if column.key_position or column.unique or column.type not in _KEY_TYPES:
        return False
    whole = profile.nulls == 0 and profile.empty == 0 and profile.distinct == profile.rows
    return whole and profile.rows >= _KEY_ROWS and profile.max_length <= _KEY_LENGTH


def _list_type_flags(column: ColumnSnapshot, profile: ColumnProfile) -> list[Flag]:
    if column.type not in _TEXTS:
        return []
    if sum(profile.hits.get(name, 0.0) for name in _DATES) >= _MOST:
        return [Flag.TEXT_FOR_DATE]
    is_number = profile.hits.get("integer", 0.0) + profile.hits.get("decimal", 0.0) >= _MOST
    # Digits of one length, or none too few, are codes: telephone numbers, postal codes, keys.
    is_code = profile.min_length == profile.max_length or profile.mean_length > 9  # noqa: PLR2004  # amounts are shorter
    return [Flag.TEXT_FOR_NUMBER] if is_number and not is_code else []


def _list_table_flags(table: TableSnapshot) -> list[Flag]:
    flags = []
    if table.kind not in _KEYLESS_KINDS and not _has_key(table):
        flags.append(Flag.NO_PRIMARY_KEY)
    if table.row_count == 0:
        flags.append(Flag.NO_ROWS)
    if len(table.columns) >= WIDE_FROM:
        flags.append(Flag.WIDE)
    if table.profile_error or not any(column.profile for column in table.columns):
        flags.append(Flag.NOT_PROFILED)
    if not table.comment:
        flags.append(Flag.NO_COMMENT)
    if _has_duplicate_index(table):
        flags.append(Flag.DUPLICATE_INDEX)
    return flags


def _has_key(table: TableSnapshot) -> bool:
    return any(column.key_position for column in table.columns)


def _has_duplicate_index(table: TableSnapshot) -> bool:
    listed = Counter(tuple(index.columns) for index in table.indexes)
    return any(count > 1 for count in listed.values())


def _mean_completeness(table: TableSnapshot) -> float | None:
    profiles = [c.profile for c in table.columns if c.profile and c.profile.rows]
    if not profiles:
        return None
    shares = [1 - (each.nulls + each.empty) / each.rows for each in profiles]
    return round(max(0.0, sum(shares) / len(shares)), 4)


def _rate_quality(
    table: TableSnapshot, columns: Mapping[str, ColumnMeasures], completeness: float | None
) -> int | None:
    parts: dict[str, float] = {"comments": _share_commented(table)}
    if completeness is not None:
        parts["completeness"] = completeness
        parts["tidiness"] = _share_tidy(columns)
    if table.kind not in _KEYLESS_KINDS:
        parts["key"] = float(_has_key(table))
    total = sum(_WEIGHTS[name] for name in parts)
    return round(100 * sum(_WEIGHTS[name] * part for name, part in parts.items()) / total)


def _share_commented(table: TableSnapshot) -> float:
    texts = [table.comment, *(column.comment for column in table.columns)]
    return sum(bool(text) for text in texts) / len(texts)


def _share_tidy(columns: Mapping[str, ColumnMeasures]) -> float:
    untidy = sum(not _UNTIDY.isdisjoint(each.flags) for each in columns.values())
    return 1 - untidy / len(columns) if columns else 1.0
