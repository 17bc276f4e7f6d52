"""What an operator sees of `manage.py start` when something stands in its way, and at its end."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import ROOT, LiveServer, wait_until


def manage(
    live: LiveServer, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env={**live.environment, **environment}, capture_output=True, text=True,
        timeout=90, check=False,
    )  # fmt: skip


def check_refused(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


@pytest.fixture
def idle(tmp_path: Path) -> LiveServer:
    """An installation that is not started."""
    return LiveServer(tmp_path)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    live = LiveServer(tmp_path_factory.mktemp("launch")).start()
    yield live
    live.stop()


def test_next_port_is_named_when_port_is_taken(idle: LiveServer) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", idle.port))
        other.listen()
        check_refused(manage(idle, "start"), f"Port {idle.port} is used", "Try PORT=")


def test_address_is_told_when_home_is_in_use(server: LiveServer) -> None:
    check_refused(manage(server, "start", PORT="1"), "already running", server.url)


def test_key_is_refused_when_others_may_read_it(idle: LiveServer) -> None:
    keys = idle.home / "home" / "keys"
    keys.mkdir(parents=True)
    (keys / "secret_key").write_text("x" * 50)
    (keys / "secret_key").chmod(0o644)
    check_refused(manage(idle, "start"), "can be read by others", "chmod 600")


def test_reason_is_told_when_home_is_a_file(idle: LiveServer) -> None:
    (idle.home / "file").touch()
    home = str(idle.home / "file")
    check_refused(manage(idle, "start", DATAWAVE_HOME=home), home, "can't be made")


def test_reason_is_told_when_database_is_no_database(idle: LiveServer) -> None:
    (idle.home / "home" / "datawave.sqlite3").mkdir(parents=True)
    check_refused(manage(idle, "start"), "can't be used", "unable to open")


def test_debug_is_refused_when_others_are_served(idle: LiveServer) -> None:
    done = manage(idle, "start", "--host", "0.0.0.0", DATAWAVE_DEBUG="1")
    check_refused(done, "only this machine")


@pytest.mark.parametrize("role", ["worker", "beat"])
def test_role_is_refused_when_there_is_no_redis(idle: LiveServer, role: str) -> None:
    check_refused(manage(idle, "start", role), "REDIS_URL")


def test_server_is_named_when_postgresql_is_away(idle: LiveServer) -> None:
    url = "postgresql://nobody:swordfish@127.0.0.1:9/none"
    done = manage(idle, "start", "web", DATABASE_URL=url)
    check_refused(done, "PostgreSQL can't be reached")
    assert "swordfish" not in done.stderr


def test_discovery_ends_with_a_code_when_over(server: LiveServer, tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT)")
    connection.close()
    good = manage(server, "discover", str(path))
    assert good.returncode == 0, good
    assert "completed" in good.stdout
    bad = manage(server, "discover", str(tmp_path / "none.sqlite3"))
    assert bad.returncode == 2
    assert "not found" in bad.stdout
    nonsense = manage(server, "discover", "oracle://host/x")
    check_refused(nonsense, "must be a file or begin with")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_everything_stops_when_signalled_twice(idle: LiveServer, number: signal.Signals) -> None:
    idle.start()
    assert idle.process is not None
    wait_until(lambda: bool(idle.list_agent_pids()), what="the agent")
    os.kill(idle.process.pid, number)
    os.kill(idle.process.pid, number)
    assert idle.process.wait(timeout=30) == 0, idle.read_log()
    assert idle.list_agent_pids() == []
    assert "Traceback" not in idle.read_log()
