"""Dead letters: descriptions that the server refused for good, kept until a person decides.

A batch that is refused is taken apart, so that one poisoned table costs itself alone. In its place
the stream carries the word that this table could not be taken in: the run's balance holds and
nothing takes the table for dropped.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

from .faults import ADVICE
from .outbox import SpooledBatch, insert_batch, replace_batch
from .packing import Packed
from .protocol import (
    BatchRejected,
    ConnectionSpec,
    FailedRecord,
    Record,
    TableRecord,
    decode_records,
)
from .protocol.compression import unpack
from .spool import SpoolFile

PARTS: Final = 16
# Of refused batches, kept for the ledger alone, newest first; of the others their hashes.
REFUSED_BYTES: Final = 16 * 1024 * 1024
STAND_IN: Final = "description_refused"
LetterState = Literal["dead", "again", "sent"]
Key = tuple[str, str]

_COLUMNS: Final = "id, job, source, seq, container, name, code, reason, at, state, body_bytes"


@dataclass(frozen=True)
class Refusal:
    """Why the server does not want a batch, and whether its number is `held` there all the same."""

    code: str
    reasons: Sequence[str] = ()
    held: bool = False


@dataclass(frozen=True)
class DeadLetter:
    """One refused description."""

    id: int
    job: str
    source: str
    seq: int
    container: str
    name: str
    code: str
    reason: str
    at: str
    state: LetterState
    size: int

    @property
    def path(self) -> str:
        """The table's name, as people write it."""
        return f"{self.container}.{self.name}" if self.container else self.name


def source_key(spec: ConnectionSpec) -> str:
    """Names a source on this agent, without telling anything about it."""
    parts = (spec.engine, spec.host, spec.port or 0, spec.database)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


class DeadLetters:
    """The refused descriptions in a spool."""

    def __init__(self, file: SpoolFile) -> None:
        self._file = file

    def replace(self, batch: SpooledBatch, source: str, refusal: Refusal) -> list[Key] | None:
        """Take a refused batch apart. Gives the tables that are dead letters now.

        None when there is nothing left to send in its place: the server refuses even that.
        """
        if not batch.records and not refusal.held:
            return None
        with self._file.writing() as connection:
            records = _read_records(connection, batch)
            dead = records if len(records) == 1 and not _is_stand_in(records[0]) else []
            for record in dead:
                _add(connection, batch, source, record, refusal)
            _send_instead(connection, batch, list(_split(records)), held=refusal.held)
        return [key_of(record) for record in dead]

    def list_all(self) -> Sequence[DeadLetter]:
        """All letters, oldest first."""
        with self._file.reading() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM letters ORDER BY id").fetchall()  # noqa: S608 - fixed columns
        return [DeadLetter(*row) for row in rows]

    def count(self) -> int:
        """Letters that wait for a person."""
        with self._file.reading() as connection:
            (number,) = connection.execute(
                "SELECT count(*) FROM letters WHERE state = 'dead'"
            ).fetchone()
        return int(number)

    def read(self, number: int) -> bytes | None:
        """The refused bytes; None when there is no such letter."""
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT packed FROM letters WHERE id = ?", (number,)
            ).fetchone()
        return unpack(row[0]) if row else None

    def resend(self, number: int) -> bool:
        """Send it once more with the next discovery of its source. False when there is none."""
        return self._change(number, "again")

    def discard(self, number: int) -> bool:
        """Delete a letter for good. False when there is none."""
        with self._file.writing() as connection:
            return bool(connection.execute("DELETE FROM letters WHERE id = ?", (number,)).rowcount)

    def take_up(self, job: str, source: str) -> list[Key]:
        """Put the letters to be sent again into a stream of their source. Gives their tables."""
        with self._file.writing() as connection:
            rows = connection.execute(
                "SELECT id, container, name, packed FROM letters"
                " WHERE state = 'again' AND source = ? ORDER BY id",
                (source,),
            ).fetchall()
            for number, container, name, packed in rows:
                seq = insert_batch(connection, job, Packed.of_packed(packed, 1))
                connection.execute(
                    "INSERT OR REPLACE INTO tables_done (job, container, name, seq)"
                    " VALUES (?, ?, ?, ?)",
                    (job, container, name, seq),
                )
                connection.execute("UPDATE letters SET state = 'sent' WHERE id = ?", (number,))
        return [(container, name) for _, container, name, _ in rows]

    def retire(self, job: str, source: str) -> None:
        """A later run of the source has read everything anew: what was refused before is old."""
        with self._file.writing() as connection:
            connection.execute(
                "DELETE FROM letters WHERE source = ? AND (job <> ? OR state = 'sent')",
                (source, job),
            )

    def _change(self, number: int, state: LetterState) -> bool:
        with self._file.writing() as connection:
            changed = connection.execute(
                "UPDATE letters SET state = ? WHERE id = ?", (state, number)
            ).rowcount
        return bool(changed)


