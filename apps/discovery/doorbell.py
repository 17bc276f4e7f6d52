"""Wakes the requests of this process that wait for work, from whatever thread work appears in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

_waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
# A plain flag: a signal's handler sets it, and one that interrupts another could wait for ever for
# the lock inside a threading.Event.
_closing = False


@contextlib.contextmanager
def listen() -> Iterator[asyncio.Event]:
    """An event that is set by each ring while the block runs. Listen first, then look for work."""
    entry = (asyncio.get_running_loop(), asyncio.Event())
    _waiting.add(entry)
    try:
        yield entry[1]
    finally:
        _waiting.discard(entry)


def ring() -> None:
    """Wake everyone who listens."""
    for loop, event in tuple(_waiting):
        # A loop that closed meanwhile has nobody left to wake.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(event.set)


def close() -> None:
    """This process is about to end: wake everyone, and let nobody wait any more."""
    global _closing  # noqa: PLW0603 - one process ends once
    _closing = True
    ring()


def is_closing() -> bool:
    """Whether this process is about to end."""
    return _closing
