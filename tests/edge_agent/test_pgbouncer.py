"""Behind a real PgBouncer: the same findings in each of its modes, and nothing is left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from datawave_edge import steady
from datawave_edge.connectors import TableRef, make_connector, postgresql_session
from datawave_edge.faults import SourceFault
from datawave_edge.probe import run_test
from datawave_edge.protocol import ConnectionSpec, RunSettings
from tests.edge_agent.bouncers import MODES, Bouncer, list_messages, serve_bouncer
from tests.edge_agent.conftest import Discover, making_postgres, run_postgres, spec_of
from tests.edge_agent.cuts import cutting
from tests.edge_agent.fake_server import FakeServer
from tests.edge_agent.secured import Papers, failed_step, serve_postgres, told_of_tls
from tests.edge_agent.test_servers import POSTGRES_ZOO, tables_of

pytestmark = pytest.mark.postgresql
# What the driver asks of a new connection before anything of the source is read.
ASKED_FIRST = {"SELECT pg_catalog.pg_backend_pid()"}
# More rows than are sampled; the card number is a made-up one, and only counting finds it.
NEEDLE = """
CREATE TABLE needle (id int PRIMARY KEY, note text);
INSERT INTO needle SELECT n, 'nothing ' || n FROM generate_series(1, 5000) n;
UPDATE needle SET note = '4111 1111 1111 1111' WHERE id = 4321;
ANALYZE needle
"""
PATIENCE_SECONDS = 20


@pytest.fixture(scope="module", params=MODES)
def bouncer(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[Bouncer]:
    target = spec_of(postgres_url, "postgresql", "")
    with serve_bouncer(target, pool_mode=request.param) as started:
        yield started


@pytest.fixture(scope="module")
def zoo(postgres_url: str) -> Iterator[ConnectionSpec]:
    with making_postgres(postgres_url) as made:
        for script in (POSTGRES_ZOO, NEEDLE):
            run_postgres(made, *filter(str.strip, script.split(";\n")))
        yield made


@pytest.fixture
def slow(zoo: ConnectionSpec) -> Iterator[ConnectionSpec]:
    """With a view that takes its time."""
    run_postgres(zoo, "CREATE VIEW slow AS SELECT 1 AS n, pg_sleep(1.5)::text AS slept")
    yield zoo
    run_postgres(zoo, "DROP VIEW slow")


def connect(spec: ConnectionSpec, seconds: int = 30) -> Any:
    settings = RunSettings(statement_timeout_seconds=seconds)
    connector = make_connector(spec, spec.password, settings)
    connector.connect()
    return connector


def settings_of(bouncer: Bouncer, database: str) -> dict[str, object]:
    """What the next client of the pool is lent, and all that is set there."""
    with bouncer.connect(database) as application:
        rows = application.execute("SELECT name, setting FROM pg_settings").fetchall()
        prepared = application.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
        pid = application.execute("SELECT pg_backend_pid()").fetchone()
    return {**dict(rows), "prepared": prepared, "pid": pid}


def test_every_step_passes_when_pooled(bouncer: Bouncer, zoo: ConnectionSpec) -> None:
    steps = run_test(bouncer.spec(zoo)).steps
    assert [step.name for step in steps if not step.ok] == []
    assert steps[-1].name == "read_one"


def test_findings_are_the_same_when_pooled(
    bouncer: Bouncer, zoo: ConnectionSpec, discover: Discover, fake: FakeServer
) -> None:
    straight = tables_of(discover(zoo, "straight", sample_rows=50))
    pooled = tables_of(discover(bouncer.spec(zoo), "pooled", sample_rows=50))
    assert pooled == straight
    assert fake.closes["pooled"].containers == fake.closes["straight"].containers
    note = straight["needle"].columns[1].profile
    assert note is not None
    assert note.rare == {"card_number": 1}


def test_each_statement_only_reads_and_leaves_nothing_when_pooled(
    bouncer: Bouncer, zoo: ConnectionSpec, discover: Discover
) -> None:
    before = settings_of(bouncer, zoo.database)
    pooled = bouncer.spec(zoo, tls="disable")
    with cutting("127.0.0.1", pooled.port or 0) as proxy:
        told = discover(msgspec.structs.replace(pooled, port=proxy.port), sample_rows=50)
    assert "needle" in tables_of(told)
    assert_only_reads(proxy.heard)
    # The same backend as before, so that nothing could be left unseen on another one.
    assert settings_of(bouncer, zoo.database) == before
    with bouncer.connect(zoo.database) as application:
        application.execute("INSERT INTO needle VALUES (0, 'written by the application')")
        application.execute("DELETE FROM needle WHERE id = 0")


def assert_only_reads(heard: bytes) -> None:
    """Each message bounds what it asks, and nothing is prepared."""
    messages = list_messages(heard)
    assert {kind for kind, _ in messages} <= {b"Q", b"X"}
    asked = [text for kind, text in messages if kind == b"Q" and text not in ASKED_FIRST]
    bounds = ("SET TRANSACTION READ ONLY; SET LOCAL ", "SET LOCAL statement_timeout")
    assert [text for text in asked if not all(each in text for each in bounds)] == []
    assert any("needle" in text for text in asked)


def test_writing_is_refused_and_leaves_nothing_when_pooled(
    bouncer: Bouncer, zoo: ConnectionSpec
) -> None:
    before = settings_of(bouncer, zoo.database)
    connector = connect(bouncer.spec(zoo))
    with pytest.raises(SourceFault) as caught:
        connector._session.rows("INSERT INTO public.needle VALUES (0, '') RETURNING id")
    assert caught.value.code == "permission_denied"
    assert connector._session.value("SELECT count(*) FROM public.needle") == 5000
    connector.close()
    assert settings_of(bouncer, zoo.database) == before


def test_next_client_has_its_own_settings_when_a_view_set_others(
    bouncer: Bouncer, zoo: ConnectionSpec
) -> None:
    setting = "SELECT set_config('work_mem', '77MB', false) AS given"
    run_postgres(zoo, f"CREATE VIEW setting AS {setting}")
    before = settings_of(bouncer, zoo.database)
    connector = connect(bouncer.spec(zoo))
    ref = TableRef("public", "setting")
    sample = connector.sample(connector.describe([ref])[ref], 5)
    assert [list(row) for row in sample.rows] == [["77MB"]]
    connector.close()
    assert settings_of(bouncer, zoo.database) == before
    run_postgres(zoo, "DROP VIEW setting")


def test_statement_has_its_own_limit_when_pooled(bouncer: Bouncer, zoo: ConnectionSpec) -> None:
    connector = connect(bouncer.spec(zoo))
    with connector._session.limited(0.2), pytest.raises(SourceFault) as caught:
        connector._session.value("SELECT pg_sleep(20)::text")
    assert caught.value.code == "query_timeout"
    # The limit went with its statements.
    assert connector._session.value("SELECT pg_sleep(0.4)::text") == ""
    connector.close()


def wait_for_sleep(zoo: ConnectionSpec) -> None:
    """Until a statement sleeps in the database."""
    asleep = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event = 'PgSleep'"
    deadline = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(
        host=zoo.host, port=zoo.port, user=zoo.username, dbname="postgres",
        password=zoo.password, autocommit=True,
    ) as watcher:  # fmt: skip
        while not watcher.execute(asleep, (zoo.database,)).fetchone():
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_statement_ends_when_it_is_cancelled_through_the_pooler(
    bouncer: Bouncer, zoo: ConnectionSpec
) -> None:
    connector = connect(bouncer.spec(zoo), 100)

    def cancel() -> None:
        wait_for_sleep(zoo)
        connector.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(SourceFault) as caught:
        connector._session.value("SELECT pg_sleep(90)::text")
    canceller.join()
    assert caught.value.code == "query_timeout"
    assert connector._session.value("SELECT 1") == 1
    connector.close()


def test_nothing_is_lost_when_the_pooler_is_killed_in_the_middle(
    slow: ConnectionSpec, discover: Discover, fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steady, "RECONNECT_SECONDS", 0.1)
    straight = tables_of(discover(slow, "straight", sample_rows=50))

    with serve_bouncer(slow, pool_mode="transaction") as bouncer:

        def kill() -> None:
            wait_for_sleep(slow)
            bouncer.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        pooled = tables_of(discover(bouncer.spec(slow), "pooled", sample_rows=50))
        killer.join()
    assert "The connection was lost; connecting again" in str(fake.progress)
    assert pooled == straight
    assert "slow" in pooled
    assert "pooled" not in fake.failures


@pytest.mark.parametrize(
    ("settings", "chosen", "code"),
    [
        ({"max_client_conn": "1"}, {}, "source_busy"),
        ({"query_wait_timeout": "1"}, {}, "source_busy"),
        ({}, {"database": "missing"}, "database_missing"),
    ],
)
def test_fault_is_told_when_the_pooler_refuses(
    zoo: ConnectionSpec, settings: dict[str, str], chosen: dict[str, str], code: str
) -> None:
    with serve_bouncer(zoo, **settings) as bouncer:
        # In the usual mode an application holds the one place, and the one backend.
        application = bouncer.connect(zoo.database)
        application.execute("SELECT 1")
        failed = failed_step(bouncer.spec(zoo, **chosen))
        application.close()
    assert (failed.name, failed.code) == ("authenticate", code)


def test_sign_in_is_blamed_when_the_pooler_knows_nobody(zoo: ConnectionSpec) -> None:
    with serve_bouncer(zoo, auth_type="scram-sha-256", auth_file="/dev/null") as bouncer:
        failed = failed_step(bouncer.spec(zoo, password="wrong"))
    assert (failed.name, failed.code) == ("authenticate", "auth_failed")


def test_only_the_slow_table_is_passed_over_when_the_pooler_ends_its_statement(
    slow: ConnectionSpec, discover: Discover
) -> None:
    with serve_bouncer(slow, pool_mode="transaction", query_timeout="1") as bouncer:
        tables = tables_of(discover(bouncer.spec(slow), sample_rows=50))
    errors = {name: table.profile_error for name, table in tables.items() if table.profile_error}
    assert errors.pop("slow") == "query_timeout"
    assert "needle" in set(tables) - set(errors)


def test_transaction_is_opened_first_when_the_server_is_older(
    zoo: ConnectionSpec, discover: Discover, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_session, "_LIMITS_EACH", 10**9)
    straight = tables_of(discover(zoo, "straight", sample_rows=50))
    with serve_bouncer(zoo, pool_mode="transaction") as bouncer:
        before = settings_of(bouncer, zoo.database)
        assert tables_of(discover(bouncer.spec(zoo), "pooled", sample_rows=50)) == straight
        assert settings_of(bouncer, zoo.database) == before
    with serve_bouncer(zoo, pool_mode="statement") as bouncer:
        failed = failed_step(bouncer.spec(zoo))
    assert (failed.name, failed.code) == ("read_only", "not_read_only")
    assert "let the pooler keep one session" in failed.hint


@pytest.fixture
def papers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Papers:
    made = Papers.make(tmp_path)
    monkeypatch.setenv("DATAWAVE_CA_FILE", str(made.known.file))
    return made


def with_tls(target: ConnectionSpec, papers: Papers, mode: str) -> AbstractContextManager[Bouncer]:
    """A pooler that demands TLS of its clients; by `verify-full` a certificate of theirs too."""
    names = {"cert": papers.right[0], "key": papers.right[1], "ca": papers.known.file}
    told = {f"client_tls_{each}_file": path.name for each, path in names.items()}
    return serve_bouncer(target, *names.values(), client_tls_sslmode=mode, **told)


def test_encryption_is_told_of_the_agents_own_connection_when_the_pooler_has_it(
    zoo: ConnectionSpec, discover: Discover, fake: FakeServer, papers: Papers
) -> None:
    with with_tls(zoo, papers, "require") as bouncer:
        pooled = bouncer.spec(zoo, tls="verify-full")
        assert "certificate proved" in told_of_tls(pooled)
        discover(pooled, "j", sample_rows=0)
    assert fake.closes["j"].facts.tls


@pytest.mark.parametrize(
    ("mode", "tls", "advice"),
    [
        ("require", "disable", "without encryption"),
        ("verify-full", "verify-full", "certificate of whoever signs in"),
    ],
)
def test_advice_is_given_when_the_pooler_demands_more(
    zoo: ConnectionSpec, papers: Papers, mode: str, tls: str, advice: str
) -> None:
    with with_tls(zoo, papers, mode) as bouncer:
        failed = failed_step(bouncer.spec(zoo, tls=tls))
    assert (failed.name, failed.code) == ("tls", "tls_failed")
    assert advice in failed.hint


def test_missing_encryption_is_told_when_only_the_pooler_has_some_with_the_server(
    discover: Discover, fake: FakeServer, tmp_path: Path
) -> None:
    with serve_postgres(tmp_path) as server:
        server.present(server.papers.right)
        straight = server.spec(username="postgres", tls="prefer")
        with serve_bouncer(straight, server_tls_sslmode="require") as bouncer:
            pooled = bouncer.spec(straight)
            assert "is not encrypted" in told_of_tls(pooled)
            discover(pooled, "j", sample_rows=0)
    assert fake.closes["j"].facts.tls is False
