"""Which files and folders of this host an agent may open, and what a file says it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from datawave_edge.faults import SourceFault

# The second is the older name, and limits as much.
ROOT_VARIABLES: Final = ("DATAWAVE_FILE_ROOTS", "DATAWAVE_SQLITE_ROOTS")


def find_file(path: str) -> Path:
    """The real path of a regular file within the allowed folders. Raises SourceFault."""
    real, mode = _resolve(path)
    if not stat.S_ISREG(mode):
        raise SourceFault("file_missing")
    return real


def find_folder(path: str) -> Path:
    """The real path of a folder within the allowed ones. Raises SourceFault."""
    real, mode = _resolve(path)
    if not stat.S_ISDIR(mode):
        raise SourceFault("file_missing")
    if not os.access(real, os.R_OK | os.X_OK):
        raise SourceFault("file_unreadable")
    return real


def require_header(real: Path, header: bytes, at: int = 0) -> None:
    """Raise SourceFault `not_a_database` unless the file is empty or begins as one."""
    try:
        with real.open("rb") as opened:
            start = opened.read(at + len(header))
    except OSError:
        raise SourceFault("file_unreadable") from None
    if start and start[at:] != header:
        raise SourceFault("not_a_database")


def _resolve(path: str) -> tuple[Path, int]:
    try:
        real = Path(path).resolve(strict=True)
        mode = real.stat().st_mode
    except PermissionError:
        raise SourceFault("file_unreadable") from None
    except (OSError, ValueError, RuntimeError):
        raise SourceFault("file_missing") from None
    if not _is_allowed(real):
        raise SourceFault("file_missing")
    return real, mode


def _is_allowed(real: Path) -> bool:
    given = next(filter(None, map(os.environ.get, ROOT_VARIABLES)), "")
    roots = [each for each in given.split(os.pathsep) if each]
    return not roots or any(real.is_relative_to(Path(root).resolve()) for root in roots)
