"""Keeps a run gentle: it backs off when the source slows, pauses in blackouts, keeps its budget."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import Final

from .connectors import Connector
from .connectors.meter import Meter, Metered
from .load import subtract
from .protocol import Interval, Load, RunSettings

# Seconds of work between two looks at how fast the source answers.
PROBE_EVERY: Final = 1.0
# An answer is slow when it takes so many times the usual, and at least so much longer.
SLOW_TIMES: Final = 4.0
SLOW_SECONDS: Final = 0.02
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 10.0
# Then the next table is read all the same, or a busy source would never be discovered.
_PAUSES: Final = 8
# A baseline follows a source that became slower for good.
_DRIFT: Final = 1.02
_LOOK_SECONDS: Final = 15.0

Wait = Callable[[float], None]
Tell = Callable[[str], None]
Windows = Callable[[], Sequence[Interval]]


class Governor:
    """The pace of one run. `wait` sleeps, and raises when the job must not go on.

    `windows` tells when the source must be left alone, when that may change meanwhile.
    """

    def __init__(
        self,
        settings: RunSettings,
        wait: Wait,
        tell: Tell,
        before: Load,
        windows: Windows | None = None,
    ) -> None:
        self._settings = settings
        self._wait = wait
        self._tell = tell
        self._windows = windows or (lambda: settings.blackouts)
        self._usual = 0.0
        self._slow = False
        self._probed = time.monotonic()
        self._slept = self._paused = 0.0
        self._spent_before = before.busy_seconds
        self._told_spent = False
        self._meter = Meter()
        self._ledger = _Ledger()

    def hold_off(self) -> None:
        """Before the source is reached at all: wait out a blackout."""
        window = self._find_window()
        if window is None:
            return
        self._tell(f"Paused until {window.ends:%a %H:%M} UTC: a blackout window of this source")
        began = time.monotonic()
        while window := self._find_window():
            left = (window.ends - dt.datetime.now(dt.UTC)).total_seconds()
            self._wait(max(0.0, min(left, _LOOK_SECONDS)))
        self._paused += time.monotonic() - began
        self._tell("The blackout window is over; going on")

    def watch(self, connector: Connector) -> None:
        """Begin with a connector that has just connected."""
        if isinstance(connector, Metered):
            self._meter = connector.meter
            self._usual = min(self._time_answer(connector) for _ in range(3))

    @property
    def meter(self) -> Meter:
        """Where the connector's statements are counted."""
        return self._meter

    def pace(self, connector: Connector) -> None:
        """Before a table: wait out a blackout, and back off while the source is slow."""
        self._wait_out_blackout(connector)
        if time.monotonic() - self._probed >= PROBE_EVERY and isinstance(connector, Metered):
            self._back_off(connector)
            self._probed = time.monotonic()

    def may_read(self) -> bool:
        """Whether the run's budget leaves room for reading rows."""
        limits = self._settings
        seconds = self._spent_before + self._meter.busy
        in_time = not limits.run_seconds or seconds < limits.run_seconds
        in_rows = not limits.run_rows or self._meter.sampled < limits.run_rows
        if not (in_time and in_rows) and not self._told_spent:
            self._told_spent = True
            self._tell("The run's budget is spent; the rest is read for its structure alone")
        return in_time and in_rows

    def take_load(self) -> Load:
        """What the run cost since the last call."""
        return self._ledger.take(self._meter, self._slept, self._paused)

    def _wait_out_blackout(self, connector: Connector) -> None:
        if self._find_window() is not None:
            connector.close()
            self.hold_off()
            connector.connect()

    def _find_window(self) -> Interval | None:
        return find_window(self._windows(), dt.datetime.now(dt.UTC))

    def _back_off(self, connector: Metered) -> None:
        for attempt in range(_PAUSES):
            if not self._is_slow(self._time_answer(connector)):
                self._slow = False
                return
            if not self._slow:
                self._tell("The database answers more slowly than before; reading more gently")
            self._slow = True
            self._sleep(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt))

    def _is_slow(self, answer: float) -> bool:
        is_slow = answer > max(self._usual * SLOW_TIMES, self._usual + SLOW_SECONDS)
        self._usual = min(self._usual * _DRIFT, answer) if answer < self._usual else self._usual
        self._usual *= _DRIFT if is_slow else 1.0
        return is_slow

    def _sleep(self, seconds: float) -> None:
        began = time.monotonic()
        try:
            self._wait(seconds)
        finally:
            self._slept += time.monotonic() - began

    def _time_answer(self, connector: Metered) -> float:
        began = time.monotonic()
        with connector.meter.doing("probe"):
            connector.ping()
        return time.monotonic() - began


class _Ledger:
    """Turns counters that only rise into what came since the last look."""

    def __init__(self) -> None:
        self._clock = time.monotonic()
        self._told = Load()

    def take(self, meter: Meter, slept: float, paused: float) -> Load:
        now = time.monotonic()
        # A copy, for a statement of another thread may end meanwhile.
        slowest = dict(meter.slowest)
        kind = max(slowest, key=lambda name: slowest[name], default="")
        whole = Load(
            queries=meter.queries,
            rows_read=meter.rows,
            busy_seconds=meter.busy,
            slept_seconds=slept,
            paused_seconds=paused,
            by_kind=dict(meter.by_kind),
            slowest_kind=kind,
            slowest_seconds=slowest.get(kind, 0.0),
        )
        since = subtract(whole, self._told, seconds=now - self._clock)
        self._told, self._clock = whole, now
        return since


def find_window(windows: Sequence[Interval], at: dt.datetime) -> Interval | None:
    """The window that a moment lies in; touching ones count as one."""
    found = [each for each in windows if each.begins <= at < each.ends]
    if not found:
        return None
    longest = max(found, key=lambda each: each.ends)
    after = find_window(windows, longest.ends)
    return Interval(begins=longest.begins, ends=after.ends) if after else longest
