"""What conducting costs and how fast it reacts: `python -m bench.orchestration [--mode full]`.

Starts a whole DataWave with the leases it is shipped with and discovers small tables: few of them
many times, so that a thread is free when a stage gets ready, then many at once. The database says
when each stage run was ready, when it was taken up and how long it worked.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import sqlite3
import statistics
import time
from pathlib import Path
from typing import Any

from tests.faults.harness import installation as harness
from tests.faults.harness.cost import read_work
from tests.faults.harness.installation import Installation, Mode

_SHIPPED = {
    "DATAWAVE_JOB_LEASE": "60",
    "DATAWAVE_STAGE_LEASE": "60",
    "DATAWAVE_SWEEP": "2",
    "DATAWAVE_STAGE_LIMIT": "900",
}
# Runs of one batch, for how soon a stage is taken up.
_SMALL_RUNS, _SMALL_TABLES = 20, 4
_IDLE_SECONDS = 10
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
        bench.measure_cost()
        if options.mode == "full":
            bench.measure_second_worker()
        bench.measure_cancel()
        bench.measure_kill()
    finally:
        bench.installation.stop()


def _compute(_: int) -> float:
    started, seen = time.perf_counter(), {}
    for number in range(8_000_000):
        seen[number & 0xFFFF] = str(number)
    return time.perf_counter() - started


def _measure_two() -> float:
    """How much more this machine computes at most when two processes do it, with nothing else."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        return 2 * pool.map(_compute, [0])[0] / max(pool.map(_compute, [0, 1], chunksize=1))


def _read_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Bench:
    def __init__(self, mode: Mode, tables: int) -> None:
        self.mode, self.tables = mode, tables
        self.installation = Installation(mode)
        self.installation.environment["FAULT_PACE"] = "0"
        self.installation.environment["BENCH_WORK"] = str(self.installation.folder)
        # Batches as large as shipped ones start.
        (self.installation.home / "large-batches").touch()
        self.installation.start()
        self.store = self.installation.store
        self.number = 0
        self.large: dict[str, Any] = {}

    def start_run(self, tables: int) -> dict[str, Any]:
        """A run of a fresh source."""
        self.number += 1
        path = self.installation.folder / f"bench-{self.number}.source"
        build_source(path, tables)
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
        """From ready to taken up, where a thread is free."""
        waits: list[float] = []
        for _ in range(_SMALL_RUNS):
            run = self.start_run(_SMALL_TABLES)
            self.wait(run)
            waits += self._list_waits(run)
        p95 = statistics.quantiles(waits, n=20)[-1]
        print(f"{self.mode}: load {os.getloadavg()[0]:.1f}")
        print(
            f"  taken up after {statistics.median(waits):.3f} s (median), {p95:.3f} s (p95),"
            f" {len(waits)} batches"
        )

    def measure_cost(self) -> None:
        """CPU of a large run, and how much of it goes neither into batches nor into idling."""
        folder = self.installation.folder
        idle = self._measure_idle()
        cpu, agent, work = self._read_cpu(), self._read_agent_cpu(), read_work(folder)
        run = self.start_run(self.tables)
        took = self.wait(run, 3600)
        cpu, agent = self._read_cpu() - cpu, self._read_agent_cpu() - agent
        work = read_work(folder) - work
        conducting = max(0.0, cpu - work - idle * took)
        print(f"  {self.tables} tables in {took:.1f} s: {self.get_state(run)}")
        print(
            f"  CPU of server and workers {cpu:.1f} s: {work:.1f} s on batches,"
            f" {idle * took:.1f} s as when idle, {conducting:.1f} s conducting"
            f" ({conducting / cpu:.0%}; {conducting / (cpu + agent):.0%} of the run's with the"
            f" agent's {agent:.1f} s)"
        )
        self.large = run

    def _measure_idle(self) -> float:
        """CPU seconds that a second of doing nothing takes."""
        before = self._read_cpu()
        time.sleep(_IDLE_SECONDS)
        return (self._read_cpu() - before) / _IDLE_SECONDS

    def measure_second_worker(self) -> None:
        """Classification alone over all batches again, by two workers and by one."""
        both = self._rerun_classification()
        self.installation.children.pop("worker2").stop()
        alone = self._rerun_classification()
        print(
            f"  classification again: {both:.1f} s by two workers, {alone:.1f} s by one,"
            f" {alone / both:.2f} x; two processes that only compute: {_measure_two():.2f} x"
        )

    def _rerun_classification(self) -> float:
        path = f"runs/{self.large['id']}/rerun/"
        self.installation.call("POST", path, {"stage": "classification"})
        self.wait(self.large, 3600)
        mine = f"run_id = {self.large['number']} AND stage = 'classification'"
        spent = "extract(epoch FROM max(finished_at) - min(started_at))"
        return float(self.store.get(f"SELECT {spent} FROM racine_stagerun WHERE {mine}"))

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
        children = self.installation.children.items()
        return sum(_read_seconds(child.pid) for name, child in children if name != "agent")

    def _read_agent_cpu(self) -> float:
        return _read_seconds(self.installation.children["agent"].pid)

    def measure_cancel(self) -> None:
        """From the press of the button to a terminal state."""
        run = self.start_run(self.tables)
        time.sleep(1.5)
        started = time.monotonic()
        self.installation.call("POST", f"runs/{run['id']}/cancel/")
        self.wait(run)
        print(f"  cancelled after {time.monotonic() - started:.1f} s: {self.get_state(run)}")

    def measure_kill(self) -> None:
        """From kill -9 of what works to the next stage run that is taken up by a new process."""
        run = self.start_run(self.tables)
        mine = f"run_id = {run['number']} AND state = 'done'"
        done = f"SELECT count(*) FROM racine_stagerun WHERE {mine}"
        while not self.store.get(done):
            time.sleep(0.02)
        children = self.installation.children
        victims = [name for name in children if name.startswith("worker")] or ["server"]
        pids = [children[name].pid for name in victims]
        for name in victims:
            children[name].kill()
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
