"""A count that time or a stop cuts short is never told as one that found nothing."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from datawave_edge.connectors import Connector, TableShape, make_connector
from datawave_edge.connectors.postgresql import PostgresConnector
from datawave_edge.connectors.rare import PATTERNS, CountsRare, RareCounts, RareTest
from datawave_edge.connectors.server import ServerConnector
from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, RunSettings
from tests.edge_agent.conftest import run_mysql, run_postgres, sqlite_spec
from tests.edge_agent.test_rare import needle_tables

_ROWS = 100_000
_SERVERS = [
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mysql", marks=pytest.mark.mysql),
]


@pytest.fixture(params=["sqlite", "duckdb", *_SERVERS])
def haystack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connector]:
    """One card number among many rows."""
    with closing(_make(request, tmp_path)) as connector:
        connector.connect()
        yield connector


@pytest.fixture(params=_SERVERS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerConnector]:
    with closing(_make(request, tmp_path)) as connector:
        assert isinstance(connector, ServerConnector)
        connector.connect()
        yield connector


def _make(request: pytest.FixtureRequest, place: Path) -> Connector:
    spec = _fill(request.param, request, place)
    return make_connector(spec, spec.password, RunSettings())


def _fill(engine: str, request: pytest.FixtureRequest, place: Path) -> ConnectionSpec:
    statements = needle_tables(_ROWS)
    if engine == "sqlite":
        with closing(sqlite3.connect(place / "n.db")) as lite, lite:
            for statement in statements:
                lite.execute(statement)
        return sqlite_spec(place / "n.db")
    if engine == "duckdb":
        with closing(duckdb.connect(str(place / "n.duckdb"))) as duck:
            for statement in statements:
                duck.execute(statement)
        return ConnectionSpec(engine="duckdb", database=str(place / "n.duckdb"))
    spec: ConnectionSpec = request.getfixturevalue("mysql" if engine == "mysql" else "postgres")
    (run_mysql if engine == "mysql" else run_postgres)(spec, *statements)
    return spec


def count(connector: Any, seconds: float) -> RareCounts:
    (ref,) = [each for each in connector.list_tables().tables if each.name == "tickets"]
    shape = connector.describe([ref])[ref]
    assert isinstance(shape, TableShape)
    assert isinstance(connector, CountsRare)
    return connector.count_rare(shape, [RareTest(1, code) for code in PATTERNS], seconds)


def told_of(connector: Connector, seconds: float) -> object:
    """What was found, or why nothing was."""
    try:
        return count(connector, seconds).found
    except SourceFault as fault:
        return fault.code


def test_one_card_is_found_when_there_is_time(haystack: Connector) -> None:
    counts = count(haystack, 120.0)
    assert counts.found == {RareTest(1, "card_number"): 1}
    assert (counts.share, counts.looked) == (1.0, len(PATTERNS))


def test_time_is_told_to_be_over_when_it_does_not_suffice(haystack: Connector) -> None:
    # Whoever was quick enough must have seen all.
    assert told_of(haystack, 0.001) in ("query_timeout", {RareTest(1, "card_number"): 1})
    assert count(haystack, 120.0).found == {RareTest(1, "card_number"): 1}


def test_usual_limit_holds_again_when_a_count_is_over(server: ServerConnector) -> None:
    limit = "SHOW statement_timeout" if isinstance(server, PostgresConnector) else (
        "SELECT @@max_statement_time"
    )  # fmt: skip
    before = server._session.value(limit)
    count(server, 7.0)
    assert server._session.value(limit) == before
    with pytest.raises(SourceFault):
        count(server, 0.001)
    assert server._session.value(limit) == before


def test_count_stops_when_it_is_cancelled(
    server: ServerConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, ended = threading.Event(), threading.Event()
    session = server._session
    rows = session.rows

    def slowly(statement: Any, *more: Any) -> Any:
        if "count(CASE" not in str(statement) or held.is_set():
            return rows(statement, *more)
        held.set()
        is_postgresql = isinstance(server, PostgresConnector)
        return rows(f"SELECT {'pg_sleep(300)' if is_postgresql else 'sleep(300)'}")

    monkeypatch.setattr(session, "rows", slowly)

    def stop() -> None:
        held.wait()
        # The statement is on its way; what comes too soon would stop nothing.
        while not ended.wait(0.3):
            server.cancel()

    clock = threading.Thread(target=stop)
    clock.start()
    with pytest.raises(SourceFault):
        count(server, 600.0)
    ended.set()
    clock.join()
    assert count(server, 120.0).found == {RareTest(1, "card_number"): 1}


@pytest.mark.postgresql
def test_one_process_counts_when_the_server_would_take_several(postgres: ConnectionSpec) -> None:
    name = postgres.database
    run_postgres(
        postgres, "CREATE TABLE tickets (id int, note text) PARTITION BY RANGE (id)",
        "CREATE TABLE low PARTITION OF tickets FOR VALUES FROM (0) TO (9000)",
        "INSERT INTO tickets SELECT i, 'late' FROM generate_series(0, 8999) i", "ANALYZE",
        f"ALTER DATABASE {name} SET parallel_setup_cost = 0",
        f"ALTER DATABASE {name} SET parallel_tuple_cost = 0",
        f"ALTER DATABASE {name} SET min_parallel_table_scan_size = 0",
    )  # fmt: skip
    with closing(PostgresConnector(postgres, postgres.password, RunSettings())) as connector:
        connector.connect()
        plan = connector._session.rows("EXPLAIN SELECT count(note) FROM public.tickets")
    assert not any("Parallel" in line for (line,) in plan)
