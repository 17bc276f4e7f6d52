"""Real agent processes: killed, orphaned, refused, asked to stop."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from datawave_edge.protocol import ConnectionSpec, TestWork
from tests.edge_agent.conftest import StartAgent, make_work, sqlite_spec
from tests.edge_agent.fake_server import TOKEN, Answer, FakeServer


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Forty small tables."""
    path = tmp_path / "many.db"
    with sqlite3.connect(path) as connection:
        for number in range(40):
            connection.execute(f"CREATE TABLE t{number:02} (a TEXT)")
            connection.execute(f"INSERT INTO t{number:02} VALUES ('v')")
    return path


def test_it_works(fake: FakeServer, start_agent: StartAgent, shop: Path) -> None:
    fake.work.append(make_work(sqlite_spec(shop), "j"))
    process = start_agent()
    fake.wait_over("j")
    assert fake.closes["j"].seen == 4
    process.terminate()
    assert process.wait(timeout=10) == 0


@pytest.mark.faults
@pytest.mark.parametrize("held", [0, 1, 4])
def test_job_ends_whole_when_the_agent_is_killed(
    fake: FakeServer, start_agent: StartAgent, many: Path, held: int
) -> None:
    """Killed while batch `held` is on its way, the agent goes on where it was."""
    reached = threading.Event()

    def hold(job: str, seq: int) -> None:
        if seq == held and not reached.is_set():
            reached.set()
            time.sleep(0.5)
            raise Answer(503, "killed_meanwhile")

    fake.before_batch = hold
    fake.work.append(make_work(sqlite_spec(many), "j", tables_per_batch=5))
    first = start_agent()
    assert reached.wait(30)
    first.kill()
    first.wait()
    start_agent()
    fake.wait_over("j")
    names = [record.table.name for record in fake.records("j")]
    assert sorted(names) == [f"t{number:02}" for number in range(40)]
    assert (fake.closes["j"].seen, fake.closes["j"].last_seq) == (40, 7)


def test_tables_are_not_read_again_when_the_lease_was_lost_for_a_while(
    fake: FakeServer, start_agent: StartAgent, many: Path
) -> None:
    refused = threading.Event()

    def refuse(job: str, seq: int) -> None:
        if seq == 3 and not refused.is_set():
            refused.set()
            raise Answer(409, "lease_lost")

    fake.before_batch = refuse
    fake.work.append(make_work(sqlite_spec(many), "j", tables_per_batch=5))
    start_agent()
    fake.wait_over("j")
    names = [record.table.name for record in fake.records("j")]
    assert sorted(names) == [f"t{number:02}" for number in range(40)]
    assert fake.closes["j"].last_seq == 7


@pytest.mark.faults
def test_tables_are_not_read_again_when_they_were_spooled(
    fake: FakeServer, start_agent: StartAgent, many: Path
) -> None:
    """The server is away, so everything is spooled; then the agent is killed."""
    spooled = threading.Event()
    away = True

    def stay_away(job: str, seq: int) -> None:
        if away:
            raise Answer(503, "away")

    def watch(path: str) -> None:
        if path.endswith("/progress") and fake.progress and fake.progress[-1].done == 40:
            spooled.set()

    fake.before_batch, fake.before_any = stay_away, watch
    fake.work.append(make_work(sqlite_spec(many), "j", tables_per_batch=5))
    first = start_agent()
    fake.wait_for(lambda: bool(fake.progress) and fake.progress[-1].done == 40)
    time.sleep(0.3)
    first.kill()
    first.wait()
    away = False
    told = len(fake.progress)
    start_agent()
    fake.wait_over("j")
    lines = [line.message for each in fake.progress[told:] for line in each.log]
    assert [line for line in lines if line.startswith("Profiled")] == []
    assert len(fake.records("j")) == fake.closes["j"].seen == 40


