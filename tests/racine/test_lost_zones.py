"""A time zone that the system no longer knows holds up what needs it, and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.discovery import services as discovery
from apps.notifications.models import Notice
from apps.racine import services
from apps.racine.agenda import list_blackout_intervals
from apps.racine.models import Blackout, Run, Schedule, ScheduleFire
from apps.racine.types import FireState
from apps.rbac.models import User
from tests.conftest import SignIn
from tests.factories import make_agent, make_source
from tests.people import People

from .test_rest import client_of
from .test_schedules import NIGHTLY, make_due, plan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stage")]
LOST = "Mars/Olympus"


@pytest.fixture
def lost(people: People) -> Schedule:
    """A schedule that is due, and whose zone has vanished since it was planned."""
    schedule = plan(people)
    make_due(schedule)
    Schedule.objects.filter(pk=schedule.pk).update(time_zone=LOST)
    return schedule


@pytest.fixture
def window(people: People) -> Blackout:
    """A window of one hour, in a zone that has vanished."""
    blackout = services.add_blackout(
        user=people.alice, source=people.source, name="Freeze", days=[0], begins=dt.time(1),
        ends=dt.time(2), time_zone="UTC",
    )  # fmt: skip
    Blackout.objects.filter(pk=blackout.pk).update(time_zone=LOST)
    return Blackout.objects.get()


def test_schedule_is_held_up_and_says_so(
    lost: Schedule, people: People, caplog: pytest.LogCaptureFixture, sign_in: SignIn
) -> None:
    sound = services.add_schedule(user=people.ada, source=make_source("other"), **NIGHTLY)
    make_due(sound)
    for _ in range(2):
        services.sweep()
    assert Run.objects.get().schedule == sound
    fire = ScheduleFire.objects.get(schedule=lost)
    assert (fire.state, fire.run) == (FireState.SKIPPED, None)
    assert f"does not know the time zone “{LOST}”. Choose another" in fire.reason
    assert Notice.objects.filter(kind="schedule_held_up", user=people.alice).count() == 1
    assert "failed" not in caplog.text
    alice = sign_in(people.alice)
    for url in ("/schedules/", f"/sources/{people.source.public_id}/"):
        assert "Held up" in alice.get(url).content.decode()
    form = alice.get(f"/schedules/{lost.public_id}/").content.decode()
    assert f"There is no time zone “{LOST}”" in form
    api = client_of(people.alice).get("/api/v1/schedules/").json()["results"]
    (told,) = [one for one in api if one["id"] == str(lost.public_id)]
    assert told["next"] == []
    assert LOST in told["problem"]


def test_schedule_goes_on_when_its_zone_is_known_again(lost: Schedule) -> None:
    services.sweep()
    lost.refresh_from_db()
    assert lost.next_due_at is None
    Schedule.objects.filter(pk=lost.pk).update(time_zone="Europe/Berlin")
    services.sweep()
    lost.refresh_from_db()
    assert lost.next_due_at is not None
    assert lost.next_due_at > timezone.now()
    assert not Run.objects.exists()


def test_others_go_on_when_all_are_resumed(lost: Schedule, people: People) -> None:
    services.pause_all(user=people.ada)
    sound = services.add_schedule(user=people.ada, source=make_source("other"), **NIGHTLY)
    make_due(sound)
    services.resume_all(user=people.ada)
    lost.refresh_from_db()
    sound.refresh_from_db()
    assert lost.next_due_at is None
    assert sound.next_due_at is not None
    assert sound.next_due_at > timezone.now()


def test_nothing_begins_when_a_window_can_not_be_read(
    window: Blackout, people: People, sign_in: SignIn
) -> None:
    services.set_limits(user=people.ada, most_runs=8, most_runs_per_agent=8)
    run = services.start_run(source=people.source, user=people.alice)
    other = services.start_run(source=make_source("other"), user=people.ada)
    services.sweep()
    run.refresh_from_db()
    other.refresh_from_db()
    assert (run.held, other.held) == (True, False)
    assert run.events.filter(message__contains=LOST).count() == 1
    assert Notice.objects.filter(kind="blackout_unreadable", user=people.alice).count() == 1
    alice = sign_in(people.alice)
    page = alice.get(f"/runs/{run.public_id}/").content.decode()
    assert "blackout window “Freeze”" in page
    assert "Delete the window and add it again" in page
    hours = alice.get(f"/sources/{people.source.public_id}/hours/").content.decode()
    assert "Unknown time zone" in hours
    assert "Unknown time zone" in alice.get(f"/sources/{people.source.public_id}/").content.decode()
    services.delete_blackout(user=people.alice, blackout=window)
    run.refresh_from_db()
    assert (run.held, run.job.settings["blackouts"]) == (False, [])


def test_agent_is_told_to_pause_when_a_window_can_not_be_read(
    window: Blackout, people: People
) -> None:
    now = timezone.now()
    (interval,) = list_blackout_intervals(people.source, now)
    assert interval.begins <= now < now + dt.timedelta(days=1) < interval.ends


def test_page_says_so_when_the_agent_reads_already(people: People, sign_in: SignIn) -> None:
    agent = make_agent("edge", embedded=True)
    run = services.start_run(source=people.source, user=people.alice)
    job = discovery.lease_job(agent=agent)
    assert job is not None
    services.add_blackout(
        user=people.alice, source=people.source, name="Freeze", days=range(7),
        begins=dt.time(0), ends=dt.time(23, 59, 59), time_zone="UTC",
    )  # fmt: skip
    Blackout.objects.update(time_zone=LOST)
    Run.objects.filter(pk=run.pk).update(state="running")
    windows = list_blackout_intervals(people.source, timezone.now())
    discovery.set_blackouts(source=people.source, blackouts=windows)
    page = sign_in(people.alice).get(f"/runs/{run.public_id}/").content.decode()
    assert "The agent leaves the source alone and waits for a person" in page


def test_pages_are_shown_when_the_persons_own_zone_is_lost(people: People, sign_in: SignIn) -> None:
    alice = sign_in(people.alice)
    User.objects.filter(pk=people.alice.pk).update(time_zone=LOST)
    assert alice.get("/schedules/").status_code == 200
