"""A run is gentle: it is read-only, limited, pauses, backs off, keeps its budget and lets go."""

from __future__ import annotations

import datetime as dt
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from datawave_edge.connectors import Connector, TableShape, make_connector
from datawave_edge.connectors.rare import CountsRare, RareTest
from datawave_edge.connectors.sqlite import SqliteConnector
from datawave_edge.faults import SourceFault
from datawave_edge.governor import Governor
from datawave_edge.protocol import (
    ConnectionSpec,
    FailedRecord,
    Interval,
    Load,
    Record,
    RunSettings,
    TableRecord,
)
from tests.edge_agent.conftest import (
    Discover,
    StartAgent,
    make_work,
    run_mysql,
    run_postgres,
    sqlite_spec,
)
from tests.edge_agent.fake_server import FakeServer


def open_connector(spec: ConnectionSpec, **settings: int) -> Connector:
    connector = make_connector(spec, spec.password, RunSettings(**settings))
    connector.connect()
    return connector


def ask(connector: Any, statement: str) -> Any:
    """What a connector's own session answers."""
    return connector._session.value(statement)


# Every session is read-only and every statement limited.


def assert_limit_is_restored(connector: Connector, question: str) -> None:
    assert isinstance(connector, CountsRare)
    before = ask(connector, question)
    (ref,) = connector.list_tables().tables
    shape = connector.describe([ref])[ref]
    assert isinstance(shape, TableShape)
    connector.count_rare(shape, [RareTest(0, "email")], 3.0)
    assert ask(connector, question) == before
    with pytest.raises(SourceFault) as caught:
        connector.count_rare(shape, [RareTest(0, "email")], 0.001)
    assert caught.value.code == "query_timeout"
    assert ask(connector, question) == before
    connector.connect()
    assert ask(connector, question) == before


@pytest.mark.postgresql
def test_postgresql_session_is_limited_and_read_only_when_opened(postgres: ConnectionSpec) -> None:
    run_postgres(postgres, "CREATE TABLE t (a text)")
    run_postgres(postgres, "INSERT INTO t SELECT repeat('a@', 400) FROM generate_series(1, 20000)")
    connector = open_connector(postgres, statement_timeout_seconds=7)
    assert ask(connector, "SHOW statement_timeout") == "7s"
    assert ask(connector, "SHOW lock_timeout") == "5s"
    assert ask(connector, "SHOW transaction_read_only") == "on"
    with pytest.raises(SourceFault):
        ask(connector, "CREATE TABLE public.evil (a int)")
    assert_limit_is_restored(connector, "SHOW statement_timeout")
    connector.close()


@pytest.mark.mysql
def test_mysql_session_is_limited_and_read_only_when_opened(mysql: ConnectionSpec) -> None:
    run_mysql(mysql, "CREATE TABLE t (a text)",
              "INSERT INTO t SELECT repeat('a@', 400) FROM seq_1_to_20000")  # fmt: skip
    connector = open_connector(mysql, statement_timeout_seconds=7)
    assert float(ask(connector, "SELECT @@max_statement_time")) == 7.0
    assert ask(connector, "SELECT @@lock_wait_timeout") == 5
    with pytest.raises(SourceFault):
        ask(connector, "CREATE TABLE evil (a int)")
    assert_limit_is_restored(connector, "SELECT @@max_statement_time")
    connector.close()


def test_sqlite_session_is_limited_and_read_only_when_opened(shop: Path) -> None:
    connector = open_connector(sqlite_spec(shop), statement_timeout_seconds=1)
    with pytest.raises(SourceFault):
        ask(connector, "CREATE TABLE evil (a int)")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
    with pytest.raises(SourceFault) as caught:
        connector._rows(endless)
    assert caught.value.code == "query_timeout"
    connector.close()


# Someone else's lock, and a single place for a connection.


def assert_locked_costs_itself_alone(records: list[Record]) -> None:
    by_name = {r.table.name: r.table.profile_error for r in records if isinstance(r, TableRecord)}
    failed = {r.name: r.code for r in records if isinstance(r, FailedRecord)}
    assert by_name.get("free") == ""
    code = by_name.get("locked") or failed.get("locked")
    assert code in ("source_busy", "query_timeout")


@pytest.mark.postgresql
def test_other_tables_are_read_when_someone_locks_one_on_postgresql(
    discover: Discover, postgres: ConnectionSpec
) -> None:
    import psycopg

    run_postgres(postgres, "CREATE TABLE locked (a int)", "CREATE TABLE free (a int)",
                 "INSERT INTO locked VALUES (1)")  # fmt: skip
    with psycopg.connect(
        host=postgres.host, port=postgres.port, dbname=postgres.database,
        user=postgres.username, password=postgres.password,
    ) as holder:  # fmt: skip
        holder.execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
        assert_locked_costs_itself_alone(discover(postgres, statement_timeout_seconds=2))


