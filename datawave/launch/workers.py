"""Threads beside the web server in embedded mode: a Celery worker and the sweeper."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from celery import signals
from celery.worker import WorkController

from apps.racine.sweeper import run_sweeper
from apps.racine.watchdog import Watchdog
from datawave.celery import app

logger = logging.getLogger(__name__)
THREADS = 4


class WorkerThread:
    """A Celery worker with a thread pool inside this process, on the in-memory broker."""

    def __init__(self) -> None:
        # Celery would else set up logging of its own.
        signals.setup_logging.connect(_keep_logging)
        self.worker: WorkController = app.WorkController(
            pool="threads", concurrency=THREADS, loglevel="WARNING", without_heartbeat=True,
            without_mingle=True, without_gossip=True, quiet=True,
        )  # fmt: skip
        self.thread = threading.Thread(target=self.worker.start, name="celery", daemon=True)

    def start(self) -> None:
        """Begin to take tasks."""
        self.thread.start()

    def stop(self) -> None:
        """Finish the tasks that run, take no more."""
        self.worker.stop()
        self.thread.join(timeout=10)


class SweeperThread:
    """The sweeper: finds work that a lost message or process left behind."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.thread = threading.Thread(
            target=run_sweeper, args=(self.stopping,), name="sweeper", daemon=True
        )

    def start(self) -> None:
        """Begin to sweep."""
        self.thread.start()

    def stop(self) -> None:
        """Stop after the sweep that runs."""
        self.stopping.set()
        self.thread.join(timeout=10)


class WatchdogThread:
    """Starts this process again when its worker has stopped to work."""

    def __init__(self, end: Callable[[], None], threads: int = THREADS) -> None:
        self.stopping = threading.Event()
        run = Watchdog(threads, end).run
        self.thread = threading.Thread(
            target=run, args=(self.stopping,), name="watchdog", daemon=True
        )

    def start(self) -> None:
        """Begin to watch."""
        self.thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self.stopping.set()


def end_process() -> None:
    """With an error, at once: threads that hang would keep an orderly exit waiting for ever."""
    os._exit(1)


def restart_process() -> None:
    """Become a new process of the same command; what this one held is let go."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # ourselves


def _keep_logging(**_: Any) -> None:
    """Leave logging as Django set it up."""