@pytest.mark.faults
def test_agent_ends_when_its_parent_is_killed(fake: FakeServer, tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-m', 'datawave_edge', 'run', '--embedded',"
        " '--server', sys.argv[1], '--spool', sys.argv[2]]);"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, fake.url, str(tmp_path / "s")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DATAWAVE_TOKEN": TOKEN},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    fake.wait_for(lambda: any(b"heartbeat" in each for each in list(fake.heard)))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    fake.wait_for(lambda: not _is_running(child), seconds=10)


def _is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_agent_works_again_when_the_server_was_broken_for_a_while(
    fake: FakeServer, start_agent: StartAgent, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [8]

    def break_down(path: str) -> None:
        if path.endswith("/work") and left[0]:
            left[0] -= 1
            raise Answer(500, "server_error")

    monkeypatch.setattr(fake, "before_any", break_down)
    agent = start_agent()
    fake.work.append(make_work(sqlite_spec(shop), "j"))
    fake.wait_over("j")
    assert (left, agent.poll()) == ([0], None)


def test_agent_stops_when_its_token_is_refused(
    fake: FakeServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    process = start_agent(token="stale")
    assert process.wait(timeout=20) == 77
    log = (tmp_path / "agent.log").read_text(encoding="utf-8")
    assert "The server has revoked this agent" in log
    assert "Traceback" not in log
    assert "stale" not in log


def test_agent_stops_between_tables_when_it_is_told(
    fake: FakeServer, start_agent: StartAgent, many: Path
) -> None:
    def slow(path: str) -> None:
        if "/batches/" in path:
            raise Answer(503, "away")

    fake.before_any = slow
    fake.work.append(make_work(sqlite_spec(many), "j", tables_per_batch=1))
    process = start_agent()
    fake.wait_for(lambda: any(b"/batches/" in each for each in list(fake.heard)))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert not fake.is_over("j")


def test_connection_test_is_answered_when_asked(
    fake: FakeServer, start_agent: StartAgent, shop: Path
) -> None:
    fake.work.append(TestWork(test="t", source=sqlite_spec(shop)))
    start_agent()
    fake.wait_for(lambda: "t" in fake.tests)
    assert [step.name for step in fake.tests["t"].steps] == [
        "file", "open", "read_only", "list", "read_one",
    ]  # fmt: skip
    assert all(step.ok for step in fake.tests["t"].steps)


def test_connection_tests_are_answered_at_once_when_a_job_and_a_deaf_host_keep_the_agent(
    fake: FakeServer, start_agent: StartAgent, shop: Path, many: Path
) -> None:
    """The job can't end before the test is answered; another test hangs on a silent server."""

    def hold(job: str, seq: int) -> None:
        if "quick" not in fake.tests:
            raise Answer(503, "away")

    fake.before_batch = hold
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        silent = ConnectionSpec(engine="mysql", host="127.0.0.1", port=deaf.getsockname()[1])
        fake.work.append(make_work(sqlite_spec(many), "j", tables_per_batch=5))
        start_agent()
        fake.wait_for(lambda: any(b"/batches/" in each for each in list(fake.heard)))
        assert not fake.is_over("j")
        fake.work.append(TestWork(test="deaf", source=silent))
        fake.work.append(TestWork(test="quick", source=sqlite_spec(shop)))
        fake.wait_over("j")
        assert "deaf" not in fake.tests
    assert all(step.ok for step in fake.tests["quick"].steps)
    assert fake.closes["j"].seen == 40


def test_ledger_shows_the_exact_bytes_when_asked(
    fake: FakeServer, start_agent: StartAgent, shop: Path, tmp_path: Path
) -> None:
    fake.work.append(make_work(sqlite_spec(shop), "j"))
    start_agent()
    fake.wait_over("j")
    command = [sys.executable, "-m", "datawave_edge", "egress", "--bodies", "--spool"]
    done = subprocess.run([*command, str(tmp_path / "agent")], capture_output=True, check=True)
    assert fake.batches["j"][0].strip() in done.stdout
    told = re.findall(rb"PUT /jobs/j/batches/0 (\d+) bytes", done.stdout)
    assert told == [str(len(fake.batches["j"][0])).encode()]
    assert b"POST /jobs/j/close" in done.stdout
