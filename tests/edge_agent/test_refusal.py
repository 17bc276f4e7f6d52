"""An enrolled agent that the server refuses: it keeps still, keeps what it has, and comes back."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from datawave_edge.identity import IdentityFile, make_identity
from datawave_edge.outbox import Outbox
from tests.edge_agent.conftest import make_work, sqlite_spec
from tests.edge_agent.fake_server import Answer, FakeServer

QUIET_SECONDS = 6


@pytest.fixture
def spool(fake: FakeServer, tmp_path: Path) -> Path:
    """A directory of an agent that the fake server knows."""
    identity = make_identity(fake.url)
    identity.agent, identity.name = "00000000-0000-4000-8000-000000000001", "site 1"
    IdentityFile(tmp_path / "spool").save(identity)
    return tmp_path / "spool"


@pytest.fixture
def process(spool: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The agent, started by hand: no server is its parent."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DATAWAVE_")}
    command = [sys.executable, "-m", "datawave_edge", "run", "--spool", str(spool)]
    with (tmp_path / "agent.log").open("ab") as log:
        started = subprocess.Popen(command, env=environment, stderr=log)
    yield started
    started.kill()
    started.wait()


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Forty small tables."""
    path = tmp_path / "many.db"
    with sqlite3.connect(path) as connection:
        for number in range(40):
            connection.execute(f"CREATE TABLE t{number:02} (a TEXT)")
    connection.close()
    return path


def test_it_works(
    fake: FakeServer, spool: Path, process: subprocess.Popen[bytes], many: Path, tmp_path: Path
) -> None:
    """Revoked in the middle of a job, the agent keeps still; enrolled again, it goes on."""
    revoked, refused = threading.Event(), threading.Event()

    def revoke(job: str, seq: int) -> None:
        if seq == 3:
            revoked.set()

    def refuse(path: str) -> None:
        if revoked.is_set() and not refused.is_set():
            raise Answer(401, "agent_revoked")

    fake.before_batch, fake.before_any = revoke, refuse
    fake.work.append(make_work(sqlite_spec(many), "j", tables_per_batch=5))
    assert revoked.wait(60)
    log = tmp_path / "agent.log"
    fake.wait_for(lambda: "has revoked this agent" in log.read_text(encoding="utf-8"))
    asked = len(fake.heard)
    time.sleep(QUIET_SECONDS)
    assert len(fake.heard) == asked
    assert process.poll() is None
    held = len(fake.batches["j"])
    assert Outbox(spool).next_seq("j") >= held

    refused.set()
    fake.before_batch = lambda job, seq: None
    IdentityFile(spool).save(IdentityFile(spool).get())
    fake.wait_over("j")
    names = [record.table.name for record in fake.records("j")]
    assert sorted(names) == [f"t{number:02}" for number in range(40)]
    process.terminate()
    assert process.wait(timeout=20) == 0


def test_exit_code_tells_of_a_refusal_when_stopped(
    fake: FakeServer, process: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    def refuse(path: str) -> None:
        raise Answer(401, "agent_unknown")

    fake.before_any = refuse
    log = tmp_path / "agent.log"
    fake.wait_for(lambda: "does not know this agent" in log.read_text(encoding="utf-8"))
    process.terminate()
    assert process.wait(timeout=20) == 77
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_another_token_is_taken_when_one_has_expired(
    fake: FakeServer, process: subprocess.Popen[bytes], many: Path
) -> None:
    expired = iter([True])

    def refuse(path: str) -> None:
        if "/batches/2" in path and next(expired, False):
            raise Answer(401, "token_expired")

    fake.before_any = refuse
    fake.work.append(make_work(sqlite_spec(many), "j", tables_per_batch=5))
    fake.wait_over("j")
    assert len(fake.records("j")) == 40
    assert sum(b"POST /api/edge/v1/token" in each for each in fake.heard) == 2


def test_token_is_taken_again_when_the_server_says_so(
    fake: FakeServer, process: subprocess.Popen[bytes]
) -> None:
    fake.orders = {"refresh": True}
    fake.wait_for(lambda: sum(b"POST /api/edge/v1/token" in each for each in list(fake.heard)) >= 2)
