"""A run backs off when its source slows, and reckons its load and its pauses right."""

from __future__ import annotations

import datetime as dt
import time

from hypothesis import given
from hypothesis import strategies as st

from datawave_edge.connectors.meter import Meter, Metered
from datawave_edge.governor import Governor, find_window
from datawave_edge.load import add_loads, subtract
from datawave_edge.protocol import (
    Interval,
    Load,
    RunSettings,
)

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


# Back-off: a database whose answers take as long as a test says.


class Sluggish:
    """Answers after a delay that a test sets."""

    queries = rows_read = 0

    def __init__(self) -> None:
        self.meter = Meter()
        self.delay = 0.0

    def ping(self) -> None:
        time.sleep(self.delay)

    def cancel(self) -> None: ...


def make_governor(
    waits: list[float], told: list[str], source: Sluggish, quick_after: int = 99
) -> Governor:
    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) >= quick_after:
            source.delay = 0.0

    governor = Governor(RunSettings(), wait, told.append, Load())
    assert isinstance(source, Metered)
    governor.watch(source)
    governor._probed -= 60
    return governor


def test_run_sleeps_longer_and_longer_when_the_source_slows() -> None:
    waits: list[float] = []
    told: list[str] = []
    source = Sluggish()
    governor = make_governor(waits, told, source, quick_after=3)
    source.delay = 0.08
    governor.pace(source)
    assert waits == [0.25, 0.5, 1.0]
    assert len(told) == 1
    assert governor.take_load().by_kind == {}


def test_run_goes_on_in_the_end_when_the_source_stays_slow() -> None:
    waits: list[float] = []
    source = Sluggish()
    governor = make_governor(waits, [], source)
    source.delay = 0.05
    governor.pace(source)
    assert len(waits) == 8
    assert max(waits) == 10.0


def test_run_does_not_sleep_when_the_source_answers_as_usual() -> None:
    waits: list[float] = []
    source = Sluggish()
    make_governor(waits, [], source).pace(source)
    assert waits == []


# Reckoning.

LOADS = st.builds(
    Load,
    queries=st.integers(0, 1000),
    rows_read=st.integers(0, 10**9),
    busy_seconds=st.integers(0, 1000).map(float),
    slept_seconds=st.integers(0, 1000).map(float),
    by_kind=st.dictionaries(st.sampled_from(["sample", "probe"]), st.integers(1, 99).map(float)),
)


@given(LOADS, LOADS)
def test_sum_less_one_part_is_the_other_when_reckoned(one: Load, other: Load) -> None:
    back = subtract(add_loads(one, other), one, seconds=other.seconds)
    assert (back.queries, back.rows_read) == (other.queries, other.rows_read)
    assert (back.busy_seconds, back.slept_seconds) == (other.busy_seconds, other.slept_seconds)
    assert back.by_kind == other.by_kind


HOURS = st.integers(-50, 50)


@given(st.lists(st.tuples(HOURS, st.integers(1, 30)), max_size=12))
def test_no_window_holds_the_moment_after_a_pause(spans: list[tuple[int, int]]) -> None:
    windows = [
        Interval(begins=NOW + dt.timedelta(hours=a), ends=NOW + dt.timedelta(hours=a + length))
        for a, length in spans
    ]
    found = find_window(windows, NOW)
    within = [each for each in windows if each.begins <= NOW < each.ends]
    assert (found is None) == (not within)
    if found:
        assert found.ends > NOW
        assert find_window(windows, found.ends) is None
