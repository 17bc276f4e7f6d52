"""Rows about full disks, slow and lost databases."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
import time
from pathlib import Path

import psycopg

from tests.faults.harness.plan import Injection, Plan
from tests.faults.harness.surroundings import fill
from tests.faults.harness.trial import Trial

SLOW = """
CREATE OR REPLACE FUNCTION fault_sleep() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END $$
"""
SLOWED = ("racine_stagerun", "discovery_batch", "discovery_dataset")
SPOOL_EXIT = 75


def fill_server(dice: random.Random) -> Plan:
    """F9: the server's disk is full for a while."""
    moment, seconds = round(dice.uniform(0, 1), 2), round(dice.uniform(1, 4), 1)

    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        ballast = fill(trial.installation.home)
        time.sleep(seconds)
        ballast.unlink()
        trial.note_done()

    return Plan([Injection(f"the server's disk is full for {seconds} s after {moment} s", act)])


def fill_spool(dice: random.Random) -> Plan:
    """F10: the agent's disk is full for a while; it ends with 75 and goes on when there is room."""
    moment, seconds = round(dice.uniform(0, 0.8), 2), round(dice.uniform(1, 4), 1)

    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        ballast = fill(trial.installation.spool)
        time.sleep(seconds)
        ballast.unlink()
        trial.note_done()

    text = f"the agent's disk is full for {seconds} s after {moment} s"
    # It is started again until there is room. Where it could say so, the run has failed with words
    # about the disk, and another makes it whole.
    states = ("completed", "failed")
    return Plan([Injection(text, act)], states=states, deaths=(SPOOL_EXIT, 0), interruptions=5)


def slow_database(dice: random.Random) -> Plan:
    """F8b: the database is slow, or a table is locked by somebody else."""
    moment, seconds = round(dice.uniform(0, 1), 2), round(dice.uniform(1, 6), 1)
    kind = dice.choice(("locked", "slow"))

    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        if trial.installation.mode == "embedded":
            _lock_sqlite(trial.installation.home / "datawave.sqlite3", seconds)
        elif kind == "locked":
            _lock_postgres(trial, seconds)
        else:
            _slow_postgres(trial, seconds)
        trial.note_done()

    return Plan([Injection(f"the database is {kind} for {seconds} s after {moment} s", act)])


def _lock_sqlite(path: Path, seconds: float) -> None:
    with contextlib.closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")


def _lock_postgres(trial: Trial, seconds: float) -> None:
    url = trial.installation.environment["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE racine_run, racine_stagerun, discovery_discoveryjob")
        time.sleep(seconds)
        connection.rollback()


def _slow_postgres(trial: Trial, seconds: float) -> None:
    store = trial.installation.store
    store.query(SLOW)
    for table in SLOWED:
        store.query(
            f"CREATE TRIGGER fault_slow BEFORE INSERT OR UPDATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION fault_sleep()"
        )
    time.sleep(seconds)
    for table in SLOWED:
        store.query(f"DROP TRIGGER fault_slow ON {table}")


def kill_postgres(dice: random.Random) -> Plan:
    """F7b: kill -9 of PostgreSQL itself, which recovers from its log."""
    moments = sorted(round(dice.uniform(0, 2.5), 2) for _ in range(dice.randint(1, 2)))

    def make(moment: float) -> Injection:
        def act(trial: Trial) -> None:
            trial.wait_to(moment)
            assert trial.installation.postgres
            trial.installation.postgres.child.kill()
            trial.note_done()
            time.sleep(1)

        return Injection(f"kill -9 of PostgreSQL after {moment} s", act)

    return Plan([make(moment) for moment in moments])


def harm_source(dice: random.Random) -> Plan:
    """F26: the schema changes under the agent, every 100 ms; the next run sets it right."""
    seed, count = dice.random(), dice.randint(3, 12)

    def act(trial: Trial) -> None:
        inner = random.Random(seed)
        trial.wait_to(0.2)
        for _ in range(count):
            _change_schema(trial.path, inner)
            trial.note_done()
            time.sleep(0.1)

    states = ("completed", "completed_with_errors")
    text = f"{count} changes of the schema"
    return Plan([Injection(text, act)], states=states, compare=False, again=True, interruptions=3)


def _change_schema(path: Path, dice: random.Random) -> None:
    table = dice.choice(("customers", "orders", "products", "sessions", "addresses"))
    statements = (
        f"ALTER TABLE {table} ADD COLUMN extra_{dice.randrange(10**6)} TEXT",
        f"DROP TABLE IF EXISTS {table}",
        f"ALTER TABLE {table} RENAME TO {table}_renamed",
        f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY, other TEXT)",
    )
    with (
        contextlib.suppress(sqlite3.OperationalError),
        contextlib.closing(sqlite3.connect(path, timeout=1)) as connection,
    ):
        connection.execute(dice.choice(statements))
        connection.commit()


def lock_source(dice: random.Random) -> Plan:
    """F27: the source is locked by somebody else; the next run sets it right."""
    moment, seconds = round(dice.uniform(0, 1), 2), round(dice.uniform(2, 8), 1)

    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        done = threading.Event()
        with contextlib.closing(
            sqlite3.connect(trial.path, timeout=10, isolation_level=None)
        ) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            done.wait(seconds)
            connection.execute("ROLLBACK")
        trial.note_done()

    states = ("completed", "completed_with_errors", "failed")
    text = f"the source is locked for {seconds} s after {moment} s"
    return Plan([Injection(text, act)], states=states, compare=False, again=True, interruptions=3)
