"""Writes small files whole or not at all, for the agent's user alone.

Its administrator may run a command as root: what that writes is still the agent's user's, or the
agent could not read its own identity afterwards.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO


def open_private(path: Path) -> IO[bytes]:
    """Open a file for adding to; when it is new, for the agent's user alone. Raises OSError."""
    create_private(path)
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def create_private(path: Path) -> None:
    """See that the file is there; when it is new, for the agent's user alone. Raises OSError."""
    # Only what is new is given away: another's file may lie behind a name in the directory.
    with suppress(FileExistsError):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _give_to_owner(file, path.parent)
        finally:
            os.close(file)


def _give_to_owner(file: int, directory: Path) -> None:
    if _is_root():
        owner = directory.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)


def owner_of(directory: Path) -> int:
    """The user whose agent it is: who runs this, but for root whoever owns the directory."""
    if os.name != "posix":
        return 0
    with suppress(OSError):
        if _is_root():
            return directory.stat().st_uid
    return os.geteuid()


def _is_root() -> bool:
    return os.name == "posix" and os.geteuid() == 0


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file's content at once; it survives a crash. Raises OSError."""
    # mkstemp makes files of mode 0600.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
    try:
        with os.fdopen(handle, "wb") as file:
            _give_to_owner(file.fileno(), path.parent)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    # Windows can't open a directory, and needs no such thing.
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
