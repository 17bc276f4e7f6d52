"""The installation's home: one running group at a time, on a port that is free."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from datawave.common.errors import DataWaveError

PORTS_TRIED = 50


class AlreadyRunning(DataWaveError):
    """DataWave is already running with this DATAWAVE_HOME."""


class PortTaken(DataWaveError):
    """Another program uses the port."""


@dataclass
class HomeLock:
    """Held while a group runs; tells others where it listens."""

    file: IO[str]

    def publish(self, url: str) -> None:
        """Write down where the group listens, for commands that want to use it."""
        self.file.seek(0)
        self.file.truncate()
        json.dump({"url": url, "pid": os.getpid()}, self.file)
        self.file.flush()

    def release(self) -> None:
        """Let the next group start."""
        self.file.seek(0)
        self.file.truncate()
        self.file.close()


def lock_home(home: Path) -> HomeLock:
    """Take the home for this process. Raises AlreadyRunning, saying where."""
    path = home / "running.json"
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        where = _read_url(file.read())
        file.close()
        raise AlreadyRunning(
            f"DataWave is already running with this home{f' on {where}' if where else ''}."
        ) from None
    return HomeLock(file)


def find_running_url(home: Path) -> str:
    """URL of the group that runs with this home; empty when none does."""
    try:
        lock_home(home).release()
    except AlreadyRunning:
        return _read_url((home / "running.json").read_text(encoding="utf-8")) or "unknown"
    return ""


def _read_url(text: str) -> str:
    try:
        return str(json.loads(text)["url"])
    except (ValueError, KeyError):
        return ""


def bind_port(host: str, port: int) -> socket.socket:
    """A socket listening on the port. Raises PortTaken, naming the next free one."""
    try:
        return _bind(host, port)
    except OSError:
        free = _find_free_port(host, port + 1)
        hint = f"Try PORT={free}, which is free." if free else ""
        raise PortTaken(f"Port {port} is used by another program. {hint}".strip()) from None


def _bind(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(128)
    return listener


def _find_free_port(host: str, first: int) -> int:
    for port in range(first, first + PORTS_TRIED):
        try:
            _bind(host, port).close()
        except OSError:
            continue
        return port
    return 0
