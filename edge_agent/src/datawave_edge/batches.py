"""Collects the lines of whole tables until they fill a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from .connectors import TableRef
from .protocol import MAX_BODY_BYTES, Record, TableRecord, encode_records

BATCH_RECORDS: Final = 500
# Half of what a body may hold, and little enough to pack below the wire's limit as a rule.
BATCH_BYTES: Final = min(MAX_BODY_BYTES // 2, 2 * 1024 * 1024)


class Entry(NamedTuple):
    """One table's line; `whole` when it describes the table and does not only name it."""

    ref: TableRef
    line: bytes
    whole: bool = False

    @classmethod
    def of(cls, ref: TableRef, record: Record) -> Entry:
        """A record as its line."""
        return cls(ref, encode_records([record]), whole=isinstance(record, TableRecord))


class Batching:
    """Fills one batch after the other."""

    def __init__(self, tables: int) -> None:
        self._tables = tables
        self._entries: list[Entry] = []
        self._size = self._whole = 0

    @property
    def lines(self) -> Iterator[bytes]:
        """Lines that no full batch holds yet."""
        return (entry.line for entry in self._entries)

    def add(self, entry: Entry) -> Iterator[Sequence[Entry]]:
        """Add a table; gives the batches that this completes."""
        if self._size + len(entry.line) > BATCH_BYTES:
            yield from self.flush()
        self._entries.append(entry)
        self._size += len(entry.line)
        self._whole += entry.whole
        if self._whole >= self._tables or len(self._entries) >= BATCH_RECORDS:
            yield from self.flush()

    def flush(self) -> Iterator[Sequence[Entry]]:
        """Give what is left, if anything."""
        entries = self._entries
        self._entries, self._size, self._whole = [], 0, 0
        if entries:
            yield entries
