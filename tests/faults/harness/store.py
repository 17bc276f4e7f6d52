"""Reads an installation's database from the outside, and has it keep a history of states."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import psycopg

Row = tuple[Any, ...]
APPLICATION = "fault-checker"
# Table -> the column that works as its fence.
WATCHED = {
    "racine_run": "fence",
    "racine_stagerun": "fence",
    "discovery_discoveryjob": "epoch",
}
HISTORY = """
CREATE TABLE fault_history (
    id {serial}, kind TEXT, row_id BIGINT, state_before TEXT, state_after TEXT,
    fence_before BIGINT, fence_after BIGINT)
"""
INSERT = """
INSERT INTO fault_history (kind, row_id, state_before, state_after, fence_before, fence_after)
VALUES ('{table}', NEW.id, OLD.state, NEW.state, OLD.{fence}, NEW.{fence});
"""
CHANGED = "OLD.state <> NEW.state OR OLD.{fence} <> NEW.{fence}"


class Store:
    """SQLite file or PostgreSQL database; statements work on both. Safe between threads."""

    def __init__(self, place: str | Path) -> None:
        self.place = place
        self.is_sqlite = isinstance(place, Path)
        self._lock = threading.Lock()
        self._connection: Any = None

    def query(self, statement: str) -> list[Row]:
        """All rows of one statement, which sees one moment."""
        with self._lock:
            for _ in range(5):
                try:
                    return self._run(statement)
                except (sqlite3.OperationalError, psycopg.OperationalError) as error:
                    fault = error
                    self._connection = None
                    time.sleep(0.3)
        raise fault

    def _run(self, statement: str) -> list[Row]:
        if self._connection is None:
            self._connection = self._connect()
        cursor = self._connection.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []

    def _connect(self) -> Any:
        if isinstance(self.place, Path):
            return sqlite3.connect(
                self.place, timeout=20, isolation_level=None, check_same_thread=False
            )
        return psycopg.connect(self.place, autocommit=True, application_name=APPLICATION)

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def get(self, statement: str) -> Any:
        """The first column of the first row; None without rows."""
        rows = self.query(statement)
        return rows[0][0] if rows else None

    def count_columns_json(self, column: str) -> str:
        """Expression for the number of columns that a snapshot's payload tells of."""
        if self.is_sqlite:
            return f"json_array_length({column}, '$.columns')"
        return f"jsonb_array_length({column}->'columns')"

    def json_number(self, column: str, key: str) -> str:
        """Expression for a number in a JSON column."""
        if self.is_sqlite:
            return f"json_extract({column}, '$.{key}')"
        return f"({column}->>'{key}')::bigint"

    def keep_history(self) -> None:
        """Write down every committed change of a state or a fence, in the database itself."""
        serial = "INTEGER PRIMARY KEY" if self.is_sqlite else "BIGSERIAL PRIMARY KEY"
        self.query(HISTORY.format(serial=serial))
        for table, fence in WATCHED.items():
            for statement in self._list_triggers(table, fence):
                self.query(statement)

    def _list_triggers(self, table: str, fence: str) -> list[str]:
        insert = INSERT.format(table=table, fence=fence)
        changed = CHANGED.format(fence=fence)
        if self.is_sqlite:
            return [
                (
                    f"CREATE TRIGGER watch_{table} AFTER UPDATE ON {table} WHEN {changed}"
                    f" BEGIN {insert} END"
                )
            ]
        return [
            (
                f"CREATE FUNCTION watch_{table}() RETURNS trigger AS $$ BEGIN {insert}"
                " RETURN NEW; END $$ LANGUAGE plpgsql"
            ),
            (
                f"CREATE TRIGGER watch_{table} AFTER UPDATE ON {table} FOR EACH ROW"
                f" WHEN ({changed}) EXECUTE FUNCTION watch_{table}()"
            ),
        ]

    def back_up(self, copy: Path) -> None:
        """Write a consistent copy beside those who write."""
        if isinstance(self.place, Path):
            with (
                contextlib.closing(sqlite3.connect(self.place, timeout=20)) as source,
                contextlib.closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
            return
        command = ["pg_dump", "--format=custom", f"--file={copy}", self.place]
        subprocess.run(command, check=True, capture_output=True)

    def restore(self, copy: Path) -> None:
        """Become the copy; nobody else may be connected."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            if isinstance(self.place, Path):
                for suffix in ("-wal", "-shm"):
                    self.place.with_name(self.place.name + suffix).unlink(missing_ok=True)
                copy.rename(self.place)
                return
            with psycopg.connect(self.place, autocommit=True) as connection:
                connection.execute("DROP SCHEMA public CASCADE")
                connection.execute("CREATE SCHEMA public")
            command = ["pg_restore", "--no-owner", f"--dbname={self.place}", str(copy)]
            subprocess.run(command, check=True, capture_output=True)

    def terminate_others(self) -> int:
        """End every other connection to a PostgreSQL database, as its restart would."""
        return len(
            self.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                f" AND application_name <> '{APPLICATION}'"
            )
        )

    def dump(self) -> bytes:
        """All that it holds, as bytes to search in."""
        if isinstance(self.place, Path):
            self.query("PRAGMA wal_checkpoint(PASSIVE)")
            # To read the file beside an open connection would end that connection's locks.
            self.close()
            wal = self.place.with_name(self.place.name + "-wal")
            return self.place.read_bytes() + (wal.read_bytes() if wal.exists() else b"")
        tables = self.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = [self.query(f'SELECT t::text FROM "{name}" t') for (name,) in tables]
        return "\n".join(str(row[0]) for each in rows for row in each).encode()


def as_json(value: Any) -> Any:
    """A JSON column as Python: SQLite gives its text."""
    return json.loads(value) if isinstance(value, str) else value
