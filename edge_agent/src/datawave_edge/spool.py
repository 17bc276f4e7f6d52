"""The file of the spool: SQLite with WAL and synchronous=FULL, so what was put survives kill -9."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from .files import create_private

log = logging.getLogger(__name__)

# Set aside while the disk has room, and given back when it has none: enough to report that.
RESERVE_BYTES: Final = 256 * 1024

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS jobs (
    job TEXT PRIMARY KEY, opened_at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open'
);
CREATE TABLE IF NOT EXISTS loads (job TEXT PRIMARY KEY, load TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batches (
    job TEXT NOT NULL, seq INTEGER NOT NULL, sha TEXT NOT NULL, records INTEGER NOT NULL,
    packed BLOB, packed_bytes INTEGER NOT NULL, body_bytes INTEGER NOT NULL,
    acked INTEGER NOT NULL DEFAULT 0, put_at TEXT NOT NULL, sent_at TEXT,
    PRIMARY KEY (job, seq)
);
CREATE INDEX IF NOT EXISTS batches_waiting ON batches (job, seq) WHERE acked = 0;
CREATE INDEX IF NOT EXISTS batches_kept ON batches (acked, packed_bytes) WHERE packed IS NOT NULL;
CREATE TABLE IF NOT EXISTS tables_done (
    job TEXT NOT NULL, container TEXT NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (job, container, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fingerprints (
    source TEXT NOT NULL, container TEXT NOT NULL, name TEXT NOT NULL,
    fingerprint TEXT NOT NULL, content_hash TEXT NOT NULL, kept_on TEXT NOT NULL,
    PRIMARY KEY (source, container, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS fingerprints_by_day ON fingerprints (kept_on);
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY, sent_at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS letters (
    id INTEGER PRIMARY KEY, job TEXT NOT NULL, source TEXT NOT NULL, seq INTEGER NOT NULL,
    sha TEXT NOT NULL, container TEXT NOT NULL, name TEXT NOT NULL, code TEXT NOT NULL,
    reason TEXT NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'dead',
    packed_bytes INTEGER NOT NULL, body_bytes INTEGER NOT NULL, packed BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS refused (
    id INTEGER PRIMARY KEY, sent_at TEXT NOT NULL, job TEXT NOT NULL, seq INTEGER NOT NULL,
    sha TEXT NOT NULL, packed_bytes INTEGER NOT NULL, body_bytes INTEGER NOT NULL, packed BLOB
);
CREATE INDEX IF NOT EXISTS letters_kept ON letters (state, source, packed_bytes);
"""


_DAMAGE: Final = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))


class SpoolUnwritable(OSError):
    """The spool can't be used: the disk is full, its directory read-only, or the file damaged."""


class SpoolFile:
    """The tables of one agent's spool. Safe to use from several threads.

    Who looks at it `beside` the agent takes none of its disk and sets nothing aside.
    """

    def __init__(self, directory: Path, *, beside: bool = False) -> None:
        self.path = directory / "outbox.sqlite3"
        self._lock = threading.RLock()
        self._damaged = _mark_of(directory)
        self._reserve = directory / "reserve"
        if beside:
            self._connection = _open_there(self.path)
            return
        _make_private(self.path)
        self._connection = _open_or_replace(self.path)
        self._hold_reserve()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def writing(self, *, synced: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is on the disk, or nothing. Raises SpoolUnwritable.

        One that is not `synced` outlives the process at once, and a power cut after the next that
        is: for what can be found out again.
        """
        with self._lock:
            try:
                self._connection.execute(f"PRAGMA synchronous={'FULL' if synced else 'NORMAL'}")
                # Rolls back on any error, also when the commit itself finds the disk full.
                with self._connection:
                    self._connection.execute("BEGIN IMMEDIATE")
                    yield self._connection
            except sqlite3.OperationalError as error:
                self._reserve.unlink(missing_ok=True)
                raise SpoolUnwritable(type(error).__name__) from None
            except sqlite3.DatabaseError as error:
                self._heed_damage(error)
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Reads that see one state. Raises SpoolUnwritable when the file can't be read."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.OperationalError as error:
                raise SpoolUnwritable(type(error).__name__) from None
            except sqlite3.DatabaseError as error:
                self._heed_damage(error)
                raise

    def _heed_damage(self, error: sqlite3.DatabaseError) -> None:
        """Leave word for the next start, which alone may set the file aside: nobody uses it then.

        Raises SpoolUnwritable when the error tells of damage.
        """
        if error.sqlite_errorcode & 0xFF not in _DAMAGE:
            return
        with suppress(OSError):
            self._damaged.touch(mode=0o600)
        raise SpoolUnwritable("damaged") from None

    def _hold_reserve(self) -> None:
        with suppress(OSError):
            create_private(self._reserve)
            self._reserve.write_bytes(b"\0" * RESERVE_BYTES)


def set_aside_damaged(directory: Path) -> None:
    """Set a damaged spool aside before it is opened, for the server tells what it holds.

    Only for who has the spool to itself.
    """
    path, mark = directory / "outbox.sqlite3", _mark_of(directory)
    if path.exists() and (mark.exists() or not _is_whole(path)):
        log.warning("The spool is damaged and is set aside; what it lacks is read again.")
        _set_aside(path)
    mark.unlink(missing_ok=True)


def _is_whole(path: Path) -> bool:
    """Whether its pages fit together; whether it can be opened is found out by opening it."""
    connection = sqlite3.connect(path, timeout=30)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorcode & 0xFF not in _DAMAGE
    finally:
        connection.close()
    return found == [("ok",)]


def _mark_of(directory: Path) -> Path:
    return directory / "damaged"


def _set_aside(path: Path) -> None:
    path.replace(path.with_suffix(f".broken-{int(time.time())}"))
    # A log would be taken for one of the new file.
    for name in (f"{path}-wal", f"{path}-shm"):
        Path(name).unlink(missing_ok=True)


def _make_private(path: Path) -> None:
    """For the agent's user alone, however it came to be there. Raises SpoolUnwritable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.chmod(0o700)
        create_private(path)
        path.chmod(0o600)
    except OSError as error:
        raise SpoolUnwritable(error.strerror) from None


def _open_there(path: Path) -> sqlite3.Connection:
    """Open a spool that may be in use. Raises SpoolUnwritable, also when it is damaged."""
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        raise SpoolUnwritable(str(error)) from None


def _open_or_replace(path: Path) -> sqlite3.Connection:
    """Open the spool; a damaged file is set aside, for the server tells what it holds."""
    try:
        return _open(path)
    except sqlite3.OperationalError as error:
        raise SpoolUnwritable(str(error)) from None
    except sqlite3.DatabaseError:
        _set_aside(path)
        _make_private(path)
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
