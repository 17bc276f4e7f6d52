"""Rare values in tables of very many columns, which are counted in slices."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from datawave_edge.connectors import TableShape, sqlite
from datawave_edge.connectors.rare import PATTERNS, RareTest
from datawave_edge.connectors.rare_sqlite import sqlite_statement
from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, TableRecord
from tests.edge_agent.conftest import Discover, sqlite_spec
from tests.edge_agent.test_rare import NEEDLE


@pytest.mark.parametrize("engine", ["sqlite", "duckdb", "files"])
def test_one_card_is_found_when_it_is_in_the_last_of_very_many_columns(
    discover: Discover, tmp_path: Path, engine: str
) -> None:
    path = tmp_path / "wide" / f"wide.{'parquet' if engine == 'files' else engine}"
    path.parent.mkdir()
    columns = [f"c{number}" for number in range(300)]
    create = f"CREATE TABLE wide ({', '.join(f'{name} VARCHAR' for name in columns)})"
    insert = "INSERT INTO wide (c0, c299) SELECT 'a', 'b' FROM generate_series(1, 60)"
    needle = f"INSERT INTO wide (c299) VALUES ('{NEEDLE}')"
    if engine == "sqlite":
        with closing(sqlite3.connect(path)) as lite, lite:
            lite.execute(create)
            lite.executemany("INSERT INTO wide (c0, c299) VALUES (?, ?)", [("a", "b")] * 60)
            lite.execute(needle)
    else:
        with closing(duckdb.connect("" if engine == "files" else str(path))) as duck:
            for statement in (create, insert, needle):
                duck.execute(statement)
            if engine == "files":
                duck.execute(f"COPY wide TO '{path}'")
    place = path.parent if engine == "files" else path
    spec = ConnectionSpec(engine=engine, database=str(place))
    # However slow the machine is, all of it is to be looked at.
    (record,) = discover(spec, sample_rows=20, counting_table_seconds=600)
    assert isinstance(record, TableRecord)
    assert record.table.counting is not None
    assert (record.table.counting.state, record.table.counting.columns) == ("whole", 300)
    last = record.table.columns[-1].profile
    assert last is not None
    assert last.rare == {"card_number": 1}


def test_what_was_found_is_kept_when_time_runs_out_in_a_later_slice(
    discover: Discover, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ", ".join(f"c{number} TEXT" for number in range(60))
    with closing(sqlite3.connect(tmp_path / "w.db")) as lite, lite:
        lite.execute(f"CREATE TABLE wide ({texts})")
        lite.executemany("INSERT INTO wide (c1, c59) VALUES (?, ?)", [(NEEDLE, NEEDLE)] * 60)
    asked: list[int] = []

    def slower(shape: TableShape, tests: Sequence[RareTest]) -> sa.Select[tuple[object, ...]]:
        asked.append(len(tests))
        if len(asked) > 1:
            raise SourceFault("query_timeout")
        return sqlite_statement(shape, tests)

    monkeypatch.setattr(sqlite, "sqlite_statement", slower)
    (record,) = discover(sqlite_spec(tmp_path / "w.db"), sample_rows=20)
    assert isinstance(record, TableRecord)
    first, last = (record.table.columns[at].profile for at in (1, 59))
    assert first is not None
    assert last is not None
    assert (first.rare, last.rare) == ({"card_number": 60}, {})
    assert record.table.counting is not None
    # Of the column at the edge not every pattern was looked for.
    assert record.table.counting.columns == asked[0] // len(PATTERNS)
    assert record.table.counting.state == "timeout"


COUNT = """
import re, sys
from pathlib import Path
from datawave_edge.connectors import make_connector
from datawave_edge.counting import list_tests
from datawave_edge.protocol import ConnectionSpec, RunSettings

connector = make_connector(ConnectionSpec(engine="files", database=sys.argv[1]), "", RunSettings())
(ref,) = connector.list_tables().tables
shape = connector.describe([ref])[ref]
counts = connector.count_rare(shape, list_tests(shape.columns), 600)
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(sum(counts.found.values()), int(peak[1]) // 1024)
"""


def test_memory_stays_small_when_very_many_columns_of_a_file_could_hold_cards(
    tmp_path: Path,
) -> None:
    columns = ", ".join(f"i + {number} AS c{number}" for number in range(399))
    with closing(duckdb.connect()) as duck:
        duck.execute(
            f"COPY (SELECT {columns}, 4111111111111111 AS card FROM range(9) t(i))"
            f" TO '{tmp_path / 'wide.parquet'}'"
        )
    told = subprocess.check_output([sys.executable, "-c", COUNT, str(tmp_path)], text=True)
    found, megabytes = map(int, told.split())
    assert found == 9
    assert megabytes < 300
