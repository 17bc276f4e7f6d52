"""Child processes that are started again when they die, as a service manager would."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from tests.live import ROOT

RESTART_SECONDS = 0.05


class Child:
    """One process by command; `kill` is kill -9 of it and of nothing else."""

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        log: Path,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.command = command
        self.environment = environment
        self.log, self.user = log, user
        self.process: subprocess.Popen[bytes] | None = None
        # Ends that nobody ordered: a service that stops by itself is a violation.
        self.faults: list[tuple[str, int]] = []
        self._ordered = False
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        return self.process.pid if self.process else 0

    def start(self) -> Child:
        """Start it and keep it running."""
        self._stopping.clear()
        self._spawn()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()
        return self

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT if self.user is None else "/",
                env=self.environment,
                stdout=log,
                stderr=log,
                user=self.user,
            )

    def _keep(self) -> None:
        while not self._stopping.is_set():
            assert self.process is not None
            code = self.process.wait()
            if self._stopping.is_set():
                return
            if code != -signal.SIGKILL and not self._ordered:
                self.faults.append((self.name, code))
                time.sleep(1)
            self._ordered = False
            if not self._stopping.wait(RESTART_SECONDS):
                self._spawn()

    def kill(self) -> None:
        """kill -9; it is started again."""
        self._signal(signal.SIGKILL)

    def restart(self) -> None:
        """SIGTERM, as a deployment would; it is started again."""
        self._ordered = True
        self._signal(signal.SIGTERM)

    def peak_mb(self) -> int:
        """Most memory that its process has held so far; 0 when it is not there."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        except OSError:
            return 0
        lines = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return int(lines[0]) // 1024 if lines else 0

    def freeze(self) -> None:
        """SIGSTOP: it holds all that it held and does nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, number)

    def stop(self) -> None:
        """End it for good."""
        self._stopping.set()
        self.kill()
        if self._keeper is not None:
            self._keeper.join(timeout=5)
        # It may have been started again in the meantime.
        self.kill()
        if self.process is not None:
            self.process.wait(timeout=10)
