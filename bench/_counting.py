"""The counting pass of each engine beside a scan that looks at each text, by turns."""

from __future__ import annotations

import csv
import dataclasses
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import duckdb

from bench._people import COLUMNS, TEXTS, draw_people
from datawave_edge.connectors import Connector, TableShape, make_connector
from datawave_edge.connectors.rare import CountsRare
from datawave_edge.counting import list_tests
from datawave_edge.protocol import ColumnSnapshot, ConnectionSpec, RunSettings

_TURNS: Final = 5
_TICKS: Final = 100
Cpu = Callable[[], float]
Read = Callable[[Connector, TableShape], list[ColumnSnapshot]]
SCAN: Final = f"SELECT {', '.join(f'max(length({name}))' for name in TEXTS)} FROM people"


def compare_counting(
    connector: Connector,
    shape: TableShape,
    columns: list[ColumnSnapshot],
    scan: Callable[[], Any],
    cpu: tuple[Cpu, Cpu],
) -> None:
    """Print medians of both and their ratio; `cpu` tells what each has spent."""
    assert isinstance(connector, CountsRare)
    tests = list_tests(columns)
    # Told as small, so that no trial of a share comes first.
    whole = dataclasses.replace(shape, size_bytes=0, row_count=1_000)
    turns = [
        (_spend(scan, cpu[0]), _spend(lambda: connector.count_rare(whole, tests, 600.0), cpu[1]))
        for _ in range(_TURNS)
    ]
    walls, cpus = (
        [statistics.median(turn[side][unit] for turn in turns) for side in (0, 1)]
        for unit in (0, 1)
    )
    title = f"ours: counting pass, {len(tests)} tests"
    print(f"{title:<44} {walls[1]:8.2f} s  {cpus[1]:6.2f} s CPU")
    print(f"{'the scan, by one process':<44} {walls[0]:8.2f} s  {cpus[0]:6.2f} s CPU")
    ratio = f"{walls[1] / walls[0]:8.1f} x, {cpus[1] / max(cpus[0], 1 / _TICKS):.1f} x by CPU"
    print(f"{'':<44} {ratio}")


def _spend(call: Callable[[], Any], cpu: Cpu) -> tuple[float, float]:
    began, worked = time.perf_counter(), cpu()
    call()
    return time.perf_counter() - began, cpu() - worked


def cpu_of(process: int | str) -> float:
    """Seconds a process of this host has worked; none where it is not to be seen."""
    with suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return 0.0


def measure_others(rows: int, mysql_url: str, read: Read) -> None:
    """SQLite, DuckDB, and MariaDB where there is one."""
    with tempfile.TemporaryDirectory() as place:
        people = Path(place) / "people.csv"
        with people.open("w", newline="") as file:
            csv.writer(file).writerows(
                [r"\N" if each is None else each for each in person] for person in draw_people(rows)
            )
        print(f"{rows:,} rows x 12 columns")
        for spec in (_make_sqlite(Path(place), rows), _make_duckdb(Path(place), people)):
            _measure(spec, read, time.process_time)
        if mysql_url:
            with _mysql(mysql_url, rows) as spec:
                server = _find_process("mariadbd", "mysqld")
                _measure(spec, read, lambda: cpu_of(server))


def _measure(spec: ConnectionSpec, read: Read, cpu: Cpu) -> None:
    settings = RunSettings(statement_timeout_seconds=600, table_seconds=600)
    connector: Any = make_connector(spec, spec.password, settings)
    with closing(connector):
        connector.connect()
        (ref,) = [each for each in connector.list_tables().tables if each.name == "people"]
        shape = connector.describe([ref])[ref]
        columns = read(connector, shape)
        # A file that is open can't be opened in another way, so the scan is by the same connection.
        scan = connector._session.rows  # noqa: SLF001 - no door runs SQL of others
        print(spec.engine)
        compare_counting(connector, shape, columns, lambda: scan(SCAN), (cpu, cpu))


def _make_sqlite(place: Path, rows: int) -> ConnectionSpec:
    path = place / "people.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE people ({COLUMNS})")
        marks = ", ".join("?" * 12)
        connection.executemany(f"INSERT INTO people VALUES ({marks})", draw_people(rows))
    return ConnectionSpec(engine="sqlite", database=str(path))


def _make_duckdb(place: Path, people: Path) -> ConnectionSpec:
    path = place / "people.duckdb"
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute(f"CREATE TABLE people ({COLUMNS})")
        connection.execute(f"COPY people FROM '{people}' (NULLSTR '\\N')")
    return ConnectionSpec(engine="duckdb", database=str(path))


@contextmanager
def _mysql(url: str, rows: int) -> Iterator[ConnectionSpec]:
    import pymysql

    parts = urlsplit(url)
    spec = ConnectionSpec(
        engine="mysql", host=parts.hostname or "127.0.0.1", port=parts.port or 3306,
        username=parts.username or "root", password=parts.password or "",
        database="bench_profile", tls="prefer",
    )  # fmt: skip
    signed_in = pymysql.connect(
        host=spec.host, port=spec.port or 0, user=spec.username, password=spec.password,
        autocommit=True,
    )  # fmt: skip
    with closing(signed_in) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE DATABASE bench_profile CHARACTER SET utf8mb4")
        try:
            cursor.execute("USE bench_profile")
            cursor.execute(f"CREATE TABLE people ({COLUMNS}, PRIMARY KEY (id))")
            marks = ", ".join(["%s"] * 12)
            cursor.executemany(f"INSERT INTO people VALUES ({marks})", draw_people(rows))
            cursor.execute("ANALYZE TABLE people")
            yield spec
        finally:
            cursor.execute("DROP DATABASE bench_profile")


def _find_process(*names: str) -> str:
    for each in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            if each.read_text().strip() in names:
                return each.parent.name
    return ""
