"""Every engine counts what the agent's own recognisers find, whatever the rows hold."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from datawave_edge.connectors import TableShape, make_connector
from datawave_edge.connectors.rare import PATTERNS, SIGNS, CountsRare, RareTest
from datawave_edge.connectors.rare_cells import count_cells
from datawave_edge.protocol import ConnectionSpec, RunSettings
from tests.edge_agent.conftest import run_mysql, run_postgres
from tests.edge_agent.test_rare import FALSE, TRUE, make_sqlite

CODES = list(PATTERNS)
# The last is shorter than any account, but its check digits are right.
VALUES = [*(value for values in TRUE.values() for value in values), "XA7812345678"]
HOSTILE = "0123456789 -+@.$_:/%'\"\\\n\t\x01aeyJAKIPRVTE٣٤५६²ßé日😀"
Row = tuple[str | None, str | None, str | None, int | None]
Count = Callable[[Sequence[Row]], dict[RareTest, int]]


def texts_without(signs: str = "\0") -> st.SearchStrategy[str]:
    kept = st.characters(exclude_categories=["Cs"], exclude_characters=signs)
    return st.text(st.sampled_from(HOSTILE) | kept, max_size=30)


@st.composite
def planted(draw: st.DrawFn) -> str:
    """A value in a text, often with one sign of it changed, at times in a long one."""
    value: str = draw(st.sampled_from(VALUES + FALSE))
    place = draw(st.integers(0, len(value)))
    value = value[:place] + draw(st.sampled_from(["", "", "", *HOSTILE])) + value[place:]
    value = value[: draw(st.sampled_from([len(value), len(value) - 1]))]
    return draw(texts_without()) + value + draw(st.sampled_from(["", " ", "lorem " * 400]))


@st.composite
def lone(draw: st.DrawFn) -> Row:
    """A row with one odd cell, which nothing else in it can help to find."""
    cells = [draw(st.sampled_from([None, "", "late"])) for _ in range(3)]
    cells[draw(st.integers(0, 2))] = draw(texts)
    return cells[0], cells[1], cells[2], 7


texts = texts_without() | planted() | st.sampled_from(VALUES)
numbers = st.none() | st.integers(-(2**63), 2**63 - 1) | st.sampled_from([4111111111111111, 7])
tables = st.lists(lone() | lone() | st.tuples(texts, texts, texts, numbers), max_size=40)


def count_in_python(rows: Sequence[Row]) -> dict[RareTest, int]:
    columns: list[list[str | int | None]] = [list(cells) for cells in zip(*rows, strict=True)]
    return {
        RareTest(index, code): found
        for index, cells in enumerate(columns)
        for code, found in count_cells(cells, CODES).items()
        if found
    }


def assert_alike(count: Count, *, examples: int = 20, firsts_only: bool = False) -> None:
    """Compare an engine's counts with the agent's over drawn rows."""

    # What differs is shown as it was drawn: to make it smaller asks a database a thousand times.
    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    @given(tables)
    def compare(drawn: Sequence[Row]) -> None:
        rows = [(a, b, _document(c), number) for a, b, c, number in drawn]
        counted, expected = count(rows), count_in_python(rows)
        if firsts_only:
            # A match that its check digits refuse hides the ones after it.
            hidden = {test for test in expected if test.code in ("card_number", "iban")}
            assert all(counted.pop(test, 0) <= expected.pop(test) for test in hidden)
        assert counted == expected

    compare()


def _document(text: str | None) -> str | None:
    return None if text is None else json.dumps(text, ensure_ascii=False)


def count_with(spec: ConnectionSpec, fill: Callable[[Sequence[Row]], None]) -> Count:
    """What the agent's connector counts of rows that `fill` puts into the table `odd`."""

    def count(rows: Sequence[Row]) -> dict[RareTest, int]:
        fill(rows)
        with closing(make_connector(spec, spec.password, RunSettings())) as connector:
            connector.connect()
            (ref,) = [each for each in connector.list_tables().tables if each.name == "odd"]
            shape = connector.describe([ref])[ref]
            assert isinstance(shape, TableShape)
            assert isinstance(connector, CountsRare)
            tests = [RareTest(column, code) for column in range(3) for code in CODES]
            return connector.count_rare(shape, [*tests, RareTest(3, "card_number")], 60.0).found

    return count


