"""Planted values on PostgreSQL and Redis: in no row, no log, no cache, no message and no task."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from tests.edge_agent.test_canary import WORDS, statements
from tests.full_mode import FullMode
from tests.live import Client
from tests.servers import find_postgres, find_redis_binary, skip_without

from .test_canary import find_leaks, read_ledger

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullMode]:
    """PostgreSQL, Redis, web, beat, an agent and two workers."""
    postgres = find_postgres() or skip_without("PostgreSQL", "TEST_POSTGRES_URL")
    if find_redis_binary() is None:
        skip_without("Redis", "PATH")
    mode = FullMode(tmp_path_factory.mktemp("full"), postgres)
    try:
        mode.start()
        yield mode
    finally:
        mode.stop()


class Listener:
    """Hears every command that Redis is given: tasks, messages, cache entries."""

    def __init__(self, port: int) -> None:
        self.heard: list[str] = []
        self._client = redis.Redis(port=port, socket_timeout=None)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with self._client.monitor() as monitor:
            try:
                for command in monitor.listen():
                    self.heard.append(str(command["command"]))
            except (redis.RedisError, ValueError, OSError):
                return


def read_database(address: str) -> Iterator[tuple[str, str]]:
    """Every row of every table, as text."""
    listed = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    with psycopg.connect(address) as connection:
        tables = [name for (name,) in connection.execute(listed)]
        assert len(tables) > 20
        for table in tables:
            rows = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))
            for (row,) in connection.execute(rows):
                yield table, row


@pytest.mark.timeout(300)
def test_nothing_stays_or_passes_when_discovered_on_postgresql_and_redis(
    full: FullMode, tmp_path: Path
) -> None:
    path = tmp_path / "company.sqlite3"
    with sqlite3.connect(path) as connection:
        for statement in statements(""):
            connection.execute(statement)
        connection.execute(f"CREATE VIEW broken AS SELECT '{WORDS[4]}' FROM \"{WORDS[5]}\"")
    connection.close()
    listener = Listener(full.redis_port)
    admin = Client(full.web).sign_in().make_token()
    agent = admin.call("GET", "agents/")["results"][0]["id"]
    body = {"name": "company", "engine": "sqlite", "database": str(path), "agent": agent}
    source = admin.call("POST", "sources/", body)
    run = admin.call("POST", "runs/", {"source": source["id"]})
    run = admin.wait_for_run(str(run["id"]))
    assert run["state"] in ("completed", "completed_with_errors")
    assert run["balance"]["seen"] >= 4
    ledger = read_ledger(full.folder / "spool").decode()
    places = {"redis": "\n".join(listener.heard), "egress": ledger}
    for table, row in read_database(full.web.environment["DATABASE_URL"]):
        places[table] = places.get(table, "") + "\n" + row
    for log in full.folder.glob("*.log"):
        places[log.name] = log.read_text(encoding="utf-8", errors="replace")
    leaks = {name: found for name, text in places.items() if (found := find_leaks(text.encode()))}
    assert leaks == {}
    # What may pass did, and so proves that the places hold the run.
    assert "people" in places["egress"]
    assert "people" in places["discovery_dataset"]
    assert any("racine" in command for command in listener.heard)
