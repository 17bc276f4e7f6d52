"""What people do with schedules, blackout windows, freshness objectives and limits."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from apps.discovery import services as discovery
from apps.racine.agenda import (
    hash_hook,
    list_blackout_intervals,
    load_orchestration,
    plan_next,
)
from apps.racine.models import Blackout, Freshness, Orchestration, Schedule
from apps.racine.timing import (
    LEAST_MINUTES,
    CronWrong,
    ZoneUnknown,
    check_cron,
    load_zone,
)
from apps.racine.types import Priority, ScheduleKind
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import InputInvalid

from .admission import admit_runs, lock_orchestration
from .scheduling import replan

if TYPE_CHECKING:
    from apps.datasources.models import DataSource
    from apps.rbac.models import User

MOST_PER_SOURCE = 20
MOST_MINUTES = 60 * 24 * 31
MOST_DEBOUNCE = 24 * 3600
MOST_HOURS = 24 * 366
MOST_RUNS = 1_000
FIELDS = ("kind", "cron", "every_minutes", "time_zone", "priority", "debounce_seconds")
HOOK_PREFIX = "dwh_"


@transaction.atomic
def add_schedule(*, user: User, source: DataSource, **fields: Any) -> Schedule:
    """Discover a source by itself from now on. Raises InputInvalid, PermissionMissing."""
    rbac.require(user, Action.DISCOVER, source)
    _require_room(Schedule.objects.filter(source=source).count(), "schedules")
    schedule = Schedule(source=source, created_by=user)
    _fill(schedule, fields)
    schedule.save()
    _replan_one(schedule)
    _audit(user, "schedule_added", schedule)
    return schedule


@transaction.atomic
def change_schedule(*, user: User, schedule: Schedule, **fields: Any) -> Schedule:
    """Change what a schedule waits for. Raises InputInvalid, PermissionMissing."""
    rbac.require(user, Action.DISCOVER, schedule.source)
    _fill(schedule, {name: getattr(schedule, name) for name in FIELDS} | fields)
    schedule.save(update_fields=FIELDS)
    _replan_one(schedule)
    _audit(user, "schedule_changed", schedule)
    return schedule


def _require_room(count: int, what: str) -> None:
    if count >= MOST_PER_SOURCE:
        raise InputInvalid(f"A source has at most {MOST_PER_SOURCE} {what}; delete one first.")


def _fill(schedule: Schedule, fields: dict[str, Any]) -> None:
    """Take over checked values; what the kind does not need is emptied."""
    kind = _one_of(ScheduleKind.values, fields.get("kind"), "kind")
    schedule.kind = kind
    schedule.cron = _check_cron(fields.get("cron")) if kind == ScheduleKind.CRON else ""
    interval = kind == ScheduleKind.INTERVAL
    schedule.every_minutes = (
        _whole(fields.get("every_minutes"), LEAST_MINUTES, MOST_MINUTES, "every_minutes")
        if interval
        else None
    )
    schedule.time_zone = check_zone(fields.get("time_zone") or "UTC")
    schedule.priority = _one_of(
        Priority.values, fields.get("priority") or Priority.NORMAL, "priority"
    )
    wait = fields.get("debounce_seconds")
    schedule.debounce_seconds = _whole(60 if wait is None else wait, 0, MOST_DEBOUNCE,
                                       "debounce_seconds")  # fmt: skip


def _one_of(known: Iterable[Any], value: Any, field: str) -> Any:
    if value not in known:
        raise InputInvalid(f"Choose one of {', '.join(map(str, known))}.", field=field)
    return value


def _whole(value: Any, least: int, most: int, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InputInvalid(f"Give a whole number from {least} to {most}.", field=field)
    return value


def _check_cron(cron: Any) -> str:
    text = " ".join(str(cron or "").split())[:100]
    try:
        check_cron(text)
    except CronWrong as error:
        raise InputInvalid(str(error), field="cron") from None
    return text


def check_zone(name: str) -> str:
    """The name, if there is such a zone. Raises InputInvalid."""
    try:
        load_zone(name)
    except ZoneUnknown as error:
        raise InputInvalid(str(error), field="time_zone") from None
    return name


def _replan_one(schedule: Schedule) -> None:
    schedule.next_due_at = plan_next(schedule, timezone.now())
    schedule.changed_since = None
    schedule.save(update_fields=["next_due_at", "changed_since"])


def _audit(user: User, action: str, schedule: Schedule) -> None:
    detail = {name: getattr(schedule, name) for name in FIELDS}
    rbac.record_audit(
        actor=user,
        action=action,
        scope=schedule.source,
        detail={"schedule": str(schedule.public_id), **detail},
    )


@transaction.atomic
def delete_schedule(*, user: User, schedule: Schedule) -> None:
    """Discover no more because of it; what it has started stays."""
    rbac.require(user, Action.DISCOVER, schedule.source)
    _audit(user, "schedule_deleted", schedule)
    schedule.delete()


@transaction.atomic
def pause_schedule(*, user: User, schedule: Schedule) -> None:
    """Let it rest; a second press changes nothing."""
    rbac.require(user, Action.DISCOVER, schedule.source)
    awake = Schedule.objects.filter(pk=schedule.pk, paused_at=None)
    if awake.update(paused_at=timezone.now()) == 1:
        _audit(user, "schedule_paused", schedule)


@transaction.atomic
def resume_schedule(*, user: User, schedule: Schedule) -> None:
    """Let it go on from now; what was due meanwhile is not made up for."""
    rbac.require(user, Action.DISCOVER, schedule.source)
    own = Schedule.objects.filter(pk=schedule.pk)
    if own.exclude(paused_at=None).update(paused_at=None) == 1:
        replan(own)
        _audit(user, "schedule_resumed", schedule)


@transaction.atomic
def pause_all(*, user: User) -> None:
    """No schedule starts anything until it is undone; what goes on goes on."""
    rbac.require(user, Action.MANAGE, None)
    load_orchestration()
    awake = Orchestration.objects.filter(paused_at=None)
    if awake.update(paused_at=timezone.now(), paused_by=user) == 1:
        rbac.record_audit(actor=user, action="schedules_paused")


@transaction.atomic
def resume_all(*, user: User) -> None:
    """Schedules go on from now."""
    rbac.require(user, Action.MANAGE, None)
    resting = Orchestration.objects.exclude(paused_at=None)
    if resting.update(paused_at=None, paused_by=None) == 1:
        replan(Schedule.objects.filter(paused_at=None))
        rbac.record_audit(actor=user, action="schedules_resumed")


@transaction.atomic
def set_limits(*, user: User, most_runs: int, most_runs_per_agent: int) -> Orchestration:
    """How many runs may go on at once. Raises InputInvalid."""
    rbac.require(user, Action.MANAGE, None)
    row = lock_orchestration()
    row.most_runs = _whole(most_runs, 1, MOST_RUNS, "most_runs")
    row.most_runs_per_agent = _whole(most_runs_per_agent, 1, MOST_RUNS, "most_runs_per_agent")
    row.save(update_fields=["most_runs", "most_runs_per_agent"])
    limits = {"most_runs": row.most_runs, "most_runs_per_agent": row.most_runs_per_agent}
    rbac.record_audit(actor=user, action="run_limits_changed", detail=limits)
    admit_runs()
    return row


@transaction.atomic
def renew_hook(*, user: User, schedule: Schedule) -> str:
    """A new secret for announcing changes; it is shown once, and the old one ends."""
    rbac.require(user, Action.DISCOVER, schedule.source)
    if schedule.kind != ScheduleKind.CHANGE:
        raise InputInvalid("Only a schedule that waits for announced changes has a hook.")
    secret = HOOK_PREFIX + secrets.token_urlsafe(32)
    Schedule.objects.filter(pk=schedule.pk).update(token_hash=hash_hook(secret))
    _audit(user, "schedule_hook_renewed", schedule)
    return secret


@transaction.atomic
def set_freshness(*, user: User, source: DataSource, hours: int) -> Freshness:
    """How old the knowledge of the source may grow. Raises InputInvalid."""
    rbac.require(user, Action.DISCOVER, source)
    wanted = {"hours": _whole(hours, 1, MOST_HOURS, "hours")}
    objective, _ = Freshness.objects.update_or_create(source=source, defaults=wanted)
    rbac.record_audit(actor=user, action="freshness_set", scope=source, detail=wanted)
    return objective


@transaction.atomic
def clear_freshness(*, user: User, source: DataSource) -> None:
    """Let the knowledge grow as old as it likes."""
    rbac.require(user, Action.DISCOVER, source)
    if Freshness.objects.filter(source=source).delete()[0]:
        rbac.record_audit(actor=user, action="freshness_cleared", scope=source)


@transaction.atomic
def add_blackout(
    *,
    user: User,
    source: DataSource,
    name: str,
    days: Iterable[int],
    begins: dt.time,
    ends: dt.time,
    time_zone: str,
) -> Blackout:
    """Let no discovery of the source begin in these hours. Raises InputInvalid."""
    rbac.require(user, Action.DISCOVER, source)
    _require_room(Blackout.objects.filter(source=source).count(), "blackout windows")
    if begins == ends:
        raise InputInvalid("A window must end at another time than it begins.", field="ends")
    blackout = Blackout.objects.create(
        source=source,
        name=_check_name(name),
        days=_check_days(days),
        begins=begins,
        ends=ends,
        time_zone=check_zone(time_zone),
    )
    _audit_blackout(user, "blackout_added", blackout)
    _tell_agent(source)
    return blackout


def _tell_agent(source: DataSource) -> None:
    """A run that goes on heeds the windows too."""
    windows = list_blackout_intervals(source, timezone.now())
    discovery.set_blackouts(source=source, blackouts=windows)


def _check_name(name: str) -> str:
    text = name.strip()
    if not text or len(text) > 60:  # noqa: PLR2004  # as the column has it
        raise InputInvalid("Give the window a name of at most 60 characters.", field="name")
    return text


def _check_days(days: Iterable[int]) -> list[int]:
    chosen = sorted(set(days))
    if not chosen or not set(chosen) <= set(range(7)):
        raise InputInvalid("Choose at least one day, 0 (Monday) to 6 (Sunday).", field="days")
    return chosen


def _audit_blackout(user: User, action: str, blackout: Blackout) -> None:
    detail = {"name": blackout.name, "window": blackout.window.describe()}
    rbac.record_audit(actor=user, action=action, scope=blackout.source, detail=detail)


@transaction.atomic
def delete_blackout(*, user: User, blackout: Blackout) -> None:
    """Let discoveries begin at any hour again."""
    rbac.require(user, Action.DISCOVER, blackout.source)
    _audit_blackout(user, "blackout_deleted", blackout)
    blackout.delete()
    _tell_agent(blackout.source)
    admit_runs()
