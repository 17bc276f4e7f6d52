"""The spool: batches wait here until the server has them, and stay as the ledger of what was sent.

SQLite with WAL and synchronous=FULL, so a batch that was put survives kill -9. It holds features,
never a raw value.
"""

from __future__ import annotations

import datetime as dt
import gzip
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .protocol import Load, Record, batch_sha256, encode_records
from .transport import pack_body

LEDGER_BYTES: Final = 128 * 1024 * 1024
LEDGER_NOTES: Final = 5_000
JOB_DAYS: Final = 7
SPOOL_LIMIT: Final = 512 * 1024 * 1024

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS jobs (
    job TEXT PRIMARY KEY, opened_at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open',
    queries INTEGER NOT NULL DEFAULT 0, rows_read INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS batches (
    job TEXT NOT NULL, seq INTEGER NOT NULL, sha TEXT NOT NULL, records INTEGER NOT NULL,
    packed BLOB, packed_bytes INTEGER NOT NULL, body_bytes INTEGER NOT NULL,
    acked INTEGER NOT NULL DEFAULT 0, put_at TEXT NOT NULL, sent_at TEXT,
    PRIMARY KEY (job, seq)
);
CREATE INDEX IF NOT EXISTS batches_waiting ON batches (job, seq) WHERE acked = 0;
CREATE TABLE IF NOT EXISTS tables_done (
    job TEXT NOT NULL, container TEXT NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (job, container, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY, sent_at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    body BLOB NOT NULL
);
"""


@dataclass(frozen=True)
class SpooledBatch:
    """A batch as it goes over the wire."""

    job: str
    seq: int
    sha: str
    records: int
    packed: bytes

    @property
    def body(self) -> bytes:
        """The records, unpacked."""
        return gzip.decompress(self.packed)


@dataclass(frozen=True)
class LedgerLine:
    """One message of the ledger; `body` is None when it is too old to be kept."""

    sent_at: str
    method: str
    path: str
    size: int
    sha: str
    body: bytes | None


class SpoolUnwritable(OSError):
    """The spool can't be written: the disk is full, or the directory is read-only."""


class Outbox:
    """The spool of one agent. Safe to use from several threads."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.chmod(0o700)
        self.path = directory / "outbox.sqlite3"
        self.path.touch(mode=0o600)
        self.path.chmod(0o600)
        self._lock = threading.RLock()
        self._connection = _open_or_replace(self.path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def open_job(self, job: str) -> None:
        """Know a job, new or taken up again."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO jobs (job, opened_at) VALUES (?, ?)"
                " ON CONFLICT (job) DO UPDATE SET state = 'open', opened_at = excluded.opened_at",
                (job, _now()),
            )

    def adopt_hashes(self, job: str, hashes: Sequence[str]) -> None:
        """Take over the hashes of batches that another spool sent, which the server holds."""
        with self._writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO batches"
                " (job, seq, sha, records, packed_bytes, body_bytes, acked, put_at)"
                " VALUES (?, ?, ?, 0, 0, 0, 1, ?)",
                [(job, seq, sha, _now()) for seq, sha in enumerate(hashes)],
            )

    def resume_at(self, job: str, resume_seq: int) -> bool:
        """Believe the server about what it has. False when a batch before that is unknown here.

        A server restored from a backup asks for less than it had: those are sent again.
        """
        with self._writing() as connection:
            connection.execute(
                "UPDATE batches SET acked = (seq < ?) WHERE job = ? AND packed IS NOT NULL",
                (resume_seq, job),
            )
        return self.next_seq(job) >= resume_seq

    def put(self, job: str, records: Sequence[Record], done: Iterable[tuple[str, str]]) -> int:
        """Store a batch and the tables it settles, in one transaction. Returns its number."""
        body = encode_records(records)
        packed = pack_body(body)
        with self._writing() as connection:
            seq = self._next_seq(connection, job)
            connection.execute(
                "INSERT INTO batches (job, seq, sha, records, packed, packed_bytes, body_bytes,"
                " put_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job,
                    seq,
                    batch_sha256(body),
                    len(records),
                    packed,
                    len(packed),
                    len(body),
                    _now(),
                ),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO tables_done (job, container, name, seq)"
                " VALUES (?, ?, ?, ?)",
                [(job, container, name, seq) for container, name in done],
            )
        return seq

    def find_waiting(self, job: str) -> SpooledBatch | None:
        """The first batch that the server does not have yet."""
        with self._lock:
            row = self._connection.execute(
                "SELECT job, seq, sha, records, packed FROM batches"
                " WHERE job = ? AND acked = 0 ORDER BY seq LIMIT 1",
                (job,),
            ).fetchone()
        return SpooledBatch(*row) if row else None

    def mark_sending(self, job: str, seq: int) -> None:
        """The batch is about to leave: from now on it is in the ledger."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE batches SET sent_at = ? WHERE job = ? AND seq = ? AND sent_at IS NULL",
                (_now(), job, seq),
            )

    def mark_acked(self, job: str, seq: int) -> None:
        """The server has this batch."""
        with self._writing() as connection:
            connection.execute("UPDATE batches SET acked = 1 WHERE job = ? AND seq = ?", (job, seq))

    def mark_missing(self, job: str, numbers: Sequence[int]) -> bool:
        """Send these again. False when one of them is no longer kept."""
        with self._writing() as connection:
            changed = [
                connection.execute(
                    "UPDATE batches SET acked = 0 WHERE job = ? AND seq = ? AND packed IS NOT NULL",
                    (job, seq),
                ).rowcount
                for seq in numbers
            ]
        return all(changed)

    def list_hashes(self, job: str) -> list[str]:
        """Hashes of all batches of a job, in order."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT sha FROM batches WHERE job = ? ORDER BY seq", (job,)
            ).fetchall()
        return [sha for (sha,) in rows]

    def list_done(self, job: str) -> set[tuple[str, str]]:
        """Tables that are settled by a spooled batch and need no second reading."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT container, name FROM tables_done WHERE job = ?", (job,)
            ).fetchall()
        return {(container, name) for container, name in rows}

    def next_seq(self, job: str) -> int:
        """Number of the next batch."""
        with self._lock:
            return self._next_seq(self._connection, job)

    def add_load(self, job: str, load: Load) -> None:
        """Add what was asked of the source since the last call."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE jobs SET queries = queries + ?, rows_read = rows_read + ?,"
                " seconds = seconds + ? WHERE job = ?",
                (load.queries, load.rows_read, load.seconds, job),
            )

    def get_load(self, job: str) -> Load:
        """What the job has asked of the source, over restarts too."""
        with self._lock:
            row = self._connection.execute(
                "SELECT queries, rows_read, seconds FROM jobs WHERE job = ?", (job,)
            ).fetchone()
        return Load(queries=row[0], rows_read=row[1], seconds=round(row[2], 3)) if row else Load()

    def end_job(self, job: str, state: str) -> None:
        """The job is over: nothing waits any more, the ledger stays within its bounds."""
        with self._writing() as connection:
            connection.execute("UPDATE jobs SET state = ? WHERE job = ?", (state, job))
            connection.execute("UPDATE batches SET acked = 1 WHERE job = ?", (job,))
            connection.execute("DELETE FROM tables_done WHERE job = ?", (job,))
        self._trim()

    def forget_old_jobs(self) -> None:
        """End jobs that nobody has taken up again for long, so that they fill no spool."""
        limit = (dt.datetime.now(dt.UTC) - dt.timedelta(days=JOB_DAYS)).isoformat()
        with self._lock:
            rows = self._connection.execute(
                "SELECT job FROM jobs WHERE state = 'open' AND opened_at < ?", (limit,)
            ).fetchall()
        for (job,) in rows:
            self.end_job(job, "forgotten")

    def note_sent(self, method: str, path: str, body: bytes) -> None:
        """Keep a control message for the ledger."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO notes (sent_at, method, path, body) VALUES (?, ?, ?, ?)",
                (_now(), method, path, body),
            )

    def spool_bytes(self) -> int:
        """Bytes that still wait for the server."""
        with self._lock:
            (size,) = self._connection.execute(
                "SELECT coalesce(sum(packed_bytes), 0) FROM batches WHERE acked = 0"
            ).fetchone()
        return int(size)

    def is_full(self) -> bool:
        """Whether profiling must wait: the spool pauses, it never drops."""
        return self.spool_bytes() >= SPOOL_LIMIT

    def list_ledger(self) -> Iterator[LedgerLine]:
        """Everything that left for the server, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT sent_at, 'PUT', '/jobs/' || job || '/batches/' || seq, packed, body_bytes,"
                " sha FROM batches WHERE sent_at IS NOT NULL"
                " UNION ALL SELECT sent_at, method, path, body, -1, '' FROM notes ORDER BY 1, 3"
            ).fetchall()
        return map(_ledger_line, rows)

    def _next_seq(self, connection: sqlite3.Connection, job: str) -> int:
        (last,) = connection.execute(
            "SELECT coalesce(max(seq), -1) FROM batches WHERE job = ?", (job,)
        ).fetchone()
        return int(last) + 1

    def _trim(self) -> None:
        with self._writing() as connection:
            connection.execute(
                "UPDATE batches SET packed = NULL WHERE rowid IN (SELECT id FROM (SELECT rowid AS"
                " id, sum(packed_bytes) OVER (ORDER BY put_at DESC, seq DESC) AS total"
                " FROM batches WHERE acked = 1 AND packed IS NOT NULL) WHERE total > ?)",
                (LEDGER_BYTES,),
            )
            connection.execute(
                "DELETE FROM notes WHERE id <= (SELECT max(id) FROM notes) - ?", (LEDGER_NOTES,)
            )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                # Rolls back on any error, also when the commit itself finds the disk full.
                with self._connection:
                    self._connection.execute("BEGIN IMMEDIATE")
                    yield self._connection
            except sqlite3.OperationalError as error:
                raise SpoolUnwritable(type(error).__name__) from None


def _open_or_replace(path: Path) -> sqlite3.Connection:
    """Open the spool; a damaged file is set aside, for the server tells what it holds."""
    try:
        return _open(path)
    except sqlite3.OperationalError as error:
        raise SpoolUnwritable(str(error)) from None
    except sqlite3.DatabaseError:
        path.replace(path.with_suffix(f".broken-{int(time.time())}"))
        path.touch(mode=0o600)
        return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _ledger_line(
    row: tuple[str, str, str, bytes | None, int, str],
) -> LedgerLine:
    sent_at, method, path, raw, size, sha = row
    if method == "PUT":
        body = gzip.decompress(raw) if raw is not None else None
        return LedgerLine(sent_at, method, path, size, sha, body)
    note = raw or b""
    return LedgerLine(sent_at, method, path, len(note), batch_sha256(note), note)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
