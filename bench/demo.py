"""The demo discovery on a real installation, beside a floor: the same rows read, nothing done.

Prints seconds from button to completed, the rescan of an unchanged database, and what the process
group costs while idle. Run it on a quiet machine.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from pathlib import Path

from datawave.demo import build_demo
from tests.live import Client, LiveServer

SAMPLE_ROWS = 2_000
IDLE_SECONDS = 20


def read_floor(path: Path) -> float:
    """Seconds to read every table's structure and a sample of its rows, and to do nothing else."""
    begin = time.perf_counter()
    with sqlite3.connect(path) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        ).fetchall()
        for (name,) in names:
            quoted = '"' + name.replace('"', '""') + '"'
            connection.execute(f"PRAGMA table_info({quoted})").fetchall()
            connection.execute(f"SELECT * FROM {quoted} LIMIT {SAMPLE_ROWS}").fetchall()
    connection.close()
    return time.perf_counter() - begin


def run_discovery(admin: Client, source: str) -> float:
    """Seconds that one run took, by the server's own clock."""
    run = admin.wait_for_run(admin.call("POST", "runs/", {"source": source})["id"])
    if run["state"] != "completed":
        raise SystemExit(f"The run ended as {run['state']}: {run['error_message']}")
    return float(run["seconds"])


def list_processes(server: LiveServer) -> list[int]:
    """The server's process and its agent."""
    if server.process is None:
        return []
    return [server.process.pid, *server.list_agent_pids()]


def read_memory(pids: list[int]) -> float:
    """Resident megabytes of all of them."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def read_cpu(pids: list[int]) -> float:
    """CPU seconds that all of them have used."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="datawave-bench-") as folder:
        path = Path(folder) / "company.sqlite3"
        summary = build_demo(path)
        floor = read_floor(path)
        server = LiveServer(Path(folder)).start()
        try:
            report(server, path, floor, summary.columns)
        finally:
            server.stop()


def report(server: LiveServer, path: Path, floor: float, columns: int) -> None:
    """Discover twice, then watch the idle group."""
    admin = Client(server).sign_in().make_token()
    body = {"name": "company", "engine": "sqlite", "database": str(path)}
    source = str(admin.call("POST", "sources/", body)["id"])
    first, again = run_discovery(admin, source), run_discovery(admin, source)
    print(f"floor: read structure and samples    {floor:7.2f} s")
    print(f"discovery, {columns} columns             {first:7.2f} s  {first / floor:5.1f} x floor")
    print(f"discovery again, nothing changed     {again:7.2f} s  {again / first:5.2f} x first")
    time.sleep(5)
    pids = list_processes(server)
    before = read_cpu(pids)
    time.sleep(IDLE_SECONDS)
    share = (read_cpu(pids) - before) / IDLE_SECONDS
    print(f"idle, {len(pids)} processes  {read_memory(pids):7.0f} MB {share:6.2%} of a core")


if __name__ == "__main__":
    main()
