"""Keeps the embedded edge agent running as a child process, over the same HTTP as any other."""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path

from apps.datasources import services as datasources
from datawave.common import keys

logger = logging.getLogger(__name__)
RESTART_SECONDS = 1.0
RESTART_SECONDS_MOST = 30.0
STOP_SECONDS = 8


def enlist_agent(home: Path) -> Path:
    """Make the embedded agent known to the server; returns the file that holds its token."""
    path = home / "keys" / "agent_token"
    token = keys.load_or_create(path, lambda: f"dwa_{secrets.token_urlsafe(32)}")
    datasources.enlist_embedded_agent(token=token)
    return path


class AgentProcess:
    """The child, started again when it dies."""

    def __init__(self, *, server: str, token_file: Path, spool: Path, quiet: bool = False) -> None:
        self.command = [
            sys.executable, "-m", "datawave_edge", *(["--quiet"] if quiet else []), "run",
            "--embedded", "--server", server, "--token-file", str(token_file),
            "--spool", str(spool),
        ]  # fmt: skip
        self.stopping = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread(target=self._keep_alive, name="agent", daemon=True)

    def start(self) -> None:
        """Start the child and watch it."""
        self.thread.start()

    def stop(self) -> None:
        """Ask the child to stop, and make it when it does not."""
        self.stopping.set()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.thread.join(timeout=STOP_SECONDS)

    def _keep_alive(self) -> None:
        pause = RESTART_SECONDS
        while not self.stopping.is_set():
            self.process = subprocess.Popen(  # noqa: S603  # our own program
                self.command, env=_agent_environment(), start_new_session=True
            )
            code = self.process.wait()
            if self.stopping.is_set():
                return
            logger.warning("The embedded agent ended (%s); starting it again.", code)
            self.stopping.wait(pause)
            pause = min(pause * 2, RESTART_SECONDS_MOST)


def _agent_environment() -> dict[str, str]:
    """The agent gets nothing of the server's secrets."""
    hidden = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "DJANGO_SETTINGS_MODULE")
    return {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
