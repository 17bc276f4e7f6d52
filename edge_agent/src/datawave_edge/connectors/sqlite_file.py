"""Opens an SQLite file and leaves no trace: no file is made beside it, whoever owns it.

To read a file in WAL mode, SQLite would make a log and its index. They would belong to the agent's
user and stay, and the application that owns the database could not write to it any more.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from datawave_edge.faults import SourceFault, fault_of

# The header's words for "written and read through a log".
_WAL_AT: Final = slice(18, 20)
_WAL: Final = b"\x02\x02"
_LOG_ALONE: Final = (
    "Its log (-wal) can't be read without the index (-shm): let the agent's user read both, or let"
    " the application open the database once."
)

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class OpenFile:
    """A connection, and what the file was like if SQLite takes it for one that nobody changes."""

    connection: sqlite3.Connection
    path: Path
    stamp: Stamp | None

    def require_unchanged(self) -> None:
        """Raise SourceFault `connection_lost` if what is read may be half old and half new."""
        if self.stamp is not None and _read_stamp(self.path) != self.stamp:
            raise SourceFault("connection_lost")


def open_file(path: Path) -> OpenFile:
    """Open for reading alone. Raises SourceFault."""
    # Before anything is read, so that a change from here on is seen.
    stamp = _read_stamp(path)
    if stamp is not None and _is_wal(path) and not _has_log(path):
        return OpenFile(_connect(path, "immutable=1"), path, stamp)
    try:
        return OpenFile(_connect(path, "readonly_shm=1"), path, None)
    except SourceFault as fault:
        if fault.code == "file_unreadable" and _has_log(path):
            raise SourceFault(fault.code, hint=_LOG_ALONE) from None
        raise


def _connect(path: Path, how: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&{how}", uri=True, timeout=5)
    except sqlite3.Error as error:
        raise fault_of(error) from None
    try:
        _make_safe(connection)
    except sqlite3.Error as error:
        connection.close()
        raise fault_of(error) from None
    return connection


def _make_safe(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("SELECT count(*) FROM sqlite_master")


def _read_stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _is_wal(path: Path) -> bool:
    try:
        with path.open("rb") as opened:
            return opened.read(_WAL_AT.stop)[_WAL_AT] == _WAL
    except OSError:
        raise SourceFault("file_unreadable") from None


def _has_log(path: Path) -> bool:
    """Whether there is a log with something in it, or with an index: then somebody may write."""
    try:
        size = Path(f"{path}-wal").stat().st_size
    except OSError:
        return False
    return size > 0 or Path(f"{path}-shm").exists()
