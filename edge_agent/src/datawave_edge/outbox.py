"""The spool: batches wait here until the server has them, and stay as the ledger of what was sent.

SQLite with WAL and synchronous=FULL, so a batch that was put survives kill -9. It holds features,
never a raw value.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .config import SPOOL_LIMIT
from .ledger import LedgerLine, read_ledger
from .load import add_loads
from .packing import Packed
from .protocol import (
    Load,
    Record,
    batch_sha256,
    decode_message,
    encode_message,
)
from .protocol.compression import DAMAGES, unpack
from .spool import SpoolFile

LEDGER_BYTES: Final = 128 * 1024 * 1024
LEDGER_NOTES: Final = 5_000
# For so long the ledger tells of a job, as the server keeps what its runs left.
LEDGER_DAYS: Final = 400
JOB_DAYS: Final = 7
CLOSED, GONE, CANCELLED, FAILED = "closed", "gone", "cancelled", "failed"
# A person resumes it, or a server that was set back asks for it again: it goes on where it was.
MAY_COME_BACK: Final = (CLOSED, GONE, CANCELLED)


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
        return unpack(self.packed)

    def is_whole(self) -> bool:
        """Whether the disk gave back what was put there."""
        try:
            return batch_sha256(self.body) == self.sha
        except DAMAGES:
            return False


class Outbox:
    """The spool of one agent. Safe to use from several threads."""

    def __init__(self, directory: Path, limit: int = SPOOL_LIMIT, *, beside: bool = False) -> None:
        self._limit = limit
        self.file = SpoolFile(directory, beside=beside)
        self.path = self.file.path

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def open_job(self, job: str) -> None:
        """Know a job, new or taken up again.

        When it had ended here and its tables are read anew, what waits of them must not go too:
        empty batches take those numbers.
        """
        with self.file.writing() as connection:
            if _is_forgotten(connection, job):
                rows = connection.execute("SELECT seq FROM batches WHERE job = ?", (job,))
                for (seq,) in rows.fetchall():
                    replace_batch(connection, job, seq, Packed.of([]))
            connection.execute(
                "INSERT INTO jobs (job, opened_at) VALUES (?, ?)"
                " ON CONFLICT (job) DO UPDATE SET state = 'open', opened_at = excluded.opened_at",
                (job, _now()),
            )

    def adopt_hashes(self, job: str, hashes: Sequence[str]) -> None:
        """Take over what the server holds of a job: batches that another spool sent.

        A spool that was set back may have used a number again. Its own batch of that number never
        arrives, so the tables in it are read once more.
        """
        rows = [(sha, job, seq) for seq, sha in enumerate(hashes)]
        with self.file.writing() as connection:
            connection.executemany(
                "DELETE FROM tables_done WHERE (job, seq) IN"
                " (SELECT job, seq FROM batches WHERE sha <> ? AND job = ? AND seq = ?)",
                rows,
            )
            connection.executemany(
                "INSERT INTO batches"
                " (sha, job, seq, records, packed_bytes, body_bytes, acked, put_at)"
                " VALUES (?, ?, ?, 0, 0, 0, 1, datetime('now'))"
                " ON CONFLICT (job, seq) DO UPDATE SET sha = excluded.sha, packed = NULL, acked = 1"
                " WHERE sha <> excluded.sha",
                rows,
            )

    def resume_at(self, job: str, resume_seq: int) -> bool:
        """Believe the server about what it has. False when a batch before that is unknown here.

        A server restored from a backup asks for less than it had: those are sent again.
        """
        with self.file.writing() as connection:
            connection.execute(
                "UPDATE batches SET acked = (seq < ?) WHERE job = ? AND packed IS NOT NULL",
                (resume_seq, job),
            )
        return self.next_seq(job) >= resume_seq

    def put(self, job: str, records: Sequence[Record], done: Iterable[tuple[str, str]]) -> int:
        """Store records as a batch. Returns its number."""
        return self.put_packed(job, Packed.of(records), done)

    def put_packed(self, job: str, content: Packed, done: Iterable[tuple[str, str]]) -> int:
        """Store a batch and the tables it settles, in one transaction. Returns its number."""
        with self.file.writing() as connection:
            seq = insert_batch(connection, job, content)
            connection.executemany(
                "INSERT OR REPLACE INTO tables_done (job, container, name, seq)"
                " VALUES (?, ?, ?, ?)",
                [(job, container, name, seq) for container, name in done],
            )
        return seq

    def find_waiting(self, job: str, besides: Collection[int] = ()) -> SpooledBatch | None:
        """The first batch that the server does not have yet, but for those under way."""
        # The first one more than are under way hold one that is not.
        with self.file.reading() as connection:
            rows = connection.execute(
                "SELECT seq FROM batches WHERE job = ? AND acked = 0 ORDER BY seq LIMIT ?",
                (job, len(besides) + 1),
            ).fetchall()
            seq = next((seq for (seq,) in rows if seq not in besides), None)
            row = connection.execute(
                "SELECT job, seq, sha, records, packed FROM batches WHERE job = ? AND seq = ?",
                (job, seq),
            ).fetchone()
        return SpooledBatch(*row) if row else None

    def mark_sending(self, job: str, seq: int) -> None:
        """The batch is about to leave: from now on it is in the ledger."""
        with self.file.writing() as connection:
            connection.execute(
                "UPDATE batches SET sent_at = ? WHERE job = ? AND seq = ? AND sent_at IS NULL",
                (_now(), job, seq),
            )

    def mark_acked(self, job: str, seq: int) -> None:
        """The server has this batch. Forgotten, it is sent again and known as a duplicate."""
        with self.file.writing(synced=False) as connection:
            connection.execute("UPDATE batches SET acked = 1 WHERE job = ? AND seq = ?", (job, seq))

    def mark_missing(self, job: str, numbers: Sequence[int]) -> bool:
        """Send these again. False when one is no longer kept: its tables must be read again.

        An empty batch takes such a number, so that the stream has no hole for ever.
        """
        with self.file.writing() as connection:
            kept = [self._unack(connection, job, seq) for seq in numbers]
        return all(kept)

    def _unack(self, connection: sqlite3.Connection, job: str, seq: int) -> bool:
        kept = connection.execute(
            "UPDATE batches SET acked = 0 WHERE job = ? AND seq = ? AND packed IS NOT NULL",
            (job, seq),
        ).rowcount
        if not kept:
            connection.execute("DELETE FROM tables_done WHERE job = ? AND seq = ?", (job, seq))
            replace_batch(connection, job, seq, Packed.of([]))
        return bool(kept)

    def list_hashes(self, job: str) -> list[str]:
        """Hashes of all batches of a job, in order."""
        with self.file.reading() as connection:
            rows = connection.execute(
                "SELECT sha FROM batches WHERE job = ? ORDER BY seq", (job,)
            ).fetchall()
        return [sha for (sha,) in rows]

    def list_done(self, job: str) -> set[tuple[str, str]]:
        """Tables that are settled by a spooled batch and need no second reading."""
        with self.file.reading() as connection:
            rows = connection.execute(
                "SELECT container, name FROM tables_done WHERE job = ?", (job,)
            ).fetchall()
        return {(container, name) for container, name in rows}

    def next_seq(self, job: str) -> int:
        """Number of the next batch."""
        with self.file.reading() as connection:
            return _next_seq(connection, job)

    def add_load(self, job: str, load: Load) -> None:
        """Add what was asked of the source since the last call."""
        whole = encode_message(add_loads(self.get_load(job), load)).decode()
        with self.file.writing(synced=False) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO loads (job, load) VALUES (?, ?)", (job, whole)
            )

    def get_load(self, job: str) -> Load:
        """What the job has asked of the source, over restarts too."""
        with self.file.reading() as connection:
            row = connection.execute("SELECT load FROM loads WHERE job = ?", (job,)).fetchone()
        return decode_message(row[0].encode(), Load) if row else Load()

    def end_job(self, job: str, state: str) -> None:
        """The job is over: nothing waits any more, the ledger stays within its bounds."""
        with self.file.writing() as connection:
            connection.execute("UPDATE jobs SET state = ? WHERE job = ?", (state, job))
            connection.execute("UPDATE batches SET acked = 1 WHERE job = ?", (job,))
            if state not in MAY_COME_BACK:
                connection.execute("DELETE FROM tables_done WHERE job = ?", (job,))
        self._trim(LEDGER_BYTES)

    def forget_old_jobs(self) -> None:
        """End jobs that nobody has taken up again for long, so that they fill no spool."""
        with self.file.reading() as connection:
            rows = connection.execute(
                "SELECT job FROM jobs WHERE state = 'open' AND opened_at < ?",
                (_since(days=JOB_DAYS),),
            ).fetchall()
        for (job,) in rows:
            self.end_job(job, "forgotten")
        # A server set back to before the close asks again, but not for long.
        with self.file.writing() as connection:
            connection.execute(
                "DELETE FROM tables_done WHERE job IN"
                " (SELECT job FROM jobs WHERE state <> 'open' AND opened_at < ?)",
                (_since(days=1),),
            )
            _forget_ledger(connection, _since(days=LEDGER_DAYS))

    def note_sent(self, method: str, path: str, body: bytes) -> None:
        """Keep a control message for the ledger."""
        with self.file.writing() as connection:
            number = connection.execute(
                "INSERT INTO notes (sent_at, method, path, body) VALUES (?, ?, ?, ?)",
                (_now(), method, path, body),
            ).lastrowid
            # A job may go on for days, and an agent may serve connection tests alone.
            connection.execute("DELETE FROM notes WHERE id <= ?", ((number or 0) - LEDGER_NOTES,))

    def spool_bytes(self) -> int:
        """Bytes that still wait for the server."""
        with self.file.reading() as connection:
            (size,) = connection.execute(
                "SELECT coalesce(sum(packed_bytes), 0) FROM batches"
                " WHERE acked = 0 AND packed IS NOT NULL"
            ).fetchone()
        return int(size)

    def fill(self) -> float:
        """How full the spool is, from 0 to 1, by what waits and what nobody has decided on.

        What is sent and only kept gives way, oldest first.
        """
        taken = self.spool_bytes() + self._count_letters()
        room = max(0, self._limit - taken)
        if self._count_acked() > room:
            self._trim(room)
        return taken / self._limit

    def _count_acked(self) -> int:
        with self.file.reading() as connection:
            (size,) = connection.execute(
                "SELECT coalesce(sum(packed_bytes), 0) FROM batches"
                " WHERE acked = 1 AND packed IS NOT NULL"
            ).fetchone()
        return int(size)

    def _count_letters(self) -> int:
        with self.file.reading() as connection:
            (size,) = connection.execute(
                "SELECT coalesce(sum(packed_bytes), 0) FROM letters"
            ).fetchone()
        return int(size)

    def list_ledger(self) -> Iterator[LedgerLine]:
        """Everything that left for the server, oldest first."""
        return read_ledger(self.file)

    def _trim(self, keep: int) -> None:
        with self.file.writing() as connection:
            connection.execute(
                "UPDATE batches SET packed = NULL WHERE rowid IN (SELECT id FROM (SELECT rowid AS"
                " id, sum(packed_bytes) OVER (ORDER BY put_at DESC, seq DESC) AS total"
                " FROM batches WHERE acked = 1 AND packed IS NOT NULL) WHERE total > ?)",
                (keep,),
            )


def _forget_ledger(connection: sqlite3.Connection, before: str) -> None:
    """Let go of jobs of which nothing but hashes is left."""
    connection.execute(
        "DELETE FROM batches WHERE packed IS NULL AND job IN"
        " (SELECT job FROM jobs WHERE state <> 'open' AND opened_at < ?)",
        (before,),
    )
    connection.execute("DELETE FROM refused WHERE packed IS NULL AND sent_at < ?", (before,))
    connection.execute(
        "DELETE FROM jobs WHERE state <> 'open' AND opened_at < ?"
        " AND job NOT IN (SELECT job FROM batches)",
        (before,),
    )
    connection.execute("DELETE FROM loads WHERE job NOT IN (SELECT job FROM jobs)")


def _is_forgotten(connection: sqlite3.Connection, job: str) -> bool:
    """Whether the job had ended, and nothing is left of which tables it has read."""
    return bool(
        connection.execute(
            "SELECT 1 FROM jobs WHERE job = ? AND state <> 'open'"
            " AND NOT EXISTS (SELECT 1 FROM tables_done WHERE tables_done.job = jobs.job)",
            (job,),
        ).fetchone()
    )


def insert_batch(connection: sqlite3.Connection, job: str, content: Packed) -> int:
    """Put a batch behind the last one of the job. Returns its number."""
    seq = _next_seq(connection, job)
    connection.execute(
        "INSERT INTO batches (job, seq, sha, records, packed, packed_bytes, body_bytes, put_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job,
            seq,
            content.sha,
            content.records,
            content.packed,
            len(content.packed),
            content.body_bytes,
            _now(),
        ),
    )
    return seq


def replace_batch(connection: sqlite3.Connection, job: str, seq: int, content: Packed) -> None:
    """Give a number that the server does not hold another content, to be sent."""
    connection.execute(
        "UPDATE batches SET sha = ?, records = ?, packed = ?, packed_bytes = ?, body_bytes = ?,"
        " sent_at = NULL, acked = 0 WHERE job = ? AND seq = ?",
        (
            content.sha,
            content.records,
            content.packed,
            len(content.packed),
            content.body_bytes,
            job,
            seq,
        ),
    )


def _next_seq(connection: sqlite3.Connection, job: str) -> int:
    (last,) = connection.execute(
        "SELECT coalesce(max(seq), -1) FROM batches WHERE job = ?", (job,)
    ).fetchone()
    return int(last) + 1


def _since(*, days: int) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).isoformat()


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
