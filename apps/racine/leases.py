"""Keeps a lease alive while its holder works, and takes the work from a holder that never ends."""

from __future__ import annotations

import ctypes
import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q

from .transitions import FenceLost

logger = logging.getLogger(__name__)
FAILURES_ALLOWED = 2
# Clocks of several hosts differ a little.
LEASES_AHEAD = 3
RAISES, RAISE_AGAIN_SECONDS = 5, 0.5


def is_overdue(now: dt.datetime) -> Q:
    """Leases that are over, and those that nobody can have been given.

    One that ends far ahead is of a clock that was wrong, and its holder may be dead.
    """
    longest = dt.timedelta(seconds=LEASES_AHEAD * settings.STAGE_LEASE_SECONDS)
    return Q(lease_until__lte=now) | Q(lease_until__gt=now + longest)


class WorkTakenAway(BaseException):
    """Raised in a thread whose work is not its own any more; no stage can catch it.

    It has worked for longer than anything may, or its lease could not be kept.
    """


class LeaseKeeper:
    """Renews a lease every third of its length from a thread of its own, up to a hard limit."""

    def __init__(
        self,
        renew: Callable[[], bool],
        seconds: float,
        *,
        limit: float,
        give_away: Callable[[], object],
    ) -> None:
        self._renew = renew
        self._pause = seconds / 3
        self._limit = limit
        # Lets others take the work up, called from the keeper's thread when the limit is reached.
        self._give_away = give_away
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._ending = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)
        self._holder = 0

    def __enter__(self) -> Self:
        self._holder = threading.get_ident()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._release()
        except WorkTakenAway:
            # Struck on the way out: unstopped, the keeper would strike the thread's next work.
            self._release()
            raise
        self._thread.join(timeout=5)

    def check(self) -> None:
        """Raise FenceLost when the lease could not be kept."""
        if self._lost.is_set():
            raise FenceLost

    def _release(self) -> None:
        with self._ending:
            # First, so that it strikes neither what follows here nor the thread's next work.
            _raise_in(self._holder, None)
            self._stop.set()

    def _run(self) -> None:
        deadline = time.monotonic() + self._limit
        failures = 0
        while failures < FAILURES_ALLOWED:
            if self._stop.wait(max(0.0, min(self._pause, deadline - time.monotonic()))):
                break
            if time.monotonic() >= deadline:
                self._end_work()
                # Only now, for its transaction may hold the lock that this needs.
                self._try(self._give_away)
                break
            failures = 0 if self._try(self._renew) else failures + 1
        if failures >= FAILURES_ALLOWED:
            # Whoever frees what is overdue gives it to another.
            self._end_work()
        connection.close()

    def _end_work(self) -> None:
        self._lost.set()
        # Again, for Python drops what is raised within a finalizer.
        for _ in range(RAISES):
            self._interrupt()
            if self._stop.wait(RAISE_AGAIN_SECONDS):
                break

    def _interrupt(self) -> None:
        """Ends a loop in Python; what hangs in C keeps its thread, and the watchdog counts it."""
        with self._ending:
            if not self._stop.is_set():
                _raise_in(self._holder, WorkTakenAway)

    def _try(self, act: Callable[[], object]) -> bool:
        try:
            return bool(act())
        except DatabaseError:
            # A broken connection would fail every further renewal too.
            connection.close()
            return False


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), None if error is None else ctypes.py_object(error)
    )
