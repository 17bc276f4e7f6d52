"""Samples are spread over the whole table, on each engine, with holes, and whole when small."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from datawave_edge.connectors import Sample, make_connector
from datawave_edge.protocol import ConnectionSpec, RunSettings
from tests.edge_agent.conftest import run_mysql, run_postgres, sqlite_spec

ROWS = 20_000
LIMIT = 1_000
BUCKETS = 20
# Of chi-square with 19 degrees of freedom, one in 200,000 is greater. Samples are the same on
# every run, so what passes once passes always.
BOUND = 60.0


def take(spec: ConnectionSpec, limit: int = LIMIT) -> Sample:
    """A sample of the one table, whose first column is `n`."""
    connector = make_connector(spec, spec.password, RunSettings())
    connector.connect()
    try:
        ref = next(each for each in connector.list_tables().tables if each.name == "t")
        shape = connector.describe([ref])[ref]
        return connector.sample(shape, limit)
    finally:
        connector.close()


def numbers_of(sample: Sample) -> list[int]:
    return [int(str(row[0])) for row in sample.rows]


def chi_square(numbers: Sequence[int], rows: int = ROWS) -> float:
    """How far the numbers are from being spread evenly over 1 to `rows`."""
    found = Counter((number - 1) * BUCKETS // rows for number in numbers)
    expected = len(numbers) / BUCKETS
    return sum((found[bucket] - expected) ** 2 / expected for bucket in range(BUCKETS))


def assert_spread(sample: Sample) -> None:
    numbers = numbers_of(sample)
    assert len(set(numbers)) == len(numbers) <= LIMIT
    assert len(numbers) >= LIMIT * 0.8
    assert chi_square(numbers) < BOUND


def assert_holes_do_no_harm(sample: Sample) -> None:
    """Of the rows that are left, the last are as likely as the first."""
    numbers = numbers_of(sample)
    assert len(numbers) >= LIMIT * 0.5
    first = sum(number <= ROWS // 10 for number in numbers)
    assert 0.3 <= first / len(numbers) <= 0.7


def test_first_rows_alone_would_be_told_apart() -> None:
    assert chi_square(list(range(1, LIMIT + 1))) > BOUND * 100
    assert chi_square(list(range(1, ROWS + 1, ROWS // LIMIT))) < 1


# Two in ten rows stay: the first tenth and the last.
HOLES = f"DELETE FROM t WHERE n > {ROWS // 10} AND n <= {ROWS - ROWS // 10}"


def make_sqlite(path: Path, rows: int, *statements: str) -> ConnectionSpec:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, word TEXT)")
        connection.executemany(
            "INSERT INTO t VALUES (?, ?)", [(n, f"w{n}") for n in range(1, rows + 1)]
        )
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return sqlite_spec(path)


def test_sqlite_is_sampled_evenly(tmp_path: Path) -> None:
    assert_spread(take(make_sqlite(tmp_path / "a.db", ROWS)))
    assert_holes_do_no_harm(take(make_sqlite(tmp_path / "b.db", ROWS, HOLES)))


def test_sqlite_is_read_whole_when_small(tmp_path: Path) -> None:
    gaps = "DELETE FROM t WHERE n % 3 = 0"
    sample = take(make_sqlite(tmp_path / "a.db", 1_200, gaps))
    assert sorted(numbers_of(sample)) == [n for n in range(1, 1_201) if n % 3]
    assert (sample.row_count, sample.exact) == (800, True)


FILL = f"INSERT INTO t SELECT n, 'w' || n FROM generate_series(1, {ROWS}) n"


@pytest.mark.postgresql
def test_postgresql_is_sampled_evenly(postgres: ConnectionSpec) -> None:
    run_postgres(postgres, "CREATE TABLE t (n int, word text)", FILL, "ANALYZE t")
    assert_spread(take(postgres))
    run_postgres(postgres, HOLES, "ANALYZE t")
    assert_holes_do_no_harm(take(postgres))


@pytest.mark.postgresql
def test_postgresql_is_sampled_evenly_when_its_statistics_are_old(
    postgres: ConnectionSpec,
) -> None:
    run_postgres(
        postgres,
        "CREATE TABLE t (n int, word text) WITH (autovacuum_enabled = off)",
        FILL.replace(str(ROWS), str(ROWS // 5)),
        "ANALYZE t",
        FILL.replace("(1,", f"({ROWS // 5 + 1},"),
    )
    assert_spread(take(postgres))


@pytest.mark.postgresql
def test_postgresql_is_read_whole_when_small(postgres: ConnectionSpec) -> None:
    run_postgres(
        postgres,
        "CREATE TABLE t AS SELECT n FROM generate_series(1, 900) n",
        "DELETE FROM t WHERE n % 3 = 0",
        "ANALYZE t",
    )
    sample = take(postgres)
    assert sorted(numbers_of(sample)) == [n for n in range(1, 901) if n % 3]
    assert (sample.row_count, sample.exact) == (600, True)


@pytest.mark.mysql
@pytest.mark.parametrize("key", ["PRIMARY KEY", ""], ids=["keyed", "keyless"])
def test_mariadb_is_sampled_evenly(mysql: ConnectionSpec, key: str) -> None:
    run_mysql(
        mysql,
        f"CREATE TABLE t (n int {key}, word varchar(20))",
        f"INSERT INTO t SELECT seq, concat('w', seq) FROM seq_1_to_{ROWS}",
        "ANALYZE TABLE t",
    )
    assert_spread(take(mysql))
    run_mysql(mysql, HOLES, "ANALYZE TABLE t")
    assert_holes_do_no_harm(take(mysql))


@pytest.mark.mysql
@pytest.mark.parametrize("key", ["PRIMARY KEY", ""], ids=["keyed", "keyless"])
def test_mariadb_is_read_whole_when_small(mysql: ConnectionSpec, key: str) -> None:
    run_mysql(
        mysql,
        f"CREATE TABLE t (n int {key})",
        "INSERT INTO t SELECT seq FROM seq_1_to_900 WHERE seq % 3 <> 0",
        "ANALYZE TABLE t",
    )
    sample = take(mysql)
    assert sorted(numbers_of(sample)) == [n for n in range(1, 901) if n % 3]
    assert (sample.row_count, sample.exact) == (600, True)
