"""Keeps a lease alive while its holder works, and notices when it is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection

from .transitions import FenceLost

FAILURES_ALLOWED = 2


class LeaseKeeper:
    """Renews a lease every third of its length from a thread of its own."""

    def __init__(self, renew: Callable[[], bool], seconds: float) -> None:
        self._renew = renew
        self._pause = seconds / 3
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def check(self) -> None:
        """Raise FenceLost when the lease could not be kept."""
        if self._lost.is_set():
            raise FenceLost

    def _run(self) -> None:
        failures = 0
        while failures < FAILURES_ALLOWED and not self._stop.wait(self._pause):
            failures = 0 if self._try() else failures + 1
        if failures >= FAILURES_ALLOWED:
            self._lost.set()
        connection.close()

    def _try(self) -> bool:
        try:
            return self._renew()
        except DatabaseError:
            # A broken connection would fail every further renewal too.
            connection.close()
            return False
