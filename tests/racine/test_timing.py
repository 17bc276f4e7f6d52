"""When a schedule is due next: cron where clocks change, intervals, and hours of the week."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.racine.timing import (
    CronWrong,
    Window,
    ZoneUnknown,
    check_cron,
    explain_cron,
    list_cron,
    load_zone,
    next_cron,
    next_interval,
)

BERLIN = "Europe/Berlin"
ZONES = ("UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
moments = st.integers(0, 15 * 365 * 86_400).map(lambda s: START + dt.timedelta(seconds=s))
zones = st.sampled_from(ZONES)
minutes = st.integers(0, 59)
hours = st.integers(0, 23)


def in_berlin(*parts: int, fold: int = 0) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=zoneinfo.ZoneInfo(BERLIN), fold=fold).astimezone(dt.UTC)


def test_it_works() -> None:
    after = in_berlin(2026, 6, 1, 12, 0)
    assert next_cron("30 2 * * *", BERLIN, after) == in_berlin(2026, 6, 2, 2, 30)
    assert explain_cron("30 2 * * 1-5") == "At 02:30 on Monday through Friday"


def test_it_is_due_right_after_the_gap_when_the_clock_leaves_its_time_out() -> None:
    times = list_cron("30 2 * * *", BERLIN, in_berlin(2026, 3, 28, 12, 0), 2)
    assert times == [in_berlin(2026, 3, 29, 3, 0), in_berlin(2026, 3, 30, 2, 30)]


def test_it_is_due_once_when_the_clock_shows_its_time_twice() -> None:
    times = list_cron("30 2 * * *", BERLIN, in_berlin(2026, 10, 24, 12, 0), 2)
    assert times == [in_berlin(2026, 10, 25, 2, 30, fold=0), in_berlin(2026, 10, 26, 2, 30)]


def test_it_goes_on_each_half_hour_when_the_clock_is_set_back() -> None:
    times = list_cron("*/30 * * * *", BERLIN, in_berlin(2026, 10, 25, 1, 45), 4)
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {
        dt.timedelta(minutes=30)
    }


@given(moments, zones, minutes, hours)
def test_next_is_later_and_shows_its_time_when_daily(
    after: dt.datetime, zone: str, minute: int, hour: int
) -> None:
    found = next_cron(f"{minute} {hour} * * *", zone, after)
    assert after < found <= after + dt.timedelta(days=2, hours=2)
    local = found.astimezone(load_zone(zone))
    # Only a time that the clock leaves out is made up for right after the gap.
    shown = (local.hour, local.minute) == (hour, minute)
    assert shown or _is_left_out(local, hour, minute)


def _is_left_out(local: dt.datetime, hour: int, minute: int) -> bool:
    for day in (local.date(), local.date() - dt.timedelta(days=1)):
        wanted = dt.datetime.combine(day, dt.time(hour, minute), local.tzinfo)
        back = wanted.astimezone(dt.UTC).astimezone(local.tzinfo)
        if back.replace(tzinfo=None) != wanted.replace(tzinfo=None):
            return True
    return False


@given(moments, zones, st.sampled_from(["5 * * * *", "*/15 * * * *", "0 3 * * 1", "0 0 1 * *"]))
def test_none_is_left_out_when_the_next_are_asked_for(
    after: dt.datetime, zone: str, cron: str
) -> None:
    times = list_cron(cron, zone, after, 5)
    assert times == sorted(set(times))
    assert [next_cron(cron, zone, earlier) for earlier in [after, *times[:-1]]] == times


@given(moments, st.integers(5, 50_000), st.integers(0, 10**8))
def test_interval_keeps_to_its_grid_when_it_was_away(
    anchor: dt.datetime, step: int, away: int
) -> None:
    after = anchor + dt.timedelta(seconds=away)
    found = next_interval(anchor, step, after)
    span = dt.timedelta(minutes=step)
    assert after < found <= after + span
    assert (found - anchor) % span == dt.timedelta(0)


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("", "five parts"),
        ("* * * *", "five parts"),
        ("0 0 0 * * *", "five parts"),
        ("61 * * * *", "minute"),
        ("0 0 30 2 *", "day-of-month"),
        ("* * * * *", "too often"),
        ("0,2 * * * *", "too often"),
        ("@daily", "five parts"),
    ],
)
def test_cron_is_refused_with_its_fault_when_wrong(cron: str, told: str) -> None:
    with pytest.raises(CronWrong, match=told):
        check_cron(cron)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "Europe/Berlin\x00"])
def test_zone_is_refused_when_nobody_knows_it(name: str) -> None:
    with pytest.raises(ZoneUnknown):
        load_zone(name)


OFFICE = Window(
    days=frozenset({0, 1, 2, 3, 4}), begins=dt.time(8), ends=dt.time(18), time_zone=BERLIN
)
NIGHT = Window(days=frozenset({5}), begins=dt.time(22), ends=dt.time(4), time_zone=BERLIN)


def test_window_tells_its_end_when_inside() -> None:
    monday = in_berlin(2026, 6, 1, 8, 0)
    assert OFFICE.find_end(monday) == in_berlin(2026, 6, 1, 18, 0)
    assert OFFICE.find_end(monday - dt.timedelta(seconds=1)) is None
    assert OFFICE.find_end(in_berlin(2026, 6, 1, 18, 0)) is None
    assert OFFICE.find_end(in_berlin(2026, 6, 6, 9, 0)) is None
    assert OFFICE.describe() == "Mon, Tue, Wed, Thu, Fri 08:00 to 18:00 (Europe/Berlin)"


def test_window_goes_on_past_midnight_when_it_ends_earlier() -> None:
    assert NIGHT.find_end(in_berlin(2026, 6, 6, 23, 0)) == in_berlin(2026, 6, 7, 4, 0)
    assert NIGHT.find_end(in_berlin(2026, 6, 7, 3, 59)) == in_berlin(2026, 6, 7, 4, 0)
    assert NIGHT.find_end(in_berlin(2026, 6, 7, 23, 0)) is None


@given(moments, st.frozensets(st.integers(0, 6), min_size=1), st.times(), st.times(), zones)
def test_end_lies_ahead_and_outside_when_inside_a_window(
    at: dt.datetime, days: frozenset[int], begins: dt.time, ends: dt.time, zone: str
) -> None:
    window = Window(days=days, begins=begins, ends=ends, time_zone=zone)
    end = window.find_end(at)
    if end is not None:
        assert at < end <= at + dt.timedelta(hours=26)


NAP = Window(days=frozenset(range(7)), begins=dt.time(2, 15), ends=dt.time(2, 45), time_zone=BERLIN)


@pytest.mark.parametrize(
    ("window", "at"),
    [
        # Twice it is a quarter past two that night, and each time somebody is at work.
        (NAP, in_berlin(2026, 10, 25, 2, 20)),
        (NAP, in_berlin(2026, 10, 25, 2, 20, fold=1)),
        (NAP, in_berlin(2026, 10, 25, 2, 44, fold=1)),
        # Its begin is left out; the clock shows three right away.
        (dataclasses.replace(NAP, ends=dt.time(4)), in_berlin(2026, 3, 29, 3, 0)),
    ],
)
def test_window_holds_whatever_the_clock_shows_when_clocks_change(
    window: Window, at: dt.datetime
) -> None:
    end = window.find_end(at)
    assert end is not None
    assert (end, window.list_next(at, days=1)[0][1]) == (end, end)
    assert window.find_end(at - dt.timedelta(hours=3)) is None
    assert window.find_end(end) is None


@given(moments, st.times(), st.times(), zones)
def test_window_holds_whenever_the_clock_shows_its_hours(
    at: dt.datetime, begins: dt.time, ends: dt.time, zone: str
) -> None:
    window = Window(days=frozenset(range(7)), begins=begins, ends=ends, time_zone=zone)
    clock = at.astimezone(zoneinfo.ZoneInfo(zone)).time()
    shown = begins <= clock < ends if begins < ends else not ends <= clock < begins
    assert not shown or window.find_end(at) is not None
