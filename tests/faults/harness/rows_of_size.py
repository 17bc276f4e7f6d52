"""Rows about databases that are large: many tables, wide ones, long ones.

Scaled down to what a trial has time for; bench/ has the sizes that the product is made for.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
import statistics
import time
from pathlib import Path

from tests.faults.harness.plan import Injection, Plan
from tests.faults.harness.trial import Trial

MANY_TABLES, WIDE_COLUMNS, LONG_ROWS = 400, 1_600, 400_000
SLOWEST_SECONDS = 3.0
PATIENCE = 90


def discover_large(dice: random.Random) -> Plan:
    """F25: hundreds of empty tables, one of 1,600 columns, or one of 400,000 rows beside the rest.

    Memory stays within its bounds, others are answered meanwhile, and progress never falls.
    """
    kind = dice.choice(("many", "wide", "long"))

    def prepare(trial: Trial) -> None:
        trial.tables += _grow(trial.path, kind)
        (trial.installation.home / "large-batches").touch()

    def act(trial: Trial) -> None:
        trial.wait_to(0)
        took = _time_requests(trial)
        if took and statistics.quantiles(took, n=20)[-1] > SLOWEST_SECONDS:
            trial.violations.append(f"I10 during a large run others waited {max(took):.1f} s")
        mine = [each for each in trial.seen.answers if each["id"] == trial.run_id]
        shares = [each["live"]["progress"] for each in mine]
        if shares != sorted(shares):
            trial.violations.append(f"I12 progress fell: {shares}")
        trial.note_done()

    # A wide table is read in slices, each of which is told of.
    slices = 10
    return Plan(
        [Injection(f"a {kind} database", act)], prepare=prepare, compare=False, interruptions=slices
    )


def _grow(path: Path, kind: str) -> int:
    """Add what is large to the database; how many tables that were."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        if kind == "many":
            for number in range(MANY_TABLES):
                connection.execute(f"CREATE TABLE empty_{number} (id INTEGER PRIMARY KEY, a TEXT)")
            return MANY_TABLES
        if kind == "wide":
            columns = ", ".join(f"c{number} TEXT" for number in range(WIDE_COLUMNS))
            connection.execute(f"CREATE TABLE wide ({columns})")
            connection.execute("INSERT INTO wide (c0, c1599) VALUES ('a', 'b')")
            return 1
        connection.execute(
            "CREATE TABLE long AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1"
            f" FROM n WHERE id < {LONG_ROWS}) SELECT id, 'city ' || (id % 97) AS city, id * 1.5"
            " AS total FROM n"
        )
        return 1


def _time_requests(trial: Trial) -> list[float]:
    took, deadline = [], time.monotonic() + PATIENCE
    while not trial.is_over() and time.monotonic() < deadline:
        started = time.monotonic()
        trial.seen.answers.append(trial.installation.call("GET", f"runs/{trial.run_id}/"))
        trial.installation.call("GET", "runs/?page_size=20")
        took.append((time.monotonic() - started) / 2)
        time.sleep(0.3)
    return took
