"""What the threads of this process work on, for the watchdog to judge."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_since: dict[int, float] = {}
_last_claim = time.monotonic()


@contextmanager
def working() -> Iterator[None]:
    """Around the work on something that was claimed."""
    global _last_claim  # noqa: PLW0603  # one process, one pulse
    _last_claim = time.monotonic()
    _since[threading.get_ident()] = _last_claim
    try:
        yield
    finally:
        _since.pop(threading.get_ident(), None)
        _last_claim = time.monotonic()


def count_busy() -> int:
    """Threads that work on something."""
    return len(_since)


def count_stuck(seconds: float) -> int:
    """Threads that have worked on one thing for longer than that."""
    late = time.monotonic() - seconds
    return sum(since < late for since in list(_since.values()))


def idle_seconds() -> float:
    """Since something was claimed or ended."""
    return time.monotonic() - _last_claim
