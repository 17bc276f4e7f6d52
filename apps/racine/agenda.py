"""Reads of what is to come: schedules, their next times, blackout windows and freshness."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from apps.discovery.selectors import list_good_readings
from datawave.common.errors import NotThere
from datawave_edge.protocol import Interval

from .models import Blackout, Freshness, Orchestration, Schedule, ScheduleFire, StateChange
from .timing import (
    CronWrong,
    ZoneUnknown,
    check_cron,
    explain_cron,
    explain_interval,
    knows_zone,
    list_cron,
    next_interval,
)
from .types import (
    FINISHED_RUN_STATES,
    RESUMABLE_RUN_STATES,
    ChangeOf,
    RunState,
    ScheduleKind,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from apps.datasources.models import DataSource
    from apps.rbac.models import User

    from .models.schedules import OfSourceQuerySet

PREVIEWED = 5
# More minutes than any interval has.
MOST_DIGITS = 8
# How far ahead an agent knows the blackout windows of its job, and how many of them.
BLACKOUT_DAYS = 8
BLACKOUTS = 200


def load_orchestration() -> Orchestration:
    """What holds for the whole installation."""
    return Orchestration.objects.get_or_create(pk=1)[0]


def list_visible_schedules(user: User) -> QuerySet[Schedule]:
    """Schedules of sources that the person may view, with what became of each last time."""
    newest = ScheduleFire.objects.filter(schedule=OuterRef("pk")).order_by("-due_at", "-pk")
    return (
        Schedule.objects.visible_to(user)
        .select_related("source__agent", "created_by")
        .annotate(last_fire=Subquery(newest.values("pk")[:1]))
    )


def get_schedule(*, user: User, public_id: uuid.UUID | str) -> Schedule:
    """One schedule that the person may view. Raises NotThere."""
    found = list_visible_schedules(user).filter(public_id=public_id).first()
    if found is None:
        raise NotThere
    return found


def find_hooked(*, public_id: uuid.UUID, secret: str) -> Schedule | None:
    """The schedule that this secret may announce changes to."""
    schedules = Schedule.objects.exclude(token_hash="").filter(kind=ScheduleKind.CHANGE)
    return schedules.filter(public_id=public_id, token_hash=hash_hook(secret)).first()


def hash_hook(secret: str) -> str:
    """What is stored of a hook's secret, which is random and long: no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def describe_schedules(schedules: list[Schedule]) -> list[dict[str, Any]]:
    """Each with its words and its last fire, in one query more."""
    ids = [cast("Any", schedule).last_fire for schedule in schedules]
    fires = ScheduleFire.objects.select_related("run").in_bulk([pk for pk in ids if pk])
    return [
        {
            "schedule": schedule,
            "words": explain(schedule),
            "problem": find_obstacle(schedule),
            "last": fires.get(pk),
        }
        for schedule, pk in zip(schedules, ids, strict=True)
    ]


def explain(schedule: Schedule) -> str:
    """When it is due, in words."""
    if schedule.kind == ScheduleKind.CRON:
        return f"{explain_cron(schedule.cron)} ({schedule.time_zone})"
    if schedule.kind == ScheduleKind.INTERVAL:
        return explain_interval(schedule.every_minutes or 0)
    if schedule.kind == ScheduleKind.RECONNECT:
        return "After the agent comes back"
    return f"When a change is announced and {schedule.debounce_seconds} s have passed"


def plan_next(schedule: Schedule, after: dt.datetime) -> dt.datetime | None:
    """When it is due next; None for one that waits for something to happen or is held up."""
    if find_obstacle(schedule):
        return None
    times = list_next(schedule, after, 1)
    return times[0] if times else None


def find_obstacle(schedule: Schedule) -> str:
    """Why its times can't be reckoned any more, and what to do; empty when they can."""
    if schedule.kind != ScheduleKind.CRON or knows_zone(schedule.time_zone):
        return ""
    return (
        f"Held up: this server does not know the time zone “{schedule.time_zone}”. Choose another "
        "one in the schedule; until then it starts nothing."
    )


