"""Odd databases: nothing is lost, nothing renamed, and one odd table costs itself alone."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg
import pytest
from psycopg import sql

from datawave_edge.protocol import ConnectionSpec, FailedRecord, TableRecord
from tests.edge_agent.conftest import Discover, run_mysql, run_postgres, sqlite_spec
from tests.edge_agent.fake_server import FakeServer
from tests.edge_agent.test_servers import tables_of
from tests.edge_agent.test_sqlite import quoted
from tests.edge_agent.weird import RELATIONS, WIDEST, make_statements
from tests.identifiers import fits_mysql, fits_postgres, make_identifiers


@pytest.mark.postgresql
def test_nothing_is_lost_or_renamed_when_postgresql_is_odd(
    discover: Discover, fake: FakeServer, postgres: ConnectionSpec
) -> None:
    run_postgres(postgres, *make_statements())
    role = f"edge_{uuid.uuid4().hex[:8]}"
    run_postgres(
        postgres,
        f"CREATE ROLE {role} LOGIN PASSWORD 'pw-of-role'",
        f"GRANT USAGE ON SCHEMA odd TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA odd TO {role}",
        f"REVOKE SELECT ON odd.denied FROM {role}",
    )
    try:
        spec = msgspec.structs.replace(postgres, username=role, password="pw-of-role")
        records = discover(spec, "j", statement_timeout_seconds=1)
    finally:
        run_postgres(postgres, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    tables = tables_of(records)
    assert {name: table.kind for name, table in tables.items()} == RELATIONS
    assert len(records) == fake.closes["j"].seen == len(RELATIONS)
    # "public" is there in each database of PostgreSQL 15.
    listed = {each.name: each.tables for each in fake.closes["j"].containers}
    assert listed == {"odd": len(RELATIONS), "empty": 0, "public": 0}
    assert {name: table.profile_error for name, table in tables.items() if table.profile_error} == {
        "broken": "view_broken",
        "slow": "query_timeout",
        "empty_counted": "view_broken",
        "far": "view_broken",
        "denied": "permission_denied",
    }
    assert len(tables["wide"].columns) == WIDEST
    assert tables["nothing"].columns == []
    assert [each.name for each in tables["secured"].columns] == ["late"]
    for name in RELATIONS:
        if not name.isascii():
            assert tables[name].columns[0].name == name
    assert [len(tables[name].foreign_keys) for name in ("cyclic_a", "cyclic_b", "self")] == [1] * 3


@pytest.mark.postgresql
def test_each_type_is_known_when_postgresql_has_many(
    discover: Discover, postgres: ConnectionSpec
) -> None:
    run_postgres(postgres, *make_statements())
    table = tables_of(discover(postgres, sample_rows=0, statement_timeout_seconds=5))["types"]
    lost = [each.name for each in table.columns if each.native_type in ("", "null", "???")]
    assert lost == []
    kinds = {each.name.split(" ", 1)[1]: each.type for each in table.columns}
    assert (kinds["odd.mail"], kinds["odd.deep_domain"]) == ("text", "text")
    assert (kinds["odd.mood"], kinds["odd.mood[]"], kinds["text[][]"]) == ("enum", "array", "array")
    # By its category it would be a number.
    assert kinds["regclass"] == "other"
    assert {kind for kind, told in kinds.items() if told == "other"} <= {
        "jsonpath", "tsvector", "tsquery", "int4range", "nummultirange", "regclass", "pg_lsn",
        "pg_snapshot", "odd.pair", "odd.span",
    }  # fmt: skip


@pytest.mark.postgresql
def test_names_arrive_as_spelt_when_400_are_hostile_on_postgresql(
    discover: Discover, postgres: ConnectionSpec
) -> None:
    names = [name for name in make_identifiers() if fits_postgres(name)]
    known = set(names)
    with psycopg.connect(
        host=postgres.host, port=postgres.port, user=postgres.username, dbname=postgres.database
    ) as connection:
        for name in names:
            statement = sql.SQL("CREATE TABLE {0} ({0} int, other text)")
            if name in ("oid", "ctid", "xmin", "tableoid"):
                statement = sql.SQL("CREATE TABLE {0} (a int)")
            # psycopg takes a percent sign for a parameter where there are some, and here are none.
            connection.execute(statement.format(sql.Identifier(name)))
    tables = tables_of(discover(postgres, tables_per_batch=100, sample_rows=5))
    assert len(known) >= 350
    assert set(tables) == known
    assert {table.profile_error for table in tables.values()} == {""}


@pytest.mark.mysql
def test_names_arrive_as_spelt_when_400_are_hostile_on_mysql(
    discover: Discover, mysql: ConnectionSpec
) -> None:
    # Whether two spellings are one name is the server's to say, so each table is tried.
    names = [name for name in make_identifiers() if fits_mysql(name)]
    made = set()
    for name in names:
        known = "`" + name.replace("`", "``") + "`"
        run_mysql(mysql, f"CREATE TABLE IF NOT EXISTS {known} ({known} int)")
        made.add(name)
    tables = tables_of(discover(mysql, tables_per_batch=100, sample_rows=5))
    assert {name.lower() for name in made} >= {name.lower() for name in tables}
    assert len(tables) >= 300
    assert {table.profile_error for table in tables.values()} == {""}
    assert all(table.columns[0].name in made for table in tables.values())


def test_names_arrive_as_spelt_when_400_are_hostile_on_sqlite(
    discover: Discover, tmp_path: Path
) -> None:
    import sqlite3

    path = tmp_path / "names.db"
    names = {name.lower(): name for name in reversed(make_identifiers())}.values()
    with sqlite3.connect(path) as connection:
        for name in names:
            connection.execute(f"CREATE TABLE {quoted(name)} ({quoted(name)} INT, other TEXT)")
    connection.close()
    tables = tables_of(discover(sqlite_spec(path), tables_per_batch=100, sample_rows=5))
    assert set(tables) == set(names)
    assert {table.profile_error for table in tables.values()} == {""}


@contextmanager
def changing(spec: ConnectionSpec, tables: int) -> Iterator[None]:
    """Drops, renames and alters one table after the other every 100 ms."""
    stop = threading.Event()

    def change() -> None:
        for n in range(tables):
            statement = (
                f"DROP TABLE t{n:03}",
                f"ALTER TABLE t{n:03} RENAME TO moved_{n:03}",
                f"ALTER TABLE t{n:03} DROP COLUMN b, ADD COLUMN c int",
            )[n % 3]
            run_postgres(spec, statement)
            if stop.wait(0.1):
                return

    thread = threading.Thread(target=change)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.postgresql
def test_each_table_fails_alone_when_the_schema_changes_meanwhile(
    discover: Discover, fake: FakeServer, postgres: ConnectionSpec
) -> None:
    count = 60
    run_postgres(postgres, *(f"CREATE TABLE t{n:03} (a int, b text, d int)" for n in range(count)))
    run_postgres(postgres, *(f"INSERT INTO t{n:03} VALUES (1, 'x', 2)" for n in range(count)))
    # The last of the list are changed first, so that each change meets a table still to be read.
    with changing(postgres, count):
        records = discover(postgres, "j")
    failed = [each for each in records if isinstance(each, FailedRecord)]
    told = [each.table for each in records if isinstance(each, TableRecord)]
    assert len(failed) + len(told) == fake.closes["j"].seen
    assert {each.code for each in failed} <= {"table_missing", "source_busy"}
    # Every table that was listed is told of, so its absence later is no one's guess.
    assert "j" not in fake.failures
    for table in told:
        assert [each.name for each in table.columns] in (["a", "b", "d"], ["a", "d", "c"])
        assert table.profile_error in ("", "source_busy")


@pytest.mark.mysql
def test_view_is_told_as_broken_when_whoever_made_it_is_gone(
    discover: Discover, mysql: ConnectionSpec
) -> None:
    gone = f"'edge_{uuid.uuid4().hex[:8]}'@'localhost'"
    run_mysql(
        mysql,
        "CREATE TABLE kept (a bigint unsigned)",
        "INSERT INTO kept VALUES (1)",
        f"CREATE USER {gone}",
        f"GRANT SELECT ON {mysql.database}.* TO {gone}",
        f"CREATE DEFINER={gone} VIEW orphan AS SELECT a FROM kept",
        f"DROP USER {gone}",
        "CREATE VIEW beyond AS SELECT a - 2 AS a FROM kept",
        "CREATE VIEW doubled AS SELECT (SELECT 1 UNION SELECT 2) AS a",
    )
    tables = tables_of(discover(mysql))
    assert {name: table.profile_error for name, table in tables.items()} == {
        "kept": "",
        "orphan": "view_broken",
        "beyond": "view_broken",
        "doubled": "view_broken",
    }
    assert [each.name for each in tables["orphan"].columns] == ["a"]
