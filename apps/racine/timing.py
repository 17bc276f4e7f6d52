"""When a schedule is due next, in words and in times, and whether a time lies in a window.

Cron's own rules hold where clocks change: a time that is left out fires right after the gap, one
that comes twice fires once, and what runs every hour or minute goes on in real time.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise

from cronsim import CronSim, CronSimError

INTERVALS: dict[int, str] = {
    60: "Every hour",
    180: "Every 3 hours",
    360: "Every 6 hours",
    720: "Every 12 hours",
    1_440: "Every day",
    10_080: "Every 7 days",
}
LEAST_MINUTES = 5
LEAST_GAP = dt.timedelta(minutes=LEAST_MINUTES)
# Times that come often enough repeat within an hour, which holds twelve of them.
_LOOKED_AT = 14
DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# A window is looked for this far back: one that began yesterday may still go on.
_REACH = (-1, 0)


class CronWrong(ValueError):
    """A cron expression that can't be read; its text says which part."""


class ZoneUnknown(ValueError):
    """A time zone that nobody knows."""


@dataclass(frozen=True)
class Window:
    """Hours of some days of the week; one that ends before it begins goes on past midnight."""

    days: frozenset[int]
    begins: dt.time
    ends: dt.time
    time_zone: str

    def find_end(self, at: dt.datetime) -> dt.datetime | None:
        """When the window that `at` lies in ends; None when it lies in none."""
        today = at.astimezone(load_zone(self.time_zone)).date()
        for begin, end in self._place(today + dt.timedelta(days=each) for each in _REACH):
            if begin <= at < end:
                return end
        return None

    def list_next(self, after: dt.datetime, *, days: int) -> list[tuple[dt.datetime, dt.datetime]]:
        """Begin and end of the windows in the days to come, in UTC."""
        today = after.astimezone(load_zone(self.time_zone)).date()
        placed = self._place(today + dt.timedelta(days=each) for each in range(-1, days))
        return [(begin, end) for begin, end in placed if end > after]

    def _place(self, days: Iterable[dt.date]) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """The windows that begin on some days, in UTC."""
        over_night = dt.timedelta(days=0 if self.begins < self.ends else 1)
        for day in days:
            if day.weekday() in self.days:
                begin = min(self._read_clock(day, self.begins))
                yield begin, max(self._read_clock(day + over_night, self.ends))

    def _read_clock(self, day: dt.date, time: dt.time) -> list[dt.datetime]:
        """The moments that a clock's time may mean where clocks change: the widest window holds,
        for work at a forbidden hour does more harm than work that waits.
        """
        there = dt.datetime.combine(day, time, load_zone(self.time_zone))
        return [there.replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1)]

    def describe(self) -> str:
        """Such as "Mon, Tue 08:00 to 18:00 (Europe/Berlin)"."""
        days = "Every day" if len(self.days) == len(DAY_NAMES) else _name_days(self.days)
        return f"{days} {self.begins:%H:%M} to {self.ends:%H:%M} ({self.time_zone})"


def _name_days(days: Iterable[int]) -> str:
    return ", ".join(DAY_NAMES[day] for day in sorted(days))


@cache
def list_zones() -> tuple[str, ...]:
    """Names of all time zones; looked up on the disk once."""
    return tuple(sorted(zoneinfo.available_timezones()))


@cache
def _name_zones() -> frozenset[str]:
    return frozenset(list_zones())


def load_zone(name: str) -> zoneinfo.ZoneInfo:
    """The time zone of that name. Raises ZoneUnknown."""
    if not knows_zone(name):
        raise ZoneUnknown(f"There is no time zone “{name[:64]}”; use a name such as Europe/Berlin.")
    return zoneinfo.ZoneInfo(name)


def knows_zone(name: str) -> bool:
    """Whether there is such a zone; updates of the system take names away now and then."""
    return name in _name_zones()


def check_cron(cron: str) -> None:
    """Raises CronWrong, also for a time that never comes or comes too often."""
    times = list(islice(_parse(cron, dt.datetime(2024, 1, 1, tzinfo=dt.UTC)), _LOOKED_AT))
    if not times:
        raise CronWrong("That time never comes.")
    if any(later - earlier < LEAST_GAP for earlier, later in pairwise(times)):
        raise CronWrong(f"That is too often: leave at least {LEAST_MINUTES} minutes in between.")


def next_cron(cron: str, time_zone: str, after: dt.datetime) -> dt.datetime:
    """The first time after `after`, in UTC. Raises CronWrong or ZoneUnknown."""
    return _take(cron, time_zone, after, 1)[0]


def list_cron(cron: str, time_zone: str, after: dt.datetime, count: int) -> list[dt.datetime]:
    """The next times after `after`, in UTC. Raises CronWrong or ZoneUnknown."""
    return _take(cron, time_zone, after, count)


def _take(cron: str, time_zone: str, after: dt.datetime, count: int) -> list[dt.datetime]:
    simulation = _parse(cron, after.astimezone(load_zone(time_zone)))
    try:
        return [next(simulation).astimezone(dt.UTC) for _ in range(count)]
    except StopIteration:
        raise CronWrong("That time never comes.") from None


def _parse(cron: str, start: dt.datetime) -> CronSim:
    if len(cron.split()) != 5:  # noqa: PLR2004  # as cron has it; seconds would be a sixth
        raise CronWrong("Write five parts: minute, hour, day of month, month, day of week.")
    try:
        return CronSim(cron, start)
    except CronSimError as error:
        raise CronWrong(f"{error}: write for example “30 2 * * 1-5”.") from None


def explain_cron(cron: str) -> str:
    """The expression in words. Raises CronWrong."""
    return str(_parse(cron, dt.datetime(2024, 1, 1, tzinfo=dt.UTC)).explain())


def next_interval(anchor: dt.datetime, minutes: int, after: dt.datetime) -> dt.datetime:
    """The first whole number of intervals from the anchor that lies after `after`."""
    step = dt.timedelta(minutes=minutes)
    return anchor + step * max(1, (after - anchor) // step + 1)


def explain_interval(minutes: int) -> str:
    """Such as "Every 6 hours"."""
    return INTERVALS.get(minutes, f"Every {minutes} minutes")
