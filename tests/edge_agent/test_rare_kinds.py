"""What is counted for rare values when relations are of other kinds than tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from datawave_edge.connectors import (
    postgresql_catalog,
)
from datawave_edge.protocol import (
    ConnectionSpec,
    TableRecord,
    TableSnapshot,
)
from tests.edge_agent.conftest import Discover, run_mysql, run_postgres, sqlite_spec
from tests.edge_agent.test_rare import NEEDLE, needle_tables


def read_by_name(records: Sequence[object]) -> dict[str, TableSnapshot]:
    return {each.table.name: each.table for each in records if isinstance(each, TableRecord)}


def rare_of(table: TableSnapshot) -> dict[str, int]:
    """What was counted in the note."""
    profile = table.columns[1].profile
    assert profile is not None
    return profile.rare


@pytest.mark.postgresql
def test_materialised_view_is_counted_and_foreign_table_is_told_when_kinds_differ(
    discover: Discover, postgres: ConnectionSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_postgres(postgres, *needle_tables(9_000),
                 "CREATE MATERIALIZED VIEW kept AS SELECT * FROM tickets; ANALYZE kept",
                 "CREATE VIEW shown AS SELECT * FROM tickets")  # fmt: skip
    tables = read_by_name(discover(postgres, sample_rows=200))
    kept = tables["kept"]
    assert kept.counting is not None
    assert (kept.kind, kept.counting.state) == ("materialized_view", "whole")
    assert rare_of(kept) == {"card_number": 1}
    assert tables["shown"].counting is None
    # To reach another server takes an extension that is not everywhere.
    monkeypatch.setitem(postgresql_catalog._KINDS, "r", "foreign_table")
    foreign = read_by_name(discover(postgres, sample_rows=200))["tickets"]
    assert foreign.counting is not None
    assert (foreign.counting.state, rare_of(foreign)) == ("unsupported", {})


@pytest.mark.postgresql
def test_partitions_alone_are_counted_when_a_table_lies_in_them(
    discover: Discover, postgres: ConnectionSpec
) -> None:
    lines = "SELECT i, 'order is late' FROM generate_series(0, 5999) i"
    run_postgres(postgres, "CREATE TABLE tickets (id int, note text) PARTITION BY RANGE (id)",
                 "CREATE TABLE low PARTITION OF tickets FOR VALUES FROM (0) TO (3000)",
                 "CREATE TABLE high PARTITION OF tickets FOR VALUES FROM (3000) TO (6000)",
                 f"INSERT INTO tickets {lines}; ANALYZE tickets",
                 f"UPDATE tickets SET note = '{NEEDLE}' WHERE id = 5991")  # fmt: skip
    tables = read_by_name(discover(postgres, sample_rows=200))
    told = {name: table.counting.state for name, table in tables.items() if table.counting}
    assert told == {"tickets": "unsupported", "low": "whole", "high": "whole"}
    assert [rare_of(tables[name]) for name in ("high", "low")] == [{"card_number": 1}, {}]


@pytest.mark.mysql
def test_table_in_partitions_is_counted_when_they_are_no_tables_of_their_own(
    discover: Discover, mysql: ConnectionSpec
) -> None:
    create, *rest = needle_tables(9_000)
    run_mysql(mysql, f"{create} PARTITION BY HASH (id) PARTITIONS 3", *rest)
    (table,) = read_by_name(discover(mysql, sample_rows=200)).values()
    assert table.partitioning is not None
    assert rare_of(table) == {"card_number": 1}


@pytest.mark.postgresql
@pytest.mark.parametrize("kind", ["money", "oid", "regclass", "cash", "code"])
def test_notes_are_counted_when_a_column_beside_them_compares_with_no_number(
    discover: Discover, postgres: ConnectionSpec, kind: str
) -> None:
    run_postgres(postgres, "CREATE DOMAIN cash AS money",
                 "CREATE DOMAIN code AS numeric(20)",
                 *needle_tables(9_000),
                 f"ALTER TABLE tickets ADD COLUMN odd {kind}")  # fmt: skip
    table = read_by_name(discover(postgres, sample_rows=200))["tickets"]
    assert table.counting is not None
    assert (table.counting.state, rare_of(table)) == ("whole", {"card_number": 1})


CARD = "paid with 4111 1111 1111 1111 once"


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("text[]", f"ARRAY['late', '{CARD}']"),
        ("varchar(40)[]", f"ARRAY['{CARD}']"),
        ("json[]", f"""ARRAY['{{"note": "{CARD}"}}'::json]"""),
        ("notes", f"ARRAY['{CARD}']"),
    ],
)
def test_card_is_found_when_arrays_hold_the_texts(
    discover: Discover, postgres: ConnectionSpec, kind: str, cell: str
) -> None:
    run_postgres(
        postgres,
        "CREATE DOMAIN notes AS text[]",
        f"CREATE TABLE tickets (id int, lines {kind}, numbers int[])",
        "INSERT INTO tickets SELECT n, NULL, ARRAY[n] FROM generate_series(1, 9000) n",
        f"UPDATE tickets SET lines = {cell} WHERE id = 8991",
        "ANALYZE tickets",
    )
    (table,) = read_by_name(discover(postgres, sample_rows=200)).values()
    assert table.counting is not None
    # Numbers alone are not looked through.
    assert (table.counting.state, table.counting.columns) == ("whole", 2)
    assert rare_of(table) == {"card_number": 1}


def test_card_is_found_when_a_column_of_sqlite_has_no_type(
    discover: Discover, tmp_path: Path
) -> None:
    path = tmp_path / "untyped.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE tickets (id INTEGER PRIMARY KEY, note)")
        connection.execute("CREATE VIRTUAL TABLE search USING fts5(id, note)")
        for table in ("tickets", "search"):
            connection.executemany(
                f"INSERT INTO {table} (note) VALUES (?)",
                [(CARD if n == 8_991 else "order is late",) for n in range(9_000)],
            )
    tables = read_by_name(discover(sqlite_spec(path), sample_rows=200))
    assert {name: rare_of(tables[name]) for name in ("tickets", "search")} == {
        "tickets": {"card_number": 1},
        "search": {"card_number": 1},
    }


def test_card_is_found_when_a_list_of_duckdb_holds_it(discover: Discover, tmp_path: Path) -> None:
    path = tmp_path / "lists.duckdb"
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute(
            "CREATE TABLE tickets AS SELECT i AS id,"
            f" CASE WHEN i = 8991 THEN ['late', '{CARD}'] ELSE ['late'] END AS lines,"
            " [i] AS numbers FROM range(9000) t(i)"
        )
    spec = ConnectionSpec(engine="duckdb", database=str(path))
    (table,) = read_by_name(discover(spec, sample_rows=200)).values()
    assert rare_of(table) == {"card_number": 1}
