"""SQLite: hostile names and files, and nothing written, attached or loaded."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from datawave_edge.connectors import TableRef, make_connector
from datawave_edge.connectors.sqlite import SqliteConnector
from datawave_edge.faults import SourceFault
from datawave_edge.protocol import RunSettings, TableRecord
from tests.edge_agent.conftest import Discover, sqlite_spec

HOSTILE = [
    'quo"te', "apo'strophe", "per%cent %s %(x)s", "{brace} {0}", "semi;colon -- comment", "dot.ted",
    "back`tick", "[bracket]", "new\nline", "smörgås 😀", "\u202ertl", "select", "x" * 63, "y" * 200,
    "col:on :name", "back\\slash", "$1 ?", " lead", "<script>", "=1+1",
]  # fmt: skip


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def connector_of(path: Path) -> SqliteConnector:
    connector = make_connector(sqlite_spec(path), "", RunSettings())
    assert isinstance(connector, SqliteConnector)
    connector.connect()
    return connector


def test_every_name_arrives_as_spelt_when_hostile(discover: Discover, tmp_path: Path) -> None:
    path = tmp_path / "hostile % {} ' ?.db"
    with sqlite3.connect(path) as connection:
        for name in HOSTILE:
            connection.execute(
                f"CREATE TABLE {quoted(name)} (id INTEGER PRIMARY KEY, {quoted(name)} TEXT)"
            )
            connection.execute(
                f"CREATE INDEX {quoted('i' + name)} ON {quoted(name)} ({quoted(name)})"
            )
            connection.executemany(
                f"INSERT INTO {quoted(name)} VALUES (?, 'v')", [(n,) for n in range(300)]
            )
    records = discover(sqlite_spec(path), sample_rows=100)
    tables = [each.table for each in records if isinstance(each, TableRecord)]
    assert {table.name for table in tables} == set(HOSTILE)
    for table in tables:
        assert table.columns[1].name == table.name
        assert table.indexes[0].name == "i" + table.name
        assert table.columns[1].profile
        assert table.columns[1].profile.hits == {}
        assert 0 < table.columns[1].profile.rows <= 100


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO customers VALUES (99, 'x', 'x')",
        "DROP TABLE customers",
        "ATTACH DATABASE ':memory:' AS other",
        "SELECT load_extension('x')",
        "CREATE TEMP TABLE t (a)",
    ],
)
def test_statement_is_refused_when_it_would_change_or_reach_out(shop: Path, statement: str) -> None:
    before = shop.read_bytes()
    connector = connector_of(shop)
    with pytest.raises(SourceFault):
        connector._session.run(statement)
    connector.close()
    assert shop.read_bytes() == before


@pytest.mark.parametrize("path", [":memory:", "file:x?mode=memory", "", "\x00", "."])
def test_path_is_refused_when_it_is_no_file(path: str) -> None:
    with pytest.raises(SourceFault) as caught:
        make_connector(sqlite_spec(Path(path or "none")), "", RunSettings()).connect()
    assert caught.value.code == "file_missing"


def test_file_is_refused_when_outside_the_allowed_folders(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    link = allowed / "link.db"
    link.symlink_to(shop)
    monkeypatch.setenv("DATAWAVE_SQLITE_ROOTS", str(allowed))
    with pytest.raises(SourceFault) as caught:
        connector_of(link)
    assert caught.value.code == "file_missing"


def test_pipe_is_refused_when_it_would_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceFault):
        connector_of(tmp_path / "pipe")


def test_query_ends_when_it_runs_too_long(shop: Path) -> None:
    spec = sqlite_spec(shop)
    connector = make_connector(spec, "", RunSettings(statement_timeout_seconds=1))
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    with sqlite3.connect(shop) as connection:
        connection.execute(f"CREATE VIEW endless AS {endless}")
    connector.connect()
    with pytest.raises(SourceFault) as caught:
        connector.read_one(TableRef("", "endless"))
    connector.close()
    assert caught.value.code == "query_timeout"


def test_kinds_of_tables_are_read_when_unusual(discover: Discover, tmp_path: Path) -> None:
    path = tmp_path / "kinds.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            CREATE TABLE bare (k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID;
            CREATE TABLE generated (a INT, b INT GENERATED ALWAYS AS (a * 2) STORED, rowid TEXT);
            CREATE TABLE mixed (x);
            CREATE VIRTUAL TABLE search USING fts5(body);
            INSERT INTO mixed VALUES (1), ('text'), (x'00ff'), (NULL), (1.5), (9223372036854775807);
            """
        )
        connection.executemany(
            "INSERT INTO bare VALUES (?, zeroblob(9))", [(str(n),) for n in range(50)]
        )
        connection.executemany("INSERT INTO generated VALUES (?, 'r')", [(n,) for n in range(50)])
    records = discover(sqlite_spec(path), sample_rows=20)
    tables = {each.table.name: each.table for each in records if isinstance(each, TableRecord)}
    assert set(tables) == {"bare", "generated", "mixed", "search"}
    assert tables["generated"].columns[1].generated
    assert tables["bare"].columns[1].profile
    assert tables["bare"].columns[1].profile.max_length == 9
    assert tables["mixed"].columns[0].profile
    assert tables["mixed"].columns[0].profile.nulls == 1


def test_text_is_read_when_its_encoding_is_broken(discover: Discover, tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a TEXT)")
        connection.execute("INSERT INTO t VALUES (CAST(x'ff41ff' AS TEXT))")
    (record,) = discover(sqlite_spec(path))
    assert isinstance(record, TableRecord)
    assert record.table.row_count == 1