@pytest.mark.mysql
def test_other_tables_are_read_when_someone_locks_one_on_mysql(
    discover: Discover, mysql: ConnectionSpec
) -> None:
    import pymysql

    run_mysql(mysql, "CREATE TABLE locked (a int)", "CREATE TABLE free (a int)",
              "INSERT INTO locked VALUES (1)")  # fmt: skip
    with pymysql.connect(host=mysql.host, port=mysql.port or 3306, user=mysql.username,
                         password=mysql.password, database=mysql.database) as holder:  # fmt: skip
        holder.cursor().execute("LOCK TABLES locked WRITE")
        assert_locked_costs_itself_alone(discover(mysql, statement_timeout_seconds=2))


def test_file_is_left_alone_when_someone_locks_it_on_sqlite(
    discover: Discover, fake: FakeServer, shop: Path
) -> None:
    holder = sqlite3.connect(shop, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    discover(sqlite_spec(shop), "locked-job")
    holder.close()
    failure = fake.failures["locked-job"]
    assert (failure.code, failure.retry) == ("source_busy", True)


@pytest.mark.postgresql
def test_one_connection_is_enough_when_the_role_may_have_no_other(
    discover: Discover, postgres: ConnectionSpec
) -> None:
    role = f"{postgres.database}_one"
    run_postgres(postgres, f"CREATE ROLE {role} LOGIN PASSWORD 'x' CONNECTION LIMIT 1",
                 "CREATE TABLE t AS SELECT g AS a FROM generate_series(1, 5000) g", "ANALYZE t",
                 f"GRANT SELECT ON t TO {role}")  # fmt: skip
    try:
        spec = msgspec.structs.replace(postgres, username=role, password="x")
        (record,) = discover(spec)
    finally:
        run_postgres(postgres, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    assert isinstance(record, TableRecord)
    assert record.table.columns[0].profile is not None


# Blackouts and budgets.


def discover_work(
    fake: FakeServer, discover: Discover, spec: ConnectionSpec, **settings: Any
) -> Load:
    discover(spec, "j", **settings)
    return fake.closes["j"].load


def test_run_pauses_and_goes_on_when_a_blackout_begins(
    fake: FakeServer, discover: Discover, shop: Path
) -> None:
    now = dt.datetime.now(dt.UTC)
    window = Interval(begins=now - dt.timedelta(hours=1), ends=now + dt.timedelta(seconds=2))
    load = discover_work(fake, discover, sqlite_spec(shop), blackouts=[window])
    assert fake.closes["j"].seen == 4
    assert 0.5 < load.paused_seconds <= load.seconds
    told = [line.message for each in fake.progress for line in each.log]
    assert any(line.startswith("Paused until") for line in told)
    assert any("over; going on" in line for line in told)


def test_source_is_not_reached_at_all_when_a_job_is_taken_up_in_a_blackout(
    fake: FakeServer, discover: Discover, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dt.datetime.now(dt.UTC)
    window = Interval(begins=now - dt.timedelta(hours=1), ends=now + dt.timedelta(seconds=2))
    reached: list[dt.datetime] = []
    connect = SqliteConnector.connect

    def note(self: SqliteConnector) -> None:
        reached.append(dt.datetime.now(dt.UTC))
        connect(self)

    monkeypatch.setattr(SqliteConnector, "connect", note)
    discover(sqlite_spec(shop), "j", blackouts=[window])
    assert fake.closes["j"].seen == 4
    assert min(reached) >= window.ends


def test_run_under_way_pauses_when_the_server_tells_of_a_new_blackout(
    fake: FakeServer, discover: Discover, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dt.datetime.now(dt.UTC)
    ends = now + dt.timedelta(seconds=4)
    fake.blackouts = [Interval(begins=now - dt.timedelta(hours=1), ends=ends)]
    pace = Governor.pace

    def pace_once_told(self: Governor, connector: Connector) -> None:
        wait_until(lambda: bool(self._windows()))
        pace(self, connector)

    monkeypatch.setattr(Governor, "pace", pace_once_told)
    load = discover_work(fake, discover, sqlite_spec(shop))
    assert fake.closes["j"].seen == 4
    assert load.paused_seconds > 0
    assert dt.datetime.now(dt.UTC) >= ends


def test_pause_ends_when_the_blackout_is_deleted() -> None:
    hour = dt.timedelta(hours=1)
    now = dt.datetime.now(dt.UTC)
    windows = [Interval(begins=now - hour, ends=now + hour)]
    told: list[str] = []

    def wait(seconds: float) -> None:
        windows.clear()

    governor = Governor(RunSettings(), wait, told.append, Load(), lambda: windows)
    governor.pace(Idle())
    assert "going on" in told[-1]


class Idle:
    """A connector that may be closed and opened."""

    def close(self) -> None:
        """Nothing is open."""

    def connect(self) -> None:
        """Nothing to open."""


def test_only_structure_is_read_when_the_budget_of_rows_is_spent(
    fake: FakeServer, discover: Discover, shop: Path
) -> None:
    records = discover(sqlite_spec(shop), run_rows=30)
    tables = [each.table for each in records if isinstance(each, TableRecord)]
    errors = [table.profile_error for table in tables]
    assert "budget_spent" in errors
    assert "" in errors
    assert all(table.columns for table in tables)


def test_load_says_what_was_asked_when_a_run_ends(
    fake: FakeServer, discover: Discover, shop: Path
) -> None:
    load = discover_work(fake, discover, sqlite_spec(shop))
    assert load.queries > 8
    assert load.rows_read >= 130
    assert {"catalogue", "sample", "probe"} <= set(load.by_kind)
    assert load.slowest_kind in load.by_kind
    assert 0 < load.busy_seconds <= load.seconds
    assert sum(load.by_kind.values()) == pytest.approx(load.busy_seconds, rel=0.01)
    assert load.slept_seconds == load.paused_seconds == 0


# Told to stop: the statement ends, the batch is kept, the lease goes back.


def stop_amid_statement(
    fake: FakeServer, start_agent: StartAgent, spec: ConnectionSpec, is_busy: Any
) -> None:
    settings = {"statement_timeout_seconds": 120, "table_seconds": 120}
    fake.work.append(make_work(spec, "j", **settings))
    process = start_agent()
    wait_until(is_busy)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    wait_until(lambda: not is_busy())
    assert fake.progress[-1].leaving
    assert "j" not in fake.closes
    assert "j" not in fake.failures


def wait_until(holds: Any) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.postgresql
def test_statement_ends_and_lease_goes_back_when_told_to_stop_on_postgresql(
    fake: FakeServer, start_agent: StartAgent, postgres: ConnectionSpec
) -> None:
    import psycopg

    run_postgres(postgres, "CREATE VIEW slow AS SELECT pg_sleep(100)::text AS a")
    with psycopg.connect(
        host=postgres.host, port=postgres.port, dbname=postgres.database, autocommit=True,
        user=postgres.username, password=postgres.password,
    ) as watcher:  # fmt: skip

        def is_busy() -> bool:
            found = watcher.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'datawave-edge'"
                " AND datname = current_database() AND state = 'active' AND query ~ 'slow'"
                " AND query_start < now() - interval '0.5 s'"
            ).fetchone()
            return bool(found and found[0])

        stop_amid_statement(fake, start_agent, postgres, is_busy)


@pytest.mark.mysql
def test_statement_ends_and_lease_goes_back_when_told_to_stop_on_mysql(
    fake: FakeServer, start_agent: StartAgent, mysql: ConnectionSpec
) -> None:
    import pymysql

    run_mysql(mysql, "CREATE VIEW slow AS SELECT sleep(100) AS a")
    with pymysql.connect(host=mysql.host, port=mysql.port or 3306, user=mysql.username,
                         password=mysql.password, database=mysql.database) as watcher:  # fmt: skip

        def is_busy() -> bool:
            cursor = watcher.cursor()
            cursor.execute(
                "SELECT count(*) FROM information_schema.processlist WHERE db = %s"
                " AND info LIKE '%%slow%%' AND info NOT LIKE '%%processlist%%' AND time_ms > 500",
                (mysql.database,),
            )
            return bool(cursor.fetchone()[0])

        stop_amid_statement(fake, start_agent, mysql, is_busy)


def test_cancelled_run_ends_at_once_when_a_statement_is_long(
    fake: FakeServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    path = tmp_path / "slow.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE VIEW slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT sum(i) AS s FROM n"
        )
    connection.close()
    fake.work.append(make_work(sqlite_spec(path), "j", statement_timeout_seconds=300))
    start_agent()
    wait_until(lambda: any(each.current == "slow" for each in fake.progress))
    fake.cancel = True
    wait_until(lambda: "j" in fake.failures)
    assert fake.failures["j"].code == "cancelled"
