"""Schedules start discoveries by themselves: once, in turn, and not in a blackout."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.datasources.models import Agent
from apps.discovery import services as discovery
from apps.notifications.models import Notice
from apps.racine import services
from apps.racine.models import Run, Schedule, ScheduleFire
from apps.racine.types import FireState, Priority, RunState
from apps.rbac.models import AuditEntry
from datawave.common.errors import InputInvalid, NotThere, PermissionMissing
from datawave_edge.protocol import JobFailure
from tests.discovery.factories import feed_job, make_table, open_stream
from tests.factories import make_agent, make_source
from tests.people import People

from .conftest import WorkOff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stage")]
NIGHTLY = {"kind": "cron", "cron": "30 2 * * *", "time_zone": "Europe/Berlin"}


def plan(people: People, **fields: Any) -> Schedule:
    wanted = {**NIGHTLY, **fields}
    return services.add_schedule(user=people.alice, source=people.source, **wanted)


def make_due(schedule: Schedule, ago: dt.timedelta = dt.timedelta(seconds=1)) -> None:
    Schedule.objects.filter(pk=schedule.pk).update(next_due_at=timezone.now() - ago)


def end_run(run: Run, work_off: WorkOff) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    work_off()


def test_it_works(people: People, work_off: WorkOff) -> None:
    schedule = plan(people)
    make_due(schedule)
    services.sweep()
    run = Run.objects.get()
    assert (run.trigger, run.started_by, run.schedule) == ("schedule", None, schedule)
    fire = ScheduleFire.objects.get()
    assert (fire.state, fire.run, fire.reason) == (FireState.STARTED, run, "")
    schedule.refresh_from_db()
    assert schedule.next_due_at is not None
    assert schedule.next_due_at > timezone.now()
    end_run(run, work_off)
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    assert "its schedule" in run.events.order_by("pk")[0].message


def test_it_starts_once_when_two_beats_see_the_same_time(people: People) -> None:
    schedule = plan(people)
    make_due(schedule)
    start = threading.Barrier(2)

    def beat() -> None:
        start.wait()
        services.fire_schedules()
        connection.close()

    beats = [threading.Thread(target=beat) for _ in range(2)]
    for thread in beats:
        thread.start()
    for thread in beats:
        thread.join()
    assert Run.objects.count() == ScheduleFire.objects.count() == 1


def test_it_starts_once_and_says_so_when_the_server_was_down(people: People) -> None:
    schedule = plan(people, kind="interval", every_minutes=60)
    make_due(schedule, dt.timedelta(hours=30))
    services.fire_schedules()
    services.fire_schedules()
    assert "Started late" in ScheduleFire.objects.get().reason
    schedule.refresh_from_db()
    assert schedule.next_due_at is not None
    assert dt.timedelta(0) < schedule.next_due_at - timezone.now() <= dt.timedelta(hours=1)


def test_time_is_skipped_when_a_discovery_of_the_source_goes_on(people: People) -> None:
    running = services.start_run(source=people.source, user=people.alice)
    make_due(plan(people))
    services.fire_schedules()
    fire = ScheduleFire.objects.get()
    assert (fire.state, fire.run) == (FireState.SKIPPED, None)
    assert f"#{running.pk}" in fire.reason


def test_nothing_starts_when_it_is_paused(people: People) -> None:
    schedule = plan(people)
    services.pause_schedule(user=people.alice, schedule=schedule)
    make_due(schedule, dt.timedelta(days=2))
    services.fire_schedules()
    services.resume_schedule(user=people.alice, schedule=schedule)
    services.fire_schedules()
    assert not Run.objects.exists()
    schedule.refresh_from_db()
    assert schedule.next_due_at is not None
    assert schedule.next_due_at > timezone.now()


def test_nothing_starts_when_all_are_paused(people: People) -> None:
    schedule = plan(people)
    services.pause_all(user=people.ada)
    make_due(schedule)
    services.fire_schedules()
    services.resume_all(user=people.ada)
    services.fire_schedules()
    assert not Run.objects.exists()
    make_due(schedule)
    services.fire_schedules()
    assert Run.objects.count() == 1
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"schedules_paused", "schedules_resumed"} <= actions


def test_discovery_follows_when_the_agent_comes_back(people: People) -> None:
    agent = make_agent("edge")
    people.source.agent = agent
    people.source.save()
    plan(people, kind="reconnect")
    for ago, runs in ((0, 0), (600, 0), (90, 0), (0, 1), (0, 1)):
        seen = timezone.now() - dt.timedelta(seconds=ago)
        Agent.objects.filter(pk=agent.pk).update(last_seen_at=seen)
        services.fire_schedules()
        assert Run.objects.count() == runs


def test_discovery_after_a_reconnection_waits_when_one_is_taken_back(
    people: People, work_off: WorkOff
) -> None:
    taken = services.start_run(source=people.source, user=people.alice)
    end_run(taken, work_off)
    undo = services.request_undo(run=taken, user=people.alice)
    schedule = plan(people, kind="reconnect")
    make_due(schedule)
    services.fire_schedules()
    assert not ScheduleFire.objects.exists()
    services.work_on_undo(undo_id=undo.pk)
    services.fire_schedules()
    services.fire_schedules()
    assert Run.objects.exclude(pk=taken.pk).get().schedule == schedule
    assert ScheduleFire.objects.get().state == FireState.STARTED


def test_discovery_after_a_reconnection_is_skipped_when_one_goes_on(people: People) -> None:
    services.start_run(source=people.source, user=people.alice)
    make_due(plan(people, kind="reconnect"))
    services.fire_schedules()
    assert ScheduleFire.objects.get().state == FireState.SKIPPED


def test_changes_make_one_discovery_when_they_come_in_a_burst(people: People) -> None:
    schedule = plan(people, kind="change", debounce_seconds=60)
    dues = [services.announce_change(schedule=schedule) for _ in range(5)]
    assert dues == sorted(dues)
    services.fire_schedules()
    assert not Run.objects.exists()
    make_due(schedule)
    services.fire_schedules()
    services.fire_schedules()
    assert Run.objects.count() == 1


def test_change_is_not_put_off_for_ever_when_more_keep_coming(people: People) -> None:
    schedule = plan(people, kind="change", debounce_seconds=60)
    since = timezone.now() - dt.timedelta(minutes=9, seconds=59)
    Schedule.objects.filter(pk=schedule.pk).update(changed_since=since)
    assert services.announce_change(schedule=schedule) == since + dt.timedelta(minutes=10)


def test_change_waits_its_turn_when_a_discovery_goes_on(people: People, work_off: WorkOff) -> None:
    running = services.start_run(source=people.source, user=people.alice)
    schedule = plan(people, kind="change")
    services.announce_change(schedule=schedule)
    make_due(schedule)
    services.fire_schedules()
    assert Run.objects.count() == 1
    end_run(running, work_off)
    services.fire_schedules()
    assert Run.objects.count() == 2


def test_change_waits_its_turn_when_a_discovery_is_taken_back(
    people: People, work_off: WorkOff
) -> None:
    taken = services.start_run(source=people.source, user=people.alice)
    end_run(taken, work_off)
    undo = services.request_undo(run=taken, user=people.alice)
    schedule = plan(people, kind="change")
    services.announce_change(schedule=schedule)
    make_due(schedule)
    services.fire_schedules()
    schedule.refresh_from_db()
    assert schedule.changed_since is not None
    assert not ScheduleFire.objects.exists()
    services.work_on_undo(undo_id=undo.pk)
    services.fire_schedules()
    assert ScheduleFire.objects.get().state == FireState.STARTED


def test_others_start_when_one_schedule_fails(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = (
        plan(people),
        services.add_schedule(user=people.ada, source=make_source("other"), **NIGHTLY),
    )
    make_due(broken, dt.timedelta(minutes=1))
    make_due(sound)
    Schedule.objects.filter(pk=broken.pk).update(cron="secret")
    services.fire_schedules()
    assert Run.objects.get().schedule == sound
    assert f"Firing schedule {broken.pk} failed with CronWrong" in caplog.text
    assert "secret" not in caplog.text


def test_it_waits_and_says_so_when_in_a_blackout(people: People) -> None:
    # A window of all week that moves with the clock would end at its own beginning: two halves.
    for begins, ends in ((dt.time(0), dt.time(12)), (dt.time(12), dt.time(0))):
        services.add_blackout(
            user=people.alice, source=people.source, name="Freeze", days=range(7),
            begins=begins, ends=ends, time_zone="UTC",
        )  # fmt: skip
    run = services.start_run(source=people.source, user=people.alice)
    assert run.held
    assert "blackout window “Freeze”" in run.waits_for
    agent = make_agent("edge", embedded=True)
    assert discovery.lease_job(agent=agent) is None
    for blackout in list(people.source.blackouts.all()):
        services.delete_blackout(user=people.alice, blackout=blackout)
    run.refresh_from_db()
    assert (run.held, run.waits_for) == (False, "")
    assert discovery.lease_job(agent=agent) == run.job


def test_it_is_not_given_up_when_it_is_held(people: People) -> None:
    services.set_limits(user=people.ada, most_runs=1, most_runs_per_agent=1)
    services.start_run(source=people.source, user=people.ada)
    held = services.start_run(source=make_source("other"), user=people.ada)
    long_ago = timezone.now() - dt.timedelta(days=1)
    Run.objects.filter(pk=held.pk).update(waiting_since=long_ago)
    services.sweep()
    held.refresh_from_db()
    assert (held.state, held.held) == (RunState.WAITING, True)


def test_most_urgent_begins_first_when_a_place_is_free(people: People) -> None:
    services.set_limits(user=people.ada, most_runs=1, most_runs_per_agent=5)
    first = services.start_run(source=people.source, user=people.ada)
    low, high = make_source("low"), make_source("high")
    for source, priority in ((low, Priority.LOW), (high, Priority.HIGH)):
        schedule = services.add_schedule(
            user=people.ada, source=source, **NIGHTLY, priority=priority
        )
        make_due(schedule)
    services.fire_schedules()
    held = Run.objects.filter(held=True)
    assert {run.source.name for run in held} == {"low", "high"}
    assert all("which is the limit" in run.waits_for for run in held)
    services.cancel_run(run=first, user=people.ada)
    begun = Run.objects.active().get(held=False)
    assert begun.source == high


def test_agents_limit_holds_when_it_reads_already(people: People, work_off: WorkOff) -> None:
    edge = make_agent("edge")
    here, there = make_source("here", agent=edge), make_source("there", agent=edge)
    first = services.start_run(source=here, user=people.ada)
    second = services.start_run(source=there, user=people.ada)
    elsewhere = services.start_run(source=people.source, user=people.ada)
    assert second.waits_for == "Waits for edge: it works on 1 already, which is its limit."
    assert not elsewhere.held
    end_run(first, work_off)
    second.refresh_from_db()
    assert not second.held


def test_no_place_is_given_twice_when_many_start_at_once(people: People) -> None:
    services.set_limits(user=people.ada, most_runs=2, most_runs_per_agent=9)
    sources = [make_source(f"s{number}") for number in range(6)]
    start = threading.Barrier(len(sources))

    def begin(source: Any) -> None:
        start.wait()
        services.start_run(source=source, user=people.ada)
        connection.close()

    threads = [threading.Thread(target=begin, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Run.objects.filter(held=False).count() == 2
    assert Run.objects.filter(held=True).count() == 4


def test_held_run_ends_when_it_is_cancelled(people: People) -> None:
    services.set_limits(user=people.ada, most_runs=1, most_runs_per_agent=1)
    services.start_run(source=people.source, user=people.ada)
    held = services.start_run(source=make_source("other"), user=people.ada)
    services.cancel_run(run=held, user=people.ada)
    held.refresh_from_db()
    assert held.state == RunState.CANCELLED


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "moon"}, "kind"),
        ({"cron": "nonsense"}, "cron"),
        ({"cron": "* * * * *"}, "cron"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"priority": 4}, "priority"),
        ({"kind": "interval"}, "every_minutes"),
        ({"kind": "interval", "every_minutes": 4}, "every_minutes"),
        ({"kind": "interval", "every_minutes": True}, "every_minutes"),
        ({"kind": "change", "debounce_seconds": -1}, "debounce_seconds"),
    ],
)
def test_field_is_named_when_a_value_is_wrong(
    people: People, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputInvalid) as error:
        plan(people, **fields)
    assert error.value.field == field
    assert not Schedule.objects.exists()


def test_nothing_changes_when_the_person_may_not(people: People) -> None:
    schedule = plan(people)
    blackout = services.add_blackout(
        user=people.alice, source=people.source, name="Night", days=[0], begins=dt.time(1),
        ends=dt.time(2), time_zone="UTC",
    )  # fmt: skip
    own: dict[str, Any] = {"source": people.source}
    tries = (
        (services.add_schedule, {**own, **NIGHTLY}),
        (services.change_schedule, {"schedule": schedule, "cron": "0 5 * * *"}),
        (services.pause_schedule, {"schedule": schedule}),
        (services.resume_schedule, {"schedule": schedule}),
        (services.delete_schedule, {"schedule": schedule}),
        (services.delete_blackout, {"blackout": blackout}),
        (services.set_freshness, {**own, "hours": 1}),
        (services.clear_freshness, own),
        (services.pause_all, {}),
        (services.resume_all, {}),
        (services.set_limits, {"most_runs": 1, "most_runs_per_agent": 1}),
    )
    before = AuditEntry.objects.count()
    for act, values in tries:
        for person in (people.bob, people.charlie):
            with pytest.raises((PermissionMissing, NotThere)):
                act(user=person, **values)
    assert AuditEntry.objects.count() == before
    schedule.refresh_from_db()
    assert (schedule.cron, schedule.paused_at) == ("30 2 * * *", None)


def test_what_it_started_stays_when_a_schedule_is_deleted(people: People) -> None:
    schedule = plan(people)
    make_due(schedule)
    services.fire_schedules()
    services.delete_schedule(user=people.alice, schedule=schedule)
    run = Run.objects.get()
    assert (run.schedule, run.trigger) == (None, "schedule")


def test_owner_of_the_schedule_hears_of_failure_alone_when_it_ends(
    people: People, work_off: WorkOff
) -> None:
    schedule = plan(people)
    make_due(schedule)
    services.fire_schedules()
    end_run(Run.objects.get(), work_off)
    notice = Notice.objects.get(kind="run_completed", user=people.alice)
    assert not hasattr(notice, "delivery")
    make_due(schedule)
    services.fire_schedules()
    run = Run.objects.first()
    assert run is not None
    job, agent = open_stream(run.source, job=run.job)
    failure = JobFailure(code="no_access", message="Wrong password.", hint="")
    discovery.fail_job(job=job, agent=agent, failure=failure)
    failed = Notice.objects.get(kind="run_failed", user=people.alice)
    assert hasattr(failed, "delivery")
