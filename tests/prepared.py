"""An SQLite database with all its tables, made once for all the servers that tests start."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "datawave.sqlite3"


def place_database(home: Path) -> None:
    """Spare a server's first start there its migrations, which take longer than all the rest."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(_make_once() / DATABASE, home / DATABASE)


@functools.cache
def _make_once() -> Path:
    made = Path(tempfile.gettempdir()) / f"datawave-tests-{os.getuid()}-{_digest_migrations()}"
    with _locked(made.with_suffix(".lock")):
        if not made.exists():
            _migrate(made)
    return made


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest_migrations() -> str:
    files = sorted([*ROOT.glob("apps/*/migrations/*.py"), ROOT / "requirements.lock"])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _migrate(made: Path) -> None:
    with tempfile.TemporaryDirectory(dir=made.parent) as folder:
        environment = {
            **{
                k: v for k, v in os.environ.items() if not k.startswith(("DATA", "DJANGO", "REDIS"))
            },
            "DATAWAVE_HOME": f"{folder}/home",
        }
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        Path(folder, "home").rename(made)
