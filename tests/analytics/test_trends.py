"""The overview's arithmetic."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.analytics.trends import (
    RunFigures,
    count_days,
    describe_change,
    find_median,
    follow_estate,
    list_durations,
)


def run(source: int, columns: int, state: str = "completed", seconds: float = 1) -> RunFigures:
    return RunFigures(source_id=source, state=state, seconds=seconds, counts={"columns": columns})


def test_newest_figure_of_each_source_counts_when_summed() -> None:
    runs = [run(1, 10), run(2, 5), run(1, 12), run(2, 0, state="failed")]
    assert follow_estate(runs, "columns") == (10, 15, 17)


def test_series_is_empty_when_nothing_is_known() -> None:
    assert follow_estate([run(1, 1)], "tables") == ()
    assert list_durations([]) == ()
    assert find_median([]) is None


def test_failed_runs_do_not_count_when_timed() -> None:
    runs = [run(1, 1, seconds=4), run(1, 1, state="failed", seconds=900)]
    assert list_durations(runs) == (4,)


@pytest.mark.parametrize(
    ("series", "change"),
    [
        ([], ("", False)),
        ([5], ("", False)),
        ([10, 12], ("20%", True)),
        ([10, 10, 5, 5], ("50%", False)),
        ([0, 9], ("", False)),
        ([1000, 1001], ("", False)),
    ],
)
def test_change_is_told_when_there_is_one(series: list[float], change: tuple[str, bool]) -> None:
    assert describe_change(series) == change


def test_each_day_has_a_place_when_counted() -> None:
    today = dt.date(2026, 3, 2)
    counts = [(today, "completed", 2), (dt.date(2026, 2, 17), "failed", 1)]
    days, found = count_days(counts, today)
    assert (days[0], days[-1], len(days)) == (dt.date(2026, 2, 17), today, 14)
    assert (found["completed"][-1], found["failed"][0], sum(found["other"])) == (2, 1, 0)
