"""A discovery on PostgreSQL and Redis with a process for each role, some of which are killed."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from websockets.sync.client import connect

from datawave.demo import build_demo
from tests.full_mode import FullMode
from tests.live import Client
from tests.servers import find_postgres, find_redis_binary, skip_without

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


@pytest.fixture(scope="module")
def person(full: FullMode) -> Client:
    """The first administrator, by cookies, as a browser."""
    return Client(full.web).sign_in()


@pytest.fixture(scope="module")
def admin(person: Client) -> Client:
    """The same, by token."""
    return person.make_token()


def start_run(admin: Client, folder: Path) -> str:
    build_demo(folder / "company.sqlite3")
    body = {
        "name": folder.name, "engine": "sqlite", "database": str(folder / "company.sqlite3"),
        "agent": admin.call("GET", "agents/")["results"][0]["id"],
    }  # fmt: skip
    source = admin.call("POST", "sources/", body)
    return str(admin.call("POST", "runs/", {"source": source["id"]})["id"])


def check_nothing_is_lost(run: dict[str, Any], admin: Client, folder: Path) -> None:
    summary = build_demo(folder / "count.sqlite3")
    tables = summary.tables + summary.views
    assert run["state"] == "completed", run
    assert run["balance"]["seen"] == run["balance"]["stored"] == tables
    assert admin.call("GET", f"datasets/?source={run['source']}")["count"] == tables
    assert admin.call("GET", f"labels/?source={run['source']}")["count"] > 0


def list_kinds_until_finished(person: Client, run_id: str) -> list[str]:
    """Kinds of what a browser that watches the run's page hears."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in person.cookies)
    address = person.server.url.replace("http", "ws") + "/ws/live/"
    heard: list[str] = []
    deadline = time.monotonic() + 50
    headers = {"Cookie": cookies}
    with connect(address, additional_headers=headers, origin=person.server.url) as socket:
        socket.send(json.dumps({"type": "subscribe", "topic": f"run:{run_id}"}))
        while "finished" not in heard and time.monotonic() < deadline:
            message = json.loads(socket.recv(timeout=30))
            heard.append(message.get("kind", message["type"]))
    return heard


@pytest.mark.timeout(120)
def test_browser_hears_of_the_workers_when_run_goes_on(
    full: FullMode, person: Client, admin: Client, tmp_path: Path
) -> None:
    run_id = start_run(admin, tmp_path)
    heard = list_kinds_until_finished(person, run_id)
    assert heard[0] == "snapshot"
    assert "progress" in heard
    check_nothing_is_lost(admin.wait_for_run(run_id), admin, tmp_path)
    pids = [str(worker.pid) for worker in full.workers]
    foreign = "SELECT count(*) FROM racine_stagerun WHERE split_part(owner, ':', 2) != ALL(%s)"
    assert full.count(foreign, pids) == 0


@pytest.mark.timeout(120)
def test_run_completes_when_a_worker_is_killed(
    full: FullMode, admin: Client, tmp_path: Path
) -> None:
    victim, other = full.workers
    run_id = start_run(admin, tmp_path)
    full.freeze_at_work(run_id, victim)
    victim.kill()
    victim.wait(timeout=10)
    check_nothing_is_lost(admin.wait_for_run(run_id), admin, tmp_path)
    full.workers = [other, full.start_role("worker")]


@pytest.mark.timeout(120)
def test_run_only_waits_when_redis_takes_nothing_more_in(
    full: FullMode, person: Client, admin: Client, tmp_path: Path
) -> None:
    with redis.Redis(port=full.redis_port) as server:
        server.config_set("maxmemory", "1")
        run_id = start_run(admin, tmp_path)
        time.sleep(4)
        assert admin.call("GET", f"runs/{run_id}/")["id"] == run_id
        person.opener.open(f"{full.web.url}/runs/{run_id}/", timeout=20).close()
        assert json.load(person.opener.open(f"{full.web.url}/readyz", timeout=20))["sweeper"]
        server.config_set("maxmemory", "0")
    check_nothing_is_lost(admin.wait_for_run(run_id), admin, tmp_path)


@pytest.mark.timeout(120)
def test_run_only_waits_when_redis_is_killed(
    full: FullMode, person: Client, admin: Client, tmp_path: Path
) -> None:
    run_id = start_run(admin, tmp_path)
    frozen = full.workers[0]
    full.freeze_at_work(run_id, frozen)
    full.kill_redis()
    frozen.send_signal(signal.SIGCONT)
    # Pages and the API answer without it.
    assert admin.call("GET", f"runs/{run_id}/")["id"] == run_id
    person.opener.open(f"{full.web.url}/runs/{run_id}/", timeout=20).close()
    full.start_redis()
    check_nothing_is_lost(admin.wait_for_run(run_id), admin, tmp_path)