def list_next(schedule: Schedule, after: dt.datetime, count: int) -> list[dt.datetime]:
    """The next times that it is due; none for one that waits for something to happen.

    Raises ZoneUnknown.
    """
    if schedule.kind == ScheduleKind.CRON:
        return list_cron(schedule.cron, schedule.time_zone, after, count)
    if schedule.kind != ScheduleKind.INTERVAL:
        return []
    times: list[dt.datetime] = []
    for _ in range(count):
        anchor, minutes = schedule.created_at or after, schedule.every_minutes or 0
        times.append(next_interval(anchor, minutes, times[-1] if times else after))
    return times


def preview(values: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
    """What a form's values mean: `words` and `times`, or the `problem` with them."""
    minutes = str(values.get("every_minutes") or "")
    schedule = Schedule(
        kind=values.get("kind", ""),
        cron=str(values.get("cron") or ""),
        every_minutes=int(minutes) if minutes.isdecimal() and len(minutes) < MOST_DIGITS else None,
        time_zone=values.get("time_zone") or "UTC",
        debounce_seconds=values.get("debounce_seconds") or 0,
    )
    schedule.created_at = now
    if schedule.kind == ScheduleKind.INTERVAL and not schedule.every_minutes:
        return {"problem": "Choose how often."}
    try:
        if schedule.kind == ScheduleKind.CRON:
            check_cron(schedule.cron)
        return {"words": explain(schedule), "times": list_next(schedule, now, PREVIEWED)}
    except (CronWrong, ZoneUnknown) as error:
        return {"problem": str(error)}


def list_blackouts(source: DataSource) -> QuerySet[Blackout]:
    """The windows of a source."""
    return Blackout.objects.filter(source=source)


def list_blackout_intervals(source: DataSource, after: dt.datetime) -> list[Interval]:
    """The windows of the days to come as moments, for an agent that knows no time zones."""
    found = [
        Interval(begins=begins, ends=ends)
        for blackout in list_blackouts(source)
        for begins, ends in _list_moments(blackout, after)
    ]
    return sorted(found, key=lambda each: each.begins)[:BLACKOUTS]


def _list_moments(blackout: Blackout, after: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
    if blackout.problem:
        # Nobody knows when it holds, so it may hold at any time.
        return [(after, after + dt.timedelta(days=BLACKOUT_DAYS))]
    return blackout.window.list_next(after, days=BLACKOUT_DAYS)


def list_visible_blackouts(user: User) -> OfSourceQuerySet[Blackout]:
    """Windows of sources that the person may view."""
    return Blackout.objects.visible_to(user).select_related("source")


def find_freshness(source: DataSource) -> Freshness | None:
    """The source's objective."""
    return Freshness.objects.filter(source=source).first()


def measure_freshness() -> QuerySet[Freshness]:
    """Every objective, with `known_at`: when its source was last read whole, else its beginning.

    What becomes of the run later, when a stage works on it again, reads nothing and so changes it
    neither way.
    """
    read = list_good_readings().filter(_have_good_runs(), source=OuterRef("source"))
    newest = read.order_by("-pk").values("finished_at")[:1]
    return Freshness.objects.annotate(known_at=Coalesce(Subquery(newest), F("created_at")))


def _have_good_runs() -> Q:
    """Of jobs: those whose run goes on, has ended well, or had before it was taken up again."""
    ended_well = StateChange.objects.filter(
        run_id=OuterRef("run__pk"), kind=ChangeOf.RUN, after__in=FINISHED_RUN_STATES
    )
    bad = Q(run__state__in=(*RESUMABLE_RUN_STATES, RunState.CANCELLING))
    return Q(run__undone_at=None) & (~bad | Q(Exists(ended_well)))
