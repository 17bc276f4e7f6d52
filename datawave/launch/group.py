"""The process group: web server, worker, sweeper and agent, started and stopped together."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from pathlib import Path
from types import FrameType

import uvicorn
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connections

from apps.discovery import doorbell
from apps.racine import services as racine

from .agent import AgentProcess, enlist_agent
from .heap import settle_heap
from .workers import SweeperThread, WatchdogThread, WorkerThread, restart_process

logger = logging.getLogger(__name__)


def prepare(home: Path) -> None:
    """Bring tables and static files up to date."""
    call_command("migrate", verbosity=0, interactive=False)
    collect_static(home)


def collect_static(home: Path) -> None:
    """Collect and compress static files, unless none has changed since the last time."""
    stamp = home / "static.stamp"
    newest = f"{_newest_static_file():.6f}"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == newest:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(newest, encoding="utf-8")


def _newest_static_file() -> float:
    newest = 0.0
    for finder in get_finders():
        for name, storage in finder.list([]):
            newest = max(newest, Path(storage.path(name)).stat().st_mtime)
    return newest


class Server(uvicorn.Server):
    """uvicorn, which on its way out would else wait for the agents' long polls and cut them off."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve; by now the application is loaded."""
        settle_heap()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Answer everyone who waits, then end as usual."""
        doorbell.close()
        super().handle_exit(sig, frame)


class Group:
    """Everything that embedded mode runs; `roles` leaves parts out in full mode."""

    def __init__(
        self,
        listener: socket.socket,
        *,
        with_agent: bool,
        with_worker: bool,
        quiet_agent: bool = False,
    ) -> None:
        host, port = listener.getsockname()[:2]
        self.url = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"
        self.listener = listener
        config = uvicorn.Config(
            "datawave.asgi:application",
            log_config=None,
            access_log=False,
            lifespan="off",
            ws_max_size=64 * 1024,
            timeout_graceful_shutdown=3,
            server_header=False,
        )
        self.server = Server(config)
        self.parts: list[WorkerThread | SweeperThread | WatchdogThread | AgentProcess] = []
        if with_worker:
            self.parts += [WorkerThread(), SweeperThread(), WatchdogThread(self._restart)]
        if with_agent:
            self.parts.append(self._make_agent(port, quiet=quiet_agent))

    def _make_agent(self, port: int, *, quiet: bool) -> AgentProcess:
        return AgentProcess(
            server=f"http://127.0.0.1:{port}",
            token_file=enlist_agent(settings.HOME),
            spool=settings.HOME / "agent",
            quiet=quiet,
        )

    def run(self) -> None:
        """Serve until a signal comes, then stop every part."""
        if settings.EMBEDDED:
            racine.end_old_leases()
        if threading.current_thread() is threading.main_thread():
            # uvicorn raises the signal again at its end, and by default SIGTERM would cut us off.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        for part in self.parts:
            part.start()
        try:
            self.server.run(sockets=[self.listener])
        finally:
            self._stop_parts()

    def run_in_thread(self) -> threading.Thread:
        """Serve in the background, for commands that need a group for a while."""
        thread = threading.Thread(target=self.run, name="web", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Ask the server to end; `run` then returns."""
        doorbell.close()
        self.server.should_exit = True

    def _restart(self) -> None:
        # The child would outlive this program, and take the next one's work.
        for part in self.parts:
            if isinstance(part, AgentProcess):
                part.stop()
        restart_process()

    def _stop_parts(self) -> None:
        # A second Ctrl-C must not leave the child behind.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for part in reversed(self.parts):
            part.stop()
        connections.close_all()
