"""Tables that are as they were when the server learnt of them, known without reading them.

The spool keeps each table's fingerprint beside the content hash that was sent with it. While the
database gives the same fingerprint and the server still holds that hash, the hash alone is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from . import __version__
from .connectors import TableRef
from .egress import clean_ref
from .manifest import schema_hash
from .protocol import ConnectionSpec, UnchangedRecord
from .spool import SpoolFile, SpoolUnwritable

# Then a table is read again in any case.
KEPT_DAYS: Final = 30

# Container, then name, then the content hash that the server holds.
Known = Mapping[str, Mapping[str, str]]


class Fingerprints:
    """Those of one source's tables. What another release or role saw counts for nothing."""

    def __init__(self, file: SpoolFile, spec: ConnectionSpec) -> None:
        self._file = file
        self._source = _name_view(spec)
        self._fresh: dict[TableRef, tuple[str, str]] = {}
        self._kept = self._load()

    def __bool__(self) -> bool:
        return bool(self._kept)

    def find(
        self, now: Mapping[TableRef, str], known: Known
    ) -> Iterator[tuple[TableRef, UnchangedRecord]]:
        """Those of the tables with these fingerprints that are as the server knows them."""
        for ref, fingerprint in now.items():
            container, name = clean_ref(ref)
            content = known.get(container, {}).get(name)
            if content and self._kept.get((container, name)) == (fingerprint, content):
                yield ref, UnchangedRecord(container=container, name=name, content_hash=content)

    def note(self, ref: TableRef, fingerprint: str, content_hash: str) -> None:
        """A table was read: this fingerprint stands for that content."""
        if fingerprint:
            self._fresh[clean_ref(ref)] = fingerprint, content_hash

    def keep(self) -> None:
        """Write down what was noted; where that fails, the next run reads the tables again."""
        rows = [(self._source, *ref, *facts) for ref, facts in self._fresh.items()]
        self._fresh = {}
        with suppress(SpoolUnwritable), self._file.writing(synced=False) as connection:
            connection.execute(
                "DELETE FROM fingerprints WHERE kept_on < date('now', ?)", (f"-{KEPT_DAYS} days",)
            )
            connection.executemany(
                "INSERT OR REPLACE INTO fingerprints"
                " (source, container, name, fingerprint, content_hash, kept_on)"
                " VALUES (?, ?, ?, ?, ?, date('now'))",
                rows,
            )

    def _load(self) -> dict[tuple[str, str], tuple[str, str]]:
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT container, name, fingerprint, content_hash FROM fingerprints"
                " WHERE source = ?",
                (self._source,),
            ).fetchall()
        return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def _name_view(spec: ConnectionSpec) -> str:
    """Names a source as one role sees it and this release describes it."""
    parts = (spec.engine, spec.host, spec.port or 0, spec.database, spec.username)
    return hashlib.sha256(repr((*parts, __version__, schema_hash())).encode()).hexdigest()
