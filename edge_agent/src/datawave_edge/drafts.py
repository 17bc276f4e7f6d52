"""Records that no batch holds yet, so that a killed agent reads no table twice.

A line per table, appended and not synced: it outlives the process, and where a power cut takes it,
the table is read again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from .protocol import BatchRejected, Record, decode_records

log = logging.getLogger(__name__)

KEPT_SECONDS: Final = 7 * 86_400
_SUFFIX: Final = ".drafts"


class Drafts:
    """The drafts of one job. Without them all goes on, and only a restart costs more."""

    def __init__(self, directory: Path, job: str) -> None:
        # A job's name comes from the server and is no file's name.
        self.path = directory / f"{hashlib.sha256(job.encode()).hexdigest()[:32]}{_SUFFIX}"
        _forget_old(directory)
        self._records: list[Record] = []
        self._file: BinaryIO | None = None
        with suppress(OSError):
            self._file = self._open()

    def list_records(self) -> list[Record]:
        """What was left by the process before this one."""
        return list(self._records)

    def add(self, line: bytes) -> None:
        """Keep a record's line until a batch holds it."""
        if self._file is None:
            return
        try:
            if self._file.write(line) != len(line):
                self._give_up()
        except OSError:
            self._give_up()

    def keep_only(self, lines: Iterable[bytes]) -> None:
        """A batch holds the others now."""
        if self._file is None:
            return
        try:
            self._file.truncate(0)
        except OSError:
            self._give_up()
            return
        for line in lines:
            self.add(line)

    def close(self, *, forget: bool) -> None:
        """Close the file; `forget` when nobody takes up the job again."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if forget:
            with suppress(OSError):
                self.path.unlink()

    def _open(self) -> BinaryIO:
        # Appended to without a buffer: a line is with the system once `write` returns.
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        file = os.fdopen(descriptor, "a+b", buffering=0)
        file.seek(0)
        whole = 0
        for line in file.read().splitlines(keepends=True):
            try:
                self._records += decode_records(line) if line.endswith(b"\n") else []
            except BatchRejected:
                break
            whole += len(line) if line.endswith(b"\n") else 0
        # A line that the kill cut short would spoil the next one.
        file.truncate(whole)
        return file

    def _give_up(self) -> None:
        log.warning("Drafts can't be written; after a restart some tables are read again.")
        self.close(forget=True)


def _forget_old(directory: Path) -> None:
    limit = time.time() - KEPT_SECONDS
    with suppress(OSError):
        for path in directory.glob(f"*{_SUFFIX}"):
            if path.stat().st_mtime < limit:
                path.unlink()
