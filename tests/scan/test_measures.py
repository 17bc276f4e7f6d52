"""Measures, flags and quality from a snapshot alone."""

from __future__ import annotations

from typing import Any

import pytest

from apps.scan.measures import measure_column, measure_table
from apps.scan.types import Flag
from datawave_edge.protocol import ColumnSnapshot, Index
from tests.discovery.factories import make_column, make_profile, make_table


def flags_of(type: str = "text", **profile: Any) -> set[str]:  # noqa: A002 - the field's own name
    column = make_column("c", type, profile=make_profile(**profile))
    return set(measure_column(column).flags)


@pytest.mark.parametrize(
    ("kind", "profile", "flag"),
    [
        ("text", {"nulls": 100, "distinct": 0}, Flag.ALL_NULL),
        ("text", {"empty": 100, "distinct": 1}, Flag.ALL_NULL),
        ("text", {"nulls": 97, "distinct": 3}, Flag.MOSTLY_NULL),
        ("text", {"distinct": 1}, Flag.CONSTANT),
        ("integer", {"distinct": 100, "max_length": 6}, Flag.KEY_CANDIDATE),
        (
            "text",
            {"distinct": 40, "hits": {"integer": 1.0}, "min_length": 1, "max_length": 4},
            Flag.TEXT_FOR_NUMBER,
        ),
        ("text", {"distinct": 40, "hits": {"date_iso": 0.98}}, Flag.TEXT_FOR_DATE),
    ],
)
def test_column_is_flagged_when_it_looks_so(kind: str, profile: dict[str, Any], flag: Flag) -> None:
    assert flag in flags_of(kind, **profile)


@pytest.mark.parametrize(
    ("kind", "profile", "flag"),
    [
        ("text", {"nulls": 50, "distinct": 50}, Flag.MOSTLY_NULL),
        ("text", {"rows": 5, "distinct": 5}, Flag.KEY_CANDIDATE),
        ("text", {"distinct": 100, "max_length": 900}, Flag.KEY_CANDIDATE),
        (
            "text",
            {"distinct": 40, "hits": {"integer": 1.0}, "min_length": 5, "max_length": 5},
            Flag.TEXT_FOR_NUMBER,
        ),
        ("date", {"distinct": 40, "hits": {"date_iso": 1.0}}, Flag.TEXT_FOR_DATE),
    ],
)
def test_column_is_not_flagged_when_there_is_a_reason(
    kind: str, profile: dict[str, Any], flag: Flag
) -> None:
    assert flag not in flags_of(kind, **profile)


def test_rates_are_shares_of_the_right_rows_when_measured() -> None:
    profile = make_profile(rows=200, nulls=100, distinct=50)
    measures = measure_column(make_column("c", profile=profile))
    assert (measures.null_rate, measures.distinct_rate) == (0.5, 0.5)


def test_nothing_is_measured_when_there_is_no_profile() -> None:
    bare = ColumnSnapshot(name="c", ordinal=1, native_type="TEXT", type="text")
    measures = measure_column(bare)
    assert (measures.null_rate, measures.flags) == (None, ())
    assert measure_column(make_column("c", profile=make_profile(rows=0))).null_rate is None


def test_table_is_flagged_when_its_structure_is_poor() -> None:
    columns = [make_column(f"c{n}") for n in range(101)]
    doubled = [Index(name=name, columns=["c1"]) for name in ("a", "b")]
    flags = measure_table(make_table("t", columns, row_count=0, indexes=doubled)).flags
    assert set(flags) == {
        Flag.NO_PRIMARY_KEY,
        Flag.NO_ROWS,
        Flag.WIDE,
        Flag.NO_COMMENT,
        Flag.DUPLICATE_INDEX,
    }


def test_view_needs_no_key_when_flagged() -> None:
    assert Flag.NO_PRIMARY_KEY not in measure_table(make_table("v", ["a"], kind="view")).flags


def test_table_is_flagged_when_it_could_not_be_profiled() -> None:
    bare = ColumnSnapshot(name="c", ordinal=1, native_type="TEXT", type="text")
    measures = measure_table(make_table("t", [bare], profile_error="permission_denied"))
    assert Flag.NOT_PROFILED in measures.flags
    assert measures.completeness is None


def test_quality_is_full_when_all_is_there() -> None:
    columns = [make_column("id", "integer", key_position=1, comment="Key")]
    assert measure_table(make_table("t", columns, comment="All")).quality == 100


def test_quality_is_the_documented_mean_when_parts_are_lacking() -> None:
    half = make_profile(rows=100, nulls=50, distinct=50)
    # Half complete, no key, tidy, no comments: 45 * 0.5 + 20 of 100.
    measures = measure_table(make_table("t", [make_column("a", profile=half)]))
    assert measures.completeness == 0.5
    assert measures.quality == round(45 * 0.5 + 20)


def test_quality_leaves_out_what_cannot_be_known_when_there_is_no_profile() -> None:
    bare = ColumnSnapshot(name="c", ordinal=1, native_type="TEXT", type="text", key_position=1)
    assert measure_table(make_table("t", [bare])).quality == round(100 * 25 / 35)


def test_empty_table_of_no_columns_is_measured_when_seen() -> None:
    measures = measure_table(make_table("t", []))
    assert (measures.column_count, measures.completeness) == (0, None)
