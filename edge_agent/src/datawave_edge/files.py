"""Writes small files whole or not at all, for the agent's user alone."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO


def open_private(path: Path) -> IO[bytes]:
    """Open a file for adding to; when it is new, for this user alone. Raises OSError."""
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file's content at once; it survives a crash. Raises OSError."""
    # mkstemp makes files of mode 0600.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
    try:
        with os.fdopen(handle, "wb") as file:
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
