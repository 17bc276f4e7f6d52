"""Ends a process whose worker takes no work up any more, so that its keeper starts a sound one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from . import pulse
from .selectors import has_ready_work

logger = logging.getLogger(__name__)
LOOK_SECONDS = 10
PATIENCE_SECONDS = 120
# A thread that is told to end has this long to do so.
STUCK_GRACE_SECONDS = 60


class Watchdog:
    """Looks now and then whether the threads of this process still get on."""

    def __init__(self, threads: int, end: Callable[[], None]) -> None:
        self._threads = threads
        self._end = end
        self._waiting_since: float | None = None

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set, or until there is a reason to end the process."""
        while not stop.wait(LOOK_SECONDS):
            if reason := self.look():
                logger.critical("This worker is started again: %s", reason)
                self._end()
                return
            close_old_connections()

    def look(self) -> str:
        """Why this process should be started again; empty when it is well."""
        if self._count_stuck() >= self._threads:
            return "every thread works on something that does not end."
        if self._wait() >= PATIENCE_SECONDS and pulse.count_busy() < self._threads:
            return f"work is ready, and none was taken up for {PATIENCE_SECONDS} s."
        return ""

    def _count_stuck(self) -> int:
        return pulse.count_stuck(settings.STAGE_LIMIT_SECONDS + STUCK_GRACE_SECONDS)

    def _wait(self) -> float:
        """Seconds for which work has been ready all along and nothing was taken up here."""
        now = time.monotonic()
        if not self._has_work():
            self._waiting_since = None
            return 0.0
        if self._waiting_since is None:
            self._waiting_since = now
        return min(now - self._waiting_since, pulse.idle_seconds())

    def _has_work(self) -> bool:
        try:
            return has_ready_work()
        except DatabaseError:
            # Without a database nobody can take anything up.
            return False
