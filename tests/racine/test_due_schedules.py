"""Many schedules that are due at once: all get their turn, the oldest first."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.racine import services
from apps.racine.models import Run, Schedule
from apps.racine.services import scheduling
from apps.racine.types import Priority
from tests.factories import make_source
from tests.people import People

from .test_schedules import NIGHTLY, make_due, plan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stage")]


def plan_many(people: People, count: int) -> list[Schedule]:
    """Schedules of as many sources, each due a minute longer than the one before it."""
    services.set_limits(user=people.ada, most_runs=1, most_runs_per_agent=1)
    schedules = [
        services.add_schedule(user=people.ada, source=make_source(f"s{number}"), **NIGHTLY)
        for number in range(count)
    ]
    for number, schedule in enumerate(schedules, start=1):
        make_due(schedule, dt.timedelta(minutes=number))
    return schedules


def test_all_start_when_many_are_due_at_once(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "AT_ONCE", 2)
    plan_many(people, 5)
    services.fire_schedules()
    assert Run.objects.count() == 5


def test_oldest_start_first_when_there_is_no_time_for_all(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "AT_ONCE", 2)
    monkeypatch.setattr(scheduling, "FIRE_SECONDS", 0)
    schedules = plan_many(people, 5)
    # More urgent than others, but not for as long.
    Schedule.objects.filter(pk=schedules[0].pk).update(priority=Priority.HIGH)
    started = []
    for _ in range(3):
        services.fire_schedules()
        started.append(Run.objects.count())
    assert started == [2, 4, 5]
    order = list(Run.objects.order_by("pk").values_list("schedule", flat=True))
    assert order == [each.pk for each in reversed(schedules)]


def test_others_start_when_those_before_them_wait_for_their_turn(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "AT_ONCE", 1)
    services.start_run(source=people.source, user=people.alice)
    waiting = [plan(people, kind="change", priority=Priority.HIGH) for _ in range(2)]
    for schedule in waiting:
        make_due(schedule, dt.timedelta(hours=1))
    (sound,) = plan_many(people, 1)
    services.fire_schedules()
    assert Run.objects.filter(schedule=sound).count() == 1
    assert not Run.objects.filter(schedule__in=waiting).exists()