def key_of(record: Record) -> Key:
    """Container and name of the table that the record is about."""
    part = record.table if isinstance(record, TableRecord) else record
    return part.container, part.name


def _read_records(connection: sqlite3.Connection, batch: SpooledBatch) -> list[Record]:
    """The records; of a batch that the disk has damaged, the word that its tables are not read."""
    with suppress(BatchRejected):
        if batch.is_whole():
            return decode_records(batch.body)
    rows = connection.execute(
        "SELECT container, name FROM tables_done WHERE job = ? AND seq = ?", (batch.job, batch.seq)
    )
    return [_stand_in(container, name) for container, name in rows.fetchall()]


def _is_stand_in(record: Record) -> bool:
    return isinstance(record, FailedRecord) and record.code == STAND_IN


def _split(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """What is sent instead: smaller parts; of one table, the word that it could not be taken in."""
    if len(records) == 1 and not _is_stand_in(records[0]):
        yield [_stand_in(*key_of(records[0]))]
    elif len(records) > 1:
        size = -(-len(records) // PARTS)
        for start in range(0, len(records), size):
            yield records[start : start + size]


def _stand_in(container: str, name: str) -> Record:
    message = ADVICE[STAND_IN].message
    return FailedRecord(container=container, name=name, code=STAND_IN, message=message)


def _send_instead(
    connection: sqlite3.Connection,
    batch: SpooledBatch,
    parts: Sequence[Sequence[Record]],
    *,
    held: bool,
) -> None:
    """A number that the server lacks must be filled, if with nothing; the rest goes behind."""
    first, rest = (parts[0] if parts else (), parts[1:]) if not held else ((), parts)
    if held:
        connection.execute(
            "UPDATE batches SET acked = 1 WHERE job = ? AND seq = ?", (batch.job, batch.seq)
        )
    else:
        _keep_sent(connection, batch)
        replace_batch(connection, batch.job, batch.seq, Packed.of(first))
    for part in rest:
        insert_batch(connection, batch.job, Packed.of(part))


def _keep_sent(connection: sqlite3.Connection, batch: SpooledBatch) -> None:
    """What left the host stays in the ledger, whatever takes its number and becomes of a letter."""
    connection.execute(
        "INSERT INTO refused (sent_at, job, seq, sha, packed_bytes, body_bytes, packed)"
        " SELECT sent_at, job, seq, sha, packed_bytes, body_bytes, packed FROM batches"
        " WHERE job = ? AND seq = ? AND sent_at IS NOT NULL",
        (batch.job, batch.seq),
    )
    connection.execute(
        "UPDATE refused SET packed = NULL WHERE packed IS NOT NULL AND id NOT IN (SELECT id FROM"
        " (SELECT id, sum(packed_bytes) OVER (ORDER BY id DESC) AS total FROM refused"
        " WHERE packed IS NOT NULL) WHERE total <= ?)",
        (REFUSED_BYTES,),
    )


def _add(
    connection: sqlite3.Connection,
    batch: SpooledBatch,
    source: str,
    record: Record,
    refusal: Refusal,
) -> None:
    container, name = key_of(record)
    row = (
        batch.job,
        source,
        batch.seq,
        batch.sha,
        container,
        name,
        refusal.code,
        "; ".join(refusal.reasons)[:500],
        dt.datetime.now(dt.UTC).isoformat(timespec="microseconds"),
        len(batch.packed),
        len(batch.body),
        batch.packed,
    )
    connection.execute(
        "INSERT INTO letters (job, source, seq, sha, container, name, code, reason, at,"
        " packed_bytes, body_bytes, packed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )
