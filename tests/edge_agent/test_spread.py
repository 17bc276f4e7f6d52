"""What a sample says of a table: estimates that hold on known distributions, steps that hide."""

from __future__ import annotations

import math
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datawave_edge.connectors import Sample
from datawave_edge.profile import find_anonymity, profile_columns
from datawave_edge.profile.spread import estimate_distinct, step_of
from datawave_edge.protocol import ColumnSnapshot, TableRecord
from tests.edge_agent.conftest import Discover, run_mysql, run_postgres, sqlite_spec

TOTAL = 200_000
DRAW = random.Random(7)


def column(name: str, kind: Any = "text", **more: Any) -> ColumnSnapshot:
    return ColumnSnapshot(name=name, ordinal=0, native_type="x", type=kind, **more)


def draw(values: list[Any], size: int = 2_000) -> list[Any]:
    return DRAW.sample(values, size)


@pytest.mark.parametrize(
    ("values", "most"),
    [
        (list(range(TOTAL)), 1.05),
        ([n % 1_000 for n in range(TOTAL)], 1.1),
        ([n % 40_000 for n in range(TOTAL)], 2.0),
        ([n % 2 for n in range(TOTAL)], 1.01),
        ([int(DRAW.expovariate(1 / 300)) for _ in range(TOTAL)], 3.0),
    ],
    ids=["key", "thousand", "many", "flag", "skewed"],
)
def test_estimate_is_near_the_truth_when_rows_are_drawn(values: list[int], most: float) -> None:
    sample = Sample([[value] for value in draw(values)], TOTAL, exact=True)
    (found,) = profile_columns([column("n", "integer")], sample, TOTAL)
    assert found.profile is not None
    estimate = found.profile.distinct_estimate
    assert estimate is not None
    truth = len(set(values))
    assert truth / most <= estimate <= truth * most


def test_nan_is_one_value_when_it_comes_often() -> None:
    # As drivers give them: each an object of its own, equal to none.
    rows = [[float("nan")] if n % 2 else [float(n % 4)] for n in range(100)]
    (found,) = profile_columns([column("f", "float")], Sample(rows, 100, exact=True), 100)
    assert found.profile is not None
    assert (found.profile.distinct, found.profile.distinct_estimate) == (3, 3)
    assert found.profile.unique_rate == 0.0


@given(st.lists(st.integers(0, 50), min_size=1, max_size=200), st.integers(1, 10**9))
def test_estimate_stays_within_bounds_whatever_is_drawn(drawn: list[int], more: int) -> None:
    distinct = len(set(drawn))
    once = sum(drawn.count(value) == 1 for value in set(drawn))
    total = len(drawn) + more
    found = estimate_distinct(sampled=len(drawn), distinct=distinct, once=once, total=total)
    assert distinct * 0.95 <= found <= total * 1.05
    whole = estimate_distinct(sampled=len(drawn), distinct=distinct, once=once, total=len(drawn))
    assert whole == distinct


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300))
def test_step_never_tells_more_than_one_digit_when_a_number_is_rounded(number: float) -> None:
    step = step_of(number)
    if abs(number) < 1e-300:
        return
    assert math.copysign(1, step) == math.copysign(1, number)
    assert f"{abs(step):e}"[0] in "125"
    assert abs(step) <= abs(number) * 1.0001
    assert abs(number) < abs(step) * 2.6


def test_quartiles_are_steps_and_absent_when_values_are_few() -> None:
    many = [[22_000 + n * 37] for n in range(500)]
    few = [[28_123] for _ in range(500)]
    for rows, expected in ((many, [20_000.0, 20_000.0, 20_000.0]), (few, [])):
        (found,) = profile_columns([column("pay", "integer")], Sample(rows, 500, True))
        assert found.profile is not None
        assert found.profile.number is not None
        assert found.profile.number.quartiles == expected


# Quasi-identifiers.


def make_people(count: int, groups: int) -> list[list[Any]]:
    return [
        [n, f"19{n % groups:02}-01-01", f"{10_000 + n % groups}", "MF"[n % 2]] for n in range(count)
    ]


def anonymity_of(rows: list[list[Any]], *, whole: bool = True) -> Any:
    columns = [column("id", "integer", unique=True), column("birth_date", "date"),
               column("zipCode"), column("gender")]  # fmt: skip
    sample = Sample(rows, len(rows), exact=True)
    return find_anonymity(profile_columns(columns, sample), rows, whole=whole)


def test_rows_stand_out_when_their_groups_are_small() -> None:
    found = anonymity_of(make_people(90, 45))
    assert found.columns == ["birth_date", "zipCode", "gender"]
    assert (found.smallest, found.under_rate, found.k, found.whole) == ("1", 1.0, 5, True)


def test_no_row_stands_out_when_groups_are_large() -> None:
    found = anonymity_of(make_people(400, 4), whole=False)
    assert (found.smallest, found.under_rate, found.whole) == ("10+", 0.0, False)


def test_salary_is_no_quasi_identifier_when_it_looks_like_a_post_code() -> None:
    rows = [[20_000 + n, "MF"[n % 2]] for n in range(200)]
    columns = [column("pay", "integer"), column("gender")]
    profiled = profile_columns(columns, Sample(rows, len(rows), exact=True))
    assert find_anonymity(profiled, rows, whole=True) is None


def test_nothing_is_told_when_rows_are_few() -> None:
    assert anonymity_of(make_people(40, 4)) is None


# Very wide tables come in slices, with the same rows in each.


def wide_statements(width: int, rows: int) -> list[str]:
    columns = ", ".join(f"c{n} INT" for n in range(width))
    numbers = ", ".join(f"i + {n}" for n in range(width))
    ten = " UNION ALL ".join(f"SELECT {d} AS d" for d in range(10))
    source = f"(SELECT a.d + b.d * 10 + c.d * 100 AS i FROM ({ten}) a, ({ten}) b, ({ten}) c) q"
    return [
        f"CREATE TABLE wide ({columns}, PRIMARY KEY (c0))",
        f"INSERT INTO wide SELECT {numbers} FROM {source} WHERE i < {rows}",
    ]


def assert_wide(records: list[Any], width: int) -> None:
    (record,) = records
    assert isinstance(record, TableRecord)
    columns = record.table.columns
    assert [each.name for each in columns] == [f"c{n}" for n in range(width)]
    profiles = [each.profile for each in columns]
    assert all(each is not None and each.rows == 500 and each.distinct == 500 for each in profiles)
    assert record.table.profile_error == ""


def test_each_column_is_profiled_when_sqlite_has_1600(tmp_path: Path, discover: Discover) -> None:
    with sqlite3.connect(tmp_path / "w.db") as connection:
        for statement in wide_statements(1_600, 500):
            connection.execute(statement)
    connection.close()
    assert_wide(discover(sqlite_spec(tmp_path / "w.db")), 1_600)


@pytest.mark.postgresql
def test_each_column_is_profiled_when_postgresql_has_many(
    discover: Discover, postgres: Any
) -> None:
    run_postgres(postgres, *wide_statements(1_200, 500))
    assert_wide(discover(postgres), 1_200)


@pytest.mark.mysql
def test_each_column_is_profiled_when_mysql_has_many(discover: Discover, mysql: Any) -> None:
    run_mysql(mysql, *wide_statements(700, 500))
    assert_wide(discover(mysql), 700)
