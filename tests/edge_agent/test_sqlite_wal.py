"""SQLite in WAL mode: nothing is made or left beside a file, and what is read is of one moment."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from datawave_edge.connectors import Connector, Sample, TableRef, TableShape, make_connector
from datawave_edge.connectors.sqlite import SqliteConnector
from datawave_edge.faults import SourceFault
from datawave_edge.protocol import RunSettings, TableRecord
from tests.edge_agent.conftest import Discover, sqlite_spec

# In a process of its own, for connections of one process share the log's index.
APPLICATION = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], isolation_level=None) as connection:
    connection.execute("INSERT INTO t VALUES (0)")
    print("ready", flush=True)
    for line in sys.stdin:
        connection.execute(line)
        print("done", flush=True)
connection.close()
"""

Application = subprocess.Popen[str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database in WAL mode that nobody has open."""
    path = tmp_path / "own" / "app.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x INT)")
        connection.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(50)])
        connection.commit()
    assert names_beside(path) == {"app.db"}
    return path


@pytest.fixture
def start(path: Path) -> Iterator[Callable[[], Application]]:
    """Starts the application that owns the database."""
    started: list[Application] = []

    def run() -> Application:
        command = [sys.executable, "-c", APPLICATION, str(path)]
        started.append(subprocess.Popen(command, stdin=-1, stdout=-1, text=True))
        assert read_line(started[-1]) == "ready"
        return started[-1]

    yield run
    for process in started:
        with process:
            process.kill()


def read_line(process: Application) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def tell(process: Application, statement: str) -> None:
    assert process.stdin
    process.stdin.write(f"{statement}\n")
    process.stdin.flush()
    assert read_line(process) == "done"


def end(process: Application) -> None:
    process.communicate(timeout=20)
    assert process.returncode == 0


def names_beside(path: Path) -> set[str]:
    return {each.name for each in path.parent.iterdir()}


def state_beside(path: Path) -> dict[str, tuple[int, int, int, int]]:
    found = {each.name: each.stat() for each in path.parent.iterdir()}
    return {
        name: (each.st_ino, each.st_uid, each.st_mode, each.st_size) for name, each in found.items()
    }


def connector_of(path: Path) -> Connector:
    connector = make_connector(sqlite_spec(path), "", RunSettings())
    connector.connect()
    return connector


def shape_of(connector: Connector) -> TableShape:
    shape = connector.describe([TableRef("", "t")])[TableRef("", "t")]
    assert isinstance(shape, TableShape)
    return shape


def count_rows(path: Path, during: Callable[[], None] = lambda: None) -> int | None:
    connector = connector_of(path)
    try:
        during()
        return connector.sample(shape_of(connector), 10).row_count
    finally:
        connector.close()


def test_nothing_is_made_beside_a_file_when_nobody_has_it_open(path: Path) -> None:
    before = state_beside(path)
    seen: list[set[str]] = []
    assert count_rows(path, lambda: seen.append(names_beside(path))) == 50
    assert seen == [{"app.db"}]
    assert state_beside(path) == before


def test_nothing_is_made_beside_a_file_when_its_application_has_it_open(
    path: Path, start: Callable[[], Application]
) -> None:
    start()
    before = state_beside(path)
    assert set(before) == {"app.db", "app.db-wal", "app.db-shm"}
    assert count_rows(path) == 51
    assert state_beside(path) == before


def test_log_is_read_when_its_application_was_killed(
    path: Path, start: Callable[[], Application]
) -> None:
    process = start()
    process.kill()
    process.wait()
    before = state_beside(path)
    assert count_rows(path) == 51
    assert state_beside(path) == before


def test_file_is_unreadable_when_its_log_has_no_index(
    path: Path, start: Callable[[], Application]
) -> None:
    process = start()
    process.kill()
    process.wait()
    Path(f"{path}-shm").unlink()
    before = state_beside(path)
    with pytest.raises(SourceFault) as caught:
        count_rows(path)
    assert caught.value.code == "file_unreadable"
    assert "-shm" in caught.value.hint
    assert state_beside(path) == before


def test_file_is_read_when_an_empty_log_was_left(path: Path) -> None:
    Path(f"{path}-wal").touch()
    before = state_beside(path)
    assert count_rows(path) == 50
    assert state_beside(path) == before


@pytest.mark.parametrize("ask", ["sample", "describe", "list", "read_one"])
def test_connection_is_lost_when_an_application_changes_the_file(
    path: Path, start: Callable[[], Application], ask: str
) -> None:
    connector = connector_of(path)
    shape = shape_of(connector)
    asks: dict[str, Callable[[], object]] = {
        "sample": lambda: connector.sample(shape, 10),
        "describe": lambda: connector.describe([shape.ref]),
        "list": connector.list_tables,
        "read_one": lambda: connector.read_one(shape.ref),
    }
    end(start())
    with pytest.raises(SourceFault) as caught:
        asks[ask]()
    assert caught.value.code == "connection_lost"
    connector.connect()
    assert connector.sample(shape, 10).row_count == 51
    connector.close()


def test_connection_holds_when_an_application_writes_to_its_log_alone(
    path: Path, start: Callable[[], Application]
) -> None:
    assert count_rows(path, lambda: tell(start(), "INSERT INTO t VALUES (1)")) == 50


def test_table_is_read_again_when_its_file_changes_meanwhile(
    discover: Discover,
    path: Path,
    start: Callable[[], Application],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, calls = SqliteConnector.sample, []

    def sample(connector: SqliteConnector, shape: TableShape, limit: int) -> Sample:
        calls.append(shape.ref.name)
        if len(calls) == 1:
            end(start())
        return real(connector, shape, limit)

    monkeypatch.setattr(SqliteConnector, "sample", sample)
    (record,) = discover(sqlite_spec(path), sample_rows=10)
    assert isinstance(record, TableRecord)
    assert (record.table.row_count, record.table.profile_error) == (51, "")
    assert calls == ["t", "t"]
    assert names_beside(path) == {"app.db"}


def test_file_is_unreadable_when_a_change_was_left_half_done(tmp_path: Path) -> None:
    path = tmp_path / "half.db"
    half = (
        "import sqlite3, os, sys; c = sqlite3.connect(sys.argv[1]);"
        "c.execute('CREATE TABLE t (x)'); c.commit(); c.execute('PRAGMA cache_size = 1');"
        "c.executemany('INSERT INTO t VALUES (zeroblob(4000))', [()] * 500); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", half, str(path)], check=True)
    assert (tmp_path / "half.db-journal").exists()
    before = {each.name for each in tmp_path.iterdir()}
    with pytest.raises(SourceFault) as caught:
        connector_of(path)
    assert caught.value.code == "file_unreadable"
    assert {each.name for each in tmp_path.iterdir()} == before
