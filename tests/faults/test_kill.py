"""kill -9 of the agent and of the server in the middle of a run: it goes on and loses nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from datawave.demo import build_demo
from tests.live import Client, LiveServer, wait_until

pytestmark = pytest.mark.faults


def start_run(admin: Client, path: Path) -> str:
    build_demo(path)
    body = {"name": path.parent.name, "engine": "sqlite", "database": str(path)}
    source = admin.call("POST", "sources/", body)
    return str(admin.call("POST", "runs/", {"source": source["id"]})["id"])


def count_datasets(folder: Path) -> int:
    summary = build_demo(folder / "count.sqlite3")
    return summary.tables + summary.views


def wait_until_reading(admin: Client, run_id: str) -> None:
    def reading() -> bool:
        return bool(admin.call("GET", f"runs/{run_id}/")["live"]["counts"]["stored"] > 0)

    wait_until(reading, what="the first tables to be stored")


def check_nothing_is_lost(run: dict[str, Any], admin: Client, tables: int) -> None:
    assert run["state"] == "completed"
    assert run["balance"]["seen"] == tables
    assert admin.call("GET", f"datasets/?source={run['source']}")["count"] == tables


@pytest.mark.timeout(240)
def test_run_goes_on_when_agent_is_killed(
    server: LiveServer, admin: Client, tmp_path: Path
) -> None:
    path = tmp_path / "company.sqlite3"
    tables = count_datasets(tmp_path)
    run_id = start_run(admin, path)
    wait_until_reading(admin, run_id)
    for pid in server.list_agent_pids():
        os.kill(pid, signal.SIGKILL)
    check_nothing_is_lost(admin.wait_for_run(run_id, seconds=150), admin, tables)


@pytest.mark.timeout(240)
def test_run_goes_on_when_server_is_killed(
    server: LiveServer, admin: Client, tmp_path: Path
) -> None:
    path = tmp_path / "company.sqlite3"
    tables = count_datasets(tmp_path)
    run_id = start_run(admin, path)
    wait_until_reading(admin, run_id)
    server.kill()
    wait_until(lambda: not server.list_agent_pids(), what="the orphaned agent to stop")
    server.start()
    check_nothing_is_lost(admin.wait_for_run(run_id, seconds=150), admin, tables)
