"""How many batches are under way: grows while it pays, halves after failures, keeps its bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datawave_edge import flight as flight_module
from datawave_edge.flight import MOST_UNDER_WAY, Flight


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(flight_module, "time", clock)
    monkeypatch.setattr(flight_module, "backoff_delay", lambda n, base, after: after or base * 2**n)
    return clock


def make_flight(window: int = 32) -> Flight:
    flight = Flight(1.0)
    flight.allow(window)
    return flight


def go(flight: Flight, times: int, seconds: Callable[[int], float] = lambda _: 0.1) -> list[int]:
    """Let so many batches arrive, of which each takes so long by how many may be under way."""
    limits = []
    for _ in range(times):
        flight.succeed(seconds(flight.limit), alone=flight.limit == 1)
        limits.append(flight.limit)
    return limits


def grow(flight: Flight) -> Flight:
    go(flight, 40)
    return flight


def test_one_goes_when_nothing_is_known() -> None:
    assert Flight(1.0).limit == make_flight().limit == 1


def test_more_go_when_each_takes_no_longer() -> None:
    limits = go(make_flight(), 40)
    assert limits == sorted(limits)
    assert set(limits) == set(range(2, MOST_UNDER_WAY + 1))


def test_fewer_go_when_they_only_wait_at_the_server() -> None:
    # Served one after the other, each takes as long as all that are under way.
    assert set(go(make_flight(), 1_000, lambda limit: 0.1 * limit)) <= {1, 2, 3}


def test_more_go_when_the_way_is_long() -> None:
    # A tenth of a second there and back, and a tenth for each at the server.
    limits = go(make_flight(), 1_000, lambda limit: max(0.2, 0.1 * limit))
    assert 3 <= max(limits) <= 5


def test_what_a_batch_takes_is_measured_anew_when_the_link_gets_better() -> None:
    flight = make_flight()
    go(flight, 100, lambda limit: 2.0)
    assert set(go(flight, 300, lambda limit: 0.1 * limit)[100:]) <= {1, 2, 3}


def test_half_go_when_the_server_is_busy(clock: Clock) -> None:
    flight = grow(make_flight())
    flight.fail(clock.now, 0.0)
    assert flight.limit == MOST_UNDER_WAY // 2


def test_half_go_once_when_all_that_left_together_fail(clock: Clock) -> None:
    flight = grow(make_flight())
    left = clock.now
    clock.now += 1
    for _ in range(MOST_UNDER_WAY):
        flight.fail(left, 0.0)
    assert (flight.limit, flight.failures) == (MOST_UNDER_WAY // 2, 1)


def test_nothing_goes_before_the_time_when_the_server_named_one(clock: Clock) -> None:
    flight = make_flight()
    flight.fail(clock.now, 7.0)
    assert flight.wait_seconds() == 7.0
    clock.now += 7
    assert flight.wait_seconds() == 0.0


def test_patience_grows_when_failures_follow_each_other(clock: Clock) -> None:
    flight = make_flight()
    waits = []
    for _ in range(4):
        flight.fail(clock.now, 0.0)
        waits.append(flight.wait_seconds())
        clock.now += waits[-1]
    assert waits == [1, 2, 4, 8]
    flight.succeed(0.1, alone=True)
    flight.fail(clock.now, 0.0)
    assert flight.wait_seconds() == 1


def test_nothing_is_waited_for_when_the_batch_was_at_fault(clock: Clock) -> None:
    flight = make_flight()
    flight.fail(clock.now, 60.0)
    flight.forgive()
    assert (flight.wait_seconds(), flight.failures) == (0.0, 0)


def test_server_decides_when_it_says_fewer() -> None:
    flight = grow(make_flight())
    flight.allow(3)
    assert flight.limit == 3
    flight.allow(0)
    assert flight.limit == 1
    flight.allow(32)
    assert flight.limit == MOST_UNDER_WAY


def test_next_one_waits_when_the_server_wishes_a_pause(clock: Clock) -> None:
    flight = make_flight()
    flight.succeed(0.1, pause=5.0, alone=True)
    flight.succeed(0.1, alone=True)
    assert flight.wait_seconds() == 5.0


@given(
    steps=st.lists(st.one_of(st.floats(0, 100), st.none(), st.integers(-5, 40))),
    alone=st.booleans(),
)
def test_limit_keeps_its_bounds_whatever_happens(
    steps: list[float | int | None], *, alone: bool
) -> None:
    flight = make_flight()
    for step in steps:
        if step is None:
            flight.fail(float("inf"), 0.0)
        elif isinstance(step, int):
            flight.allow(step)
        else:
            flight.succeed(step, alone=alone)
        assert 1 <= flight.limit <= min(MOST_UNDER_WAY, flight.window)
