"""How many batches may be under way at once: one more while that pays, half after a failure."""

from __future__ import annotations

import time
from typing import Final

from .transport import backoff_delay

MOST_UNDER_WAY: Final = 8
# Beyond twice the time that a batch takes alone, further ones only wait in the server's queue.
_PAYS_BELOW: Final = 1.5
_WAITS_ABOVE: Final = 2.0
# After so many batches one goes alone again: the link or the batches may be others by now.
_MEASURE_EVERY: Final = 64


class Flight:
    """Additive increase, multiplicative decrease, and one patience for all. Its user locks it."""

    def __init__(self, backoff_base: float) -> None:
        self._base = backoff_base
        self._allowed = 1.0
        self._window = 1
        # Seconds that a batch takes while no other is under way, and batches since that was seen.
        self._alone: float | None = None
        self._since = 0
        self._failures = 0
        self._halved_at = self._resumes_at = 0.0

    @property
    def limit(self) -> int:
        """Batches that may be under way."""
        return max(1, min(int(self._allowed), self._window))

    @property
    def window(self) -> int:
        """Batches that the server takes in ahead of the first that it lacks, that one included."""
        return self._window

    @property
    def failures(self) -> int:
        """How often in a row the server could not take a batch."""
        return self._failures

    def wait_seconds(self) -> float:
        """How long nothing may be sent; 0 when it may."""
        return max(0.0, self._resumes_at - time.monotonic())

    def allow(self, window: int) -> None:
        """Heed what the server says that it takes."""
        self._window = max(1, window)

    def succeed(self, took: float, pause: float = 0.0, *, alone: bool) -> None:
        """A batch was taken in; the server may wish for a pause before the next."""
        self._failures = 0
        self._since += 1
        if alone:
            self._alone, self._since = took, 0
        if self._since >= _MEASURE_EVERY:
            self._alone, self._allowed = None, 1.0
        elif self._alone is not None:
            self._adjust(took / max(self._alone, 0.001))
        self._hold(pause)

    def _adjust(self, times_alone: float) -> None:
        if times_alone < _PAYS_BELOW:
            self._allowed = min(MOST_UNDER_WAY, self._allowed + 1 / self._allowed)
        elif times_alone > _WAITS_ABOVE:
            self._allowed = max(1.0, self._allowed - 1 / self._allowed)

    def fail(self, began: float, retry_after: float) -> None:
        """A batch that left at `began` met a server that is away or busy."""
        # Those that left together fail together, which tells no more than one of them.
        if began >= self._halved_at:
            self._allowed = max(1.0, self._allowed / 2)
            self._halved_at = time.monotonic()
            self._hold(backoff_delay(self._failures, self._base, retry_after))
            self._failures += 1

    def forgive(self) -> None:
        """The batch was at fault rather than the server, and is given up."""
        self._failures, self._resumes_at = 0, 0.0

    def _hold(self, seconds: float) -> None:
        self._resumes_at = max(self._resumes_at, time.monotonic() + seconds)
