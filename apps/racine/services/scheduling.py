"""What the beat does: starts what is due, and tells when knowledge has grown too old.

Any number of beats may run: a time is taken by one conditional change, and has one row.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from apps.datasources.selectors import find_embedded_agent
from apps.notifications import services as notifications
from apps.notifications.types import NoticeLevel
from apps.racine.agenda import find_obstacle, load_orchestration, measure_freshness, plan_next
from apps.racine.models import Freshness, Schedule, ScheduleFire
from apps.racine.retries import log_fault
from apps.racine.types import TIMED_KINDS, FireState, ScheduleKind
from apps.racine.undo_reads import is_undoing

from .runs import SourceBusy, require_free, start_scheduled_run
from .stakeholders import list_stakeholders

if TYPE_CHECKING:
    from django.db.models import QuerySet

# Schedules among which the most urgent starts first, whichever was due before.
AT_ONCE = 100
# After this long the rest waits for the next sweep, for others wait for the sweeper too.
FIRE_SECONDS = 10.0
# Later than this was not the beat's own rhythm: the server was down, or all was paused.
LATE = dt.timedelta(minutes=2)
AWAY_AFTER = dt.timedelta(minutes=5)
BACK_WITHIN = dt.timedelta(minutes=1)
# Changes that never stop being announced must not put the discovery off for ever.
PATIENCE = 10
FRESHNESS_EVERY_SECONDS = 30


def fire_schedules() -> None:
    """Start every discovery whose time has come."""
    if load_orchestration().paused_at is not None:
        return
    now = timezone.now()
    _watch_agents(now)
    _plan_again(now)
    end = time.monotonic() + FIRE_SECONDS
    for schedules in _list_due(now):
        for schedule in schedules:
            _try_fire(schedule, now)
        if time.monotonic() >= end:
            return


def _list_due(now: dt.datetime) -> Iterator[QuerySet[Schedule]]:
    """Those that are due for the longest time first, of some at a time the most urgent.

    All are gone through, also past those that wait for their turn: they would block the others.
    """
    due = _list_awake().filter(next_due_at__lte=now).order_by("next_due_at", "pk")
    ids = list(due.values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        some = Schedule.objects.filter(pk__in=ids[start : start + AT_ONCE])
        yield some.select_related("source").order_by("-priority", "next_due_at", "pk")


def _list_awake() -> QuerySet[Schedule]:
    return Schedule.objects.filter(paused_at=None)


def _watch_agents(now: dt.datetime) -> None:
    """Notice agents that go away, and that they are back."""
    waiting = _list_awake().filter(kind=ScheduleKind.RECONNECT)
    if not waiting.exists():
        return
    own = find_embedded_agent()
    seen = own.last_seen_at if own is not None else None
    gone = Q(source__agent__last_seen_at__lt=now - AWAY_AFTER)
    back = Q(source__agent__last_seen_at__gte=now - BACK_WITHIN)
    # A source without an agent of its own is served by the server's.
    if seen is not None and seen < now - AWAY_AFTER:
        gone |= Q(source__agent=None)
    elif seen is not None and seen >= now - BACK_WITHIN:
        back |= Q(source__agent=None)
    waiting.filter(gone, agent_away=False).update(agent_away=True)
    waiting.filter(back, agent_away=True).update(agent_away=False, next_due_at=now)


def _try_fire(schedule: Schedule, now: dt.datetime) -> None:
    try:
        _fire(schedule, now)
    except (IntegrityError, SourceBusy):
        # Another beat has written this time's row, or a change waits for its turn.
        return
    except Exception as error:  # noqa: BLE001, RUF100  # one must not stop those behind it
        log_fault(error, doing=f"Firing schedule {schedule.pk}")


@transaction.atomic
def _fire(schedule: Schedule, now: dt.datetime) -> None:
    if _waits_for_its_turn(schedule):
        require_free(schedule.source)
    due_at = schedule.next_due_at or now
    mine = _list_awake().filter(pk=schedule.pk, next_due_at=due_at)
    if mine.update(next_due_at=plan_next(schedule, now), changed_since=None) != 1:
        return
    fire = ScheduleFire(schedule=schedule, due_at=due_at, state=FireState.STARTED)
    if obstacle := find_obstacle(schedule):
        fire.state, fire.reason = FireState.SKIPPED, obstacle
        _tell_held_up(schedule, obstacle)
    else:
        _start(fire, now)
    fire.save()


def _start(fire: ScheduleFire, now: dt.datetime) -> None:
    schedule = fire.schedule
    try:
        fire.run = start_scheduled_run(schedule=schedule)
    except SourceBusy as error:
        if _waits_for_its_turn(schedule):
            # All of this is taken back and it stays due.
            raise
        fire.state, fire.reason = FireState.SKIPPED, error.message[:300]
    else:
        fire.reason = _explain_lateness(fire, now)


def _waits_for_its_turn(schedule: Schedule) -> bool:
    """Whether nothing else would come for it, should it be skipped now.

    What goes on may have read the table before it changed. After a reconnection what goes on will
    do; what is being taken back will not.
    """
    if schedule.kind == ScheduleKind.RECONNECT:
        return is_undoing(schedule.source)
    return schedule.kind == ScheduleKind.CHANGE


def _tell_held_up(schedule: Schedule, obstacle: str) -> None:
    notifications.notify(
        users=list_stakeholders(schedule.source),
        kind="schedule_held_up",
        level=NoticeLevel.WARNING,
        title=f"A schedule is held up: {schedule.source.name}"[:200],
        body=obstacle,
        url=reverse("racine:schedule-edit", args=[schedule.public_id]),
        dedupe_key=f"schedule:{schedule.public_id}:{schedule.time_zone}",
    )


def _plan_again(now: dt.datetime) -> None:
    """What was held up goes on by itself when an update of the system knows its time zone again."""
    held_up = _list_awake().filter(kind__in=TIMED_KINDS, next_due_at=None)
    for schedule in held_up:
        held_up.filter(pk=schedule.pk).update(next_due_at=plan_next(schedule, now))


def _explain_lateness(fire: ScheduleFire, now: dt.datetime) -> str:
    if now - fire.due_at <= LATE:
        return ""
    return "Started late: the server was not running, or the source was busy, when it was due."


@transaction.atomic
def announce_change(*, schedule: Schedule) -> dt.datetime:
    """Note that something changed in the source; gives when the discovery is due."""
    now = timezone.now()
    locked = Schedule.objects.select_for_update().get(pk=schedule.pk)
    quiet = dt.timedelta(seconds=locked.debounce_seconds)
    since = locked.changed_since or now
    locked.changed_since = since
    locked.next_due_at = min(now + quiet, since + PATIENCE * quiet)
    locked.save(update_fields=["changed_since", "next_due_at"])
    return locked.next_due_at


def watch_freshness() -> None:
    """Tell once when the knowledge of a source is too old, and once when it is fresh again."""
    if cache.add("racine:freshness", 1, FRESHNESS_EVERY_SECONDS):
        check_freshness()


def check_freshness() -> None:
    """Compare every objective with when its source was last read whole."""
    now = timezone.now()
    for objective in measure_freshness().select_related("source__owner"):
        known_at = getattr(objective, "known_at")  # noqa: B009  # an annotation
        too_old = now - known_at > dt.timedelta(hours=objective.hours)
        if too_old and objective.missed_at is None:
            _note_missed(objective, now)
        elif not too_old and objective.missed_at is not None:
            _note_met(objective)


@transaction.atomic
def _note_missed(objective: Freshness, now: dt.datetime) -> None:
    if Freshness.objects.filter(pk=objective.pk, missed_at=None).update(missed_at=now) != 1:
        return
    _tell(
        objective,
        NoticeLevel.WARNING,
        f"Out of date: {objective.source.name}",
        f"The source was last read whole more than {objective.hours} hours ago. "
        "Discover the source now, and look at its schedule and its agent.",
        f"missed:{now.isoformat()}",
    )


@transaction.atomic
def _note_met(objective: Freshness) -> None:
    mine = Freshness.objects.filter(pk=objective.pk, missed_at=objective.missed_at)
    if objective.missed_at is None or mine.update(missed_at=None) != 1:
        return
    _tell(
        objective,
        NoticeLevel.SUCCESS,
        f"Up to date again: {objective.source.name}",
        f"The source was read whole within the last {objective.hours} hours.",
        f"met:{objective.missed_at.isoformat()}",
    )


def _tell(objective: Freshness, level: str, title: str, body: str, key: str) -> None:
    source = objective.source
    notifications.notify(
        users=list_stakeholders(source),
        kind="freshness",
        level=level,
        title=title[:200],
        body=body,
        url=reverse("datasources:source-detail", args=[source.public_id]),
        dedupe_key=f"freshness:{objective.public_id}:{key}",
    )


def replan(schedules: QuerySet[Schedule]) -> None:
    """Look forward only: what was due while it was paused is not made up for."""
    now = timezone.now()
    timed = schedules.filter(next_due_at__lte=now).exclude(kind=ScheduleKind.CHANGE)
    for schedule in timed:
        schedules.filter(pk=schedule.pk, next_due_at=schedule.next_due_at).update(
            next_due_at=plan_next(schedule, now)
        )
