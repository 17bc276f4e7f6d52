"""Threads beside the web server in embedded mode: a Celery worker and the sweeper."""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery import signals
from celery.worker import WorkController

from apps.racine.sweeper import run_sweeper
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


def _keep_logging(**_: Any) -> None:
    """Leave logging as Django set it up."""
