"""The ledger of what left for the server, from the spool that sent it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from .protocol import batch_sha256
from .protocol.compression import DAMAGES, unpack
from .spool import SpoolFile


@dataclass(frozen=True)
class LedgerLine:
    """One message of the ledger; a batch that is too old is kept by its hash alone."""

    sent_at: str
    method: str
    path: str
    size: int
    sha: str
    packed: bytes | None
    note: bytes | None = None

    @property
    def is_kept(self) -> bool:
        """Whether its bytes are there still."""
        return self.packed is not None or self.note is not None

    @property
    def body(self) -> bytes | None:
        """The bytes; None when they are too old to be kept, or damaged on the disk."""
        if self.packed is None:
            return self.note
        with suppress(*DAMAGES):
            return unpack(self.packed)
        return None


def read_ledger(file: SpoolFile) -> Iterator[LedgerLine]:
    """Everything that left for the server, oldest first."""
    with file.reading() as connection:
        rows = connection.execute(
            "SELECT sent_at, 'PUT', '/jobs/' || job || '/batches/' || seq, packed, body_bytes,"
            " sha FROM batches WHERE sent_at IS NOT NULL"
            " UNION ALL SELECT sent_at, 'PUT', '/jobs/' || job || '/batches/' || seq, packed,"
            " body_bytes, sha FROM refused"
            " UNION ALL SELECT sent_at, method, path, body, -1, '' FROM notes ORDER BY 1, 3"
        ).fetchall()
    return map(_ledger_line, rows)


def _ledger_line(
    row: tuple[str, str, str, bytes | None, int, str],
) -> LedgerLine:
    sent_at, method, path, raw, size, sha = row
    if method == "PUT":
        return LedgerLine(sent_at, method, path, size, sha, raw)
    note = raw or b""
    return LedgerLine(sent_at, method, path, len(note), batch_sha256(note), None, note)