@pytest.mark.postgresql
@pytest.mark.parametrize("is_analysed", [False, True])
def test_postgresql_counts_what_python_finds_when_rows_are_drawn(
    postgres: ConnectionSpec, *, is_analysed: bool
) -> None:
    import psycopg

    run_postgres(
        postgres, "CREATE TABLE odd (a text, b varchar(4000), doc json, big bigint)",
        "INSERT INTO odd SELECT 'late', 'late', '1', 7 FROM generate_series(1, 3000)",
        # Then short columns are known, and long texts lie beside the pages.
        *(["ANALYZE odd", "ALTER TABLE odd ALTER a SET STORAGE EXTERNAL"] if is_analysed else []),
    )  # fmt: skip
    with psycopg.connect(
        host=postgres.host, port=postgres.port, user=postgres.username,
        password=postgres.password, dbname=postgres.database, autocommit=True,
    ) as connection:  # fmt: skip

        def fill(rows: Sequence[Row]) -> None:
            connection.execute("DELETE FROM odd WHERE doc::text IS DISTINCT FROM '1'")
            connection.cursor().executemany("INSERT INTO odd VALUES (%s, %s, %s, %s)", rows)

        assert_alike(count_with(postgres, fill))


@pytest.mark.mysql
def test_mysql_counts_what_python_finds_when_rows_are_drawn(mysql: ConnectionSpec) -> None:
    import pymysql

    run_mysql(mysql, "CREATE TABLE odd (a text, b varchar(4000), doc longtext, big bigint)")
    with pymysql.connect(host=mysql.host, port=mysql.port or 3306, user=mysql.username,
                         password=mysql.password, database=mysql.database,
                         autocommit=True, charset="utf8mb4") as connection:  # fmt: skip

        def fill(rows: Sequence[Row]) -> None:
            connection.cursor().execute("DELETE FROM odd")
            connection.cursor().executemany("INSERT INTO odd VALUES (%s, %s, %s, %s)", rows)

        assert_alike(count_with(mysql, fill), firsts_only=True)


def test_sqlite_counts_what_python_finds_when_rows_are_drawn(tmp_path: Path) -> None:
    spec = make_sqlite(tmp_path / "a.db", [])

    def fill(rows: Sequence[Row]) -> None:
        with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
            connection.execute("DROP TABLE odd")
            connection.execute("CREATE TABLE odd (a TEXT, b VARCHAR(4000), doc TEXT, big BIGINT)")
            connection.executemany("INSERT INTO odd VALUES (?, ?, ?, ?)", rows)

    assert_alike(count_with(spec, fill))


def test_duckdb_counts_what_python_finds_when_rows_are_drawn(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"

    def fill(rows: Sequence[Row]) -> None:
        with closing(duckdb.connect(str(path))) as connection:
            connection.execute(
                "CREATE OR REPLACE TABLE odd (a VARCHAR, b VARCHAR, doc VARCHAR, big BIGINT)"
            )
            if rows:
                connection.executemany("INSERT INTO odd VALUES (?, ?, ?, ?)", rows)

    spec = ConnectionSpec(engine="duckdb", database=str(path))
    assert_alike(count_with(spec, fill))


@pytest.mark.parametrize("code", CODES)
def test_every_match_holds_its_sign_when_a_value_is_drawn(code: str) -> None:
    @given(st.from_regex(PATTERNS[code], alphabet=st.characters(codec="ascii")))
    def look(text: str) -> None:
        assert re.search(SIGNS[code], text)

    look()
