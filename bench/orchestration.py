"""What conducting costs and how fast it reacts: `python -m bench.orchestration [--mode full]`.

Starts a whole DataWave with the leases it is shipped with, discovers many small tables, and
asks the database when each stage run was ready and when it was taken up.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sqlite3
import statistics
import time
from pathlib import Path
from typing import Any

from tests.faults.harness import installation as harness
from tests.faults.harness.installation import Installation, Mode

_SHIPPED = {"DATAWAVE_JOB_LEASE": "60", "DATAWAVE_STAGE_LEASE": "60", "DATAWAVE_SWEEP": "2"}
_ENDED = ("completed", "completed_with_errors", "failed", "cancelled")


def build_source(path: Path, tables: int) -> None:
    """Small tables of six columns."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for number in range(tables):
            columns = (
                "id INTEGER PRIMARY KEY, email TEXT, city TEXT, iban TEXT, total REAL, at TEXT"
            )
            connection.execute(f"CREATE TABLE t{number} ({columns})")
            row = (f"p{number}@example.org", "Bern", "CH9300762011623852957", 1.5, "2025-01-01")
            rows = [(key, *row) for key in range(20)]
            connection.executemany(f"INSERT INTO t{number} VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.commit()


def main() -> None:
    """Print a line for each figure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=["embedded", "full"], default="embedded")
    parser.add_argument("--tables", type=int, default=120)
    options = parser.parse_args()
    harness.QUICK.update(_SHIPPED)
    bench = _Bench(options.mode, options.tables)
    try:
        bench.measure_pick_up()
        bench.measure_cancel()
        bench.measure_kill()
    finally:
        bench.installation.stop()


class _Bench:
    def __init__(self, mode: Mode, tables: int) -> None:
        self.mode, self.tables = mode, tables
        self.installation = Installation(mode)
        self.installation.environment["FAULT_PACE"] = "0"
        self.installation.start()
        self.store = self.installation.store
        self.number = 0

    def start_run(self) -> dict[str, Any]:
        """A run of a fresh source."""
        self.number += 1
        path = self.installation.folder / f"bench-{self.number}.source"
        build_source(path, self.tables)
        body = {"name": path.stem, "engine": "sqlite", "database": str(path)}
        source = self.installation.call("POST", "sources/", body)
        run: dict[str, Any] = self.installation.call("POST", "runs/", {"source": source["id"]})
        return run

    def get_state(self, run: dict[str, Any]) -> str:
        """As the database has it."""
        return str(self.store.get(f"SELECT state FROM racine_run WHERE id = {run['number']}"))

    def wait(self, run: dict[str, Any], seconds: float = 200) -> float:
        """Until it has ended; how long that took."""
        started = time.monotonic()
        while self.get_state(run) not in _ENDED and time.monotonic() - started < seconds:
            time.sleep(0.05)
        return time.monotonic() - started

    def measure_pick_up(self) -> None:
        """From ready to taken up while a thread is free, and the CPU of the processes."""
        before = self._read_cpu()
        run = self.start_run()
        took = self.wait(run)
        waits = self._list_waits(run)
        cpu = self._read_cpu() - before
        stages = self.store.get(
            f"SELECT sum(seconds) FROM racine_stagerun WHERE run_id = {run['number']}"
        )
        p95 = statistics.quantiles(waits, n=20)[-1]
        print(
            f"{self.mode}: {self.tables} tables, {len(waits)} batches in {took:.1f} s,"
            f" {self.get_state(run)}; load {os.getloadavg()[0]:.1f}"
        )
        print(f"  taken up after {statistics.median(waits):.3f} s (median), {p95:.3f} s (p95)")
        print(f"  CPU of server and workers {cpu:.1f} s; time inside of stages {stages:.1f} s")

    def _list_waits(self, run: dict[str, Any]) -> list[float]:
        """The first stage run of each batch, so that waiting for a free thread does not count."""
        spent = (
            "(julianday(min(started_at)) - julianday(min(created_at))) * 86400.0"
            if self.mode == "embedded"
            else "extract(epoch FROM min(started_at) - min(created_at))"
        )
        rows = self.store.query(
            f"SELECT {spent} FROM racine_stagerun WHERE run_id = {run['number']} GROUP BY batch_id"
        )
        return [float(row[0]) for row in rows]

    def _read_cpu(self) -> float:
        ticks = 0
        for name, child in self.installation.children.items():
            if name != "agent":
                fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def measure_cancel(self) -> None:
        """From the press of the button to a terminal state."""
        run = self.start_run()
        time.sleep(1.5)
        started = time.monotonic()
        self.installation.call("POST", f"runs/{run['id']}/cancel/")
        self.wait(run)
        print(f"  cancelled after {time.monotonic() - started:.1f} s: {self.get_state(run)}")

    def measure_kill(self) -> None:
        """From kill -9 of what works to the next stage run that is taken up by a new process."""
        run = self.start_run()
        mine = f"run_id = {run['number']} AND state = 'done'"
        done = f"SELECT count(*) FROM racine_stagerun WHERE {mine}"
        while not self.store.get(done):
            time.sleep(0.02)
        victims = ["server"] if self.mode == "embedded" else ["worker1", "worker2"]
        pids = [self.installation.children[name].pid for name in victims]
        for name in victims:
            self.installation.children[name].kill()
        started = time.monotonic()
        owners = " AND ".join(f"owner NOT LIKE '%:{pid}:%'" for pid in pids)
        fresh = f"{done} AND {owners}"
        while not self.store.get(fresh) and time.monotonic() - started < 100:
            time.sleep(0.02)
        print(f"  work goes on {time.monotonic() - started:.1f} s after kill -9 of {victims}")
        self.wait(run)
        print(
            f"  the killed run ended as {self.get_state(run)}, {time.monotonic() - started:.1f} s"
        )


if __name__ == "__main__":
    main()
