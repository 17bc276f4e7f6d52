"""Pages of schedules and of the hours of a source, for each of the four people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.racine import services
from apps.racine.agenda import find_freshness, list_blackouts, load_orchestration
from apps.racine.models import Run, Schedule
from apps.rbac.models import AuditEntry, User
from tests.conftest import SignIn
from tests.factories import make_source
from tests.people import People

from .test_schedules import NIGHTLY, make_due, plan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stage")]
FORM = {**NIGHTLY, "every_minutes": "1440", "priority": "5", "debounce_seconds": "60"}
WINDOW = {
    "name": "Office", "days": ["0", "4"], "begins": "08:00", "ends": "18:00",
    "time_zone": "Europe/Berlin",
}  # fmt: skip


def text_of(answer: Any) -> str:
    content = answer.getvalue() if answer.streaming else answer.content
    return str(content.decode())


def url_of(name: str, row: Any = None, *more: str) -> str:
    return reverse(f"racine:{name}", args=[row.public_id, *more] if row else [])


def in_berlin(user: User) -> User:
    user.time_zone = "Europe/Berlin"
    user.save()
    return user


def test_it_works(people: People, sign_in: SignIn) -> None:
    alice = sign_in(in_berlin(people.alice))
    page = text_of(alice.get(url_of("schedule-add", people.source)))
    assert "The next five times, in your time (Europe/Berlin)" in page
    answer = alice.post(url_of("schedule-add", people.source), FORM, follow=True)
    assert "The schedule is saved." in text_of(answer)
    schedule = Schedule.objects.get()
    assert (schedule.cron, schedule.created_by) == ("30 2 * * *", people.alice)
    listed = text_of(alice.get(url_of("schedule-list")))
    assert "At 02:30 every day (Europe/Berlin)" in listed
    assert ", 02:30" in listed
    assert "At 02:30 every day" in text_of(
        alice.get(reverse("datasources:source-detail", args=[people.source.public_id]))
    )


def test_time_is_the_viewers_when_they_live_elsewhere(people: People, sign_in: SignIn) -> None:
    schedule = plan(people)
    at = dt.datetime(2030, 1, 7, 1, 30, tzinfo=dt.UTC)
    Schedule.objects.filter(pk=schedule.pk).update(next_due_at=at)
    assert "Mon 7 Jan, 01:30" in text_of(sign_in(people.bob).get(url_of("schedule-list")))
    people.bob.time_zone = "Asia/Kolkata"
    people.bob.save()
    assert "Mon 7 Jan, 07:00" in text_of(sign_in(people.bob).get(url_of("schedule-list")))


def test_people_see_their_sources_schedules_alone_when_listed(
    people: People, sign_in: SignIn
) -> None:
    schedule = plan(people)
    edit = url_of("schedule-edit", schedule)
    assert edit in text_of(sign_in(people.alice).get(url_of("schedule-list")))
    assert "crm" in text_of(sign_in(people.bob).get(url_of("schedule-list")))
    assert "Nothing is planned yet" in text_of(sign_in(people.charlie).get(url_of("schedule-list")))
    codes = {
        name: sign_in(getattr(people, name)).get(edit).status_code
        for name in ("alice", "bob", "charlie", "ada")
    }
    assert codes == {"alice": 200, "bob": 403, "charlie": 404, "ada": 200}


def list_doors(people: People, schedule: Schedule) -> list[tuple[str, dict[str, Any]]]:
    blackout = list_blackouts(people.source).first()
    return [
        (url_of("schedule-add", people.source), FORM),
        (url_of("schedule-edit", schedule), FORM | {"cron": "0 5 * * *"}),
        (url_of("schedule-act", schedule, "pause"), {}),
        (url_of("schedule-act", schedule, "delete"), {}),
        (url_of("schedule-hook", schedule), {}),
        (url_of("source-freshness", people.source), {"hours": "5"}),
        (url_of("blackout-add", people.source), WINDOW),
        (url_of("blackout-delete", blackout), {}),
    ]


def test_nothing_happens_when_the_person_may_not(people: People, sign_in: SignIn) -> None:
    schedule = plan(people, kind="change")
    sign_in(people.alice).post(url_of("blackout-add", people.source), WINDOW)
    before = AuditEntry.objects.count()
    for url, values in list_doors(people, schedule):
        assert sign_in(people.bob).post(url, values).status_code == 403, url
        assert sign_in(people.charlie).post(url, values).status_code == 404, url
        assert Client().post(url, values).status_code == 302, url
    for name in ("schedules-pause", "schedules-resume", "run-limits"):
        for person in (people.alice, people.bob, people.charlie):
            values = {"most_runs": "1", "most_runs_per_agent": "1"}
            assert sign_in(person).post(url_of(name), values).status_code in (403, 404)
    assert AuditEntry.objects.count() == before
    assert Schedule.objects.get().paused_at is None


def test_fault_is_shown_at_its_field_when_a_value_is_wrong(people: People, sign_in: SignIn) -> None:
    alice = sign_in(people.alice)
    answer = alice.post(url_of("schedule-add", people.source), FORM | {"cron": "* * * * *"})
    assert answer.context["form"].errors["cron"][0].startswith("That is too often")
    answer = alice.post(url_of("schedule-add", people.source), FORM | {"time_zone": "Mars"})
    assert "time_zone" in answer.context["form"].errors
    answer = alice.post(url_of("blackout-add", people.source), WINDOW | {"ends": "08:00"})
    assert "ends" in answer.context["form"].errors
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"kind": "cron", "cron": "0 6 * * 1", "time_zone": "UTC"}, "At 06:00 on Monday"),
        ({"kind": "cron", "cron": "nonsense", "time_zone": "UTC"}, "Write five parts"),
        ({"kind": "cron", "cron": "0 6 * * *", "time_zone": "Mars/Base"}, "no time zone"),
        ({"kind": "interval", "every_minutes": "360"}, "Every 6 hours"),
        ({"kind": "interval", "every_minutes": "9" * 40}, "Choose how often"),
        ({"kind": "reconnect"}, "waits for this to happen"),
        ({}, "At 02:30"),
    ],
)
def test_preview_tells_what_it_means_when_typed(
    people: People, sign_in: SignIn, asked: dict[str, str], told: str
) -> None:
    page = text_of(sign_in(people.alice).get(url_of("schedule-preview"), asked))
    assert told in page
    assert page.count("<li>") in (0, 5)


def test_schedule_rests_and_goes_when_asked(people: People, sign_in: SignIn) -> None:
    schedule = plan(people)
    alice = sign_in(people.alice)
    assert "Paused" in text_of(alice.post(url_of("schedule-act", schedule, "pause"), follow=True))
    alice.post(url_of("schedule-act", schedule, "resume"))
    schedule.refresh_from_db()
    assert schedule.paused_at is None
    assert alice.post(url_of("schedule-act", schedule, "explode")).status_code == 404
    alice.post(url_of("schedule-act", schedule, "delete"))
    assert not Schedule.objects.exists()


def test_all_rest_when_the_administrator_says_so(people: People, sign_in: SignIn) -> None:
    plan(people)
    ada = sign_in(people.ada)
    assert "All schedules are paused" in text_of(ada.post(url_of("schedules-pause"), follow=True))
    assert "All paused" in text_of(sign_in(people.bob).get(url_of("schedule-list")))
    ada.post(url_of("schedules-resume"))
    assert load_orchestration().paused_at is None
    ada.post(url_of("run-limits"), {"most_runs": "3", "most_runs_per_agent": "2"})
    row = load_orchestration()
    assert (row.most_runs, row.most_runs_per_agent) == (3, 2)
    told = text_of(ada.post(url_of("run-limits"), {"most_runs": "0"}, follow=True))
    assert "greater than or equal to 1" in told


def test_objective_and_windows_are_kept_when_given(people: People, sign_in: SignIn) -> None:
    alice = sign_in(people.alice)
    alice.post(url_of("source-freshness", people.source), {"hours": "24"})
    alice.post(url_of("blackout-add", people.source), WINDOW)
    page = text_of(alice.get(url_of("source-hours", people.source)))
    assert "Mon, Fri 08:00 to 18:00 (Europe/Berlin)" in page
    objective = find_freshness(people.source)
    assert objective is not None
    assert objective.hours == 24
    assert "Add a window" not in text_of(
        sign_in(people.bob).get(url_of("source-hours", people.source))
    )
    alice.post(url_of("source-freshness", people.source), {"hours": ""})
    assert find_freshness(people.source) is None


def test_run_says_what_it_waits_for_when_it_is_held(people: People, sign_in: SignIn) -> None:
    services.set_limits(user=people.ada, most_runs=1, most_runs_per_agent=1)
    services.start_run(source=make_source("other"), user=people.ada)
    run = services.start_run(source=people.source, user=people.alice)
    page = text_of(sign_in(people.bob).get(reverse("racine:run-detail", args=[run.public_id])))
    assert "Waits for a free place: 1 discoveries go on, which is the limit." in page


def test_last_time_is_linked_when_it_fired(people: People, sign_in: SignIn) -> None:
    schedule = plan(people)
    make_due(schedule)
    services.fire_schedules()
    run = Run.objects.get()
    for name in ("schedule-list", "schedule-edit"):
        row = schedule if name == "schedule-edit" else None
        page = text_of(sign_in(people.alice).get(url_of(name, row)))
        assert reverse("racine:run-detail", args=[run.public_id]) in page


def test_file_holds_what_is_shown_when_exported(people: People, sign_in: SignIn) -> None:
    plan(people)
    address = url_of("schedule-list") + "?format=csv"
    assert "crm,cron,At 02:30 every day" in text_of(sign_in(people.alice).get(address))
    assert "crm" not in text_of(sign_in(people.bob).get(address))
    assert "crm" not in text_of(sign_in(people.charlie).get(address))


def test_queries_stay_few_when_schedules_are_many(people: People, sign_in: SignIn) -> None:
    ada = sign_in(people.ada)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert ada.get(url_of("schedule-list")).status_code == 200
        return len(queries)

    make_due(plan(people))
    services.fire_schedules()
    count()
    few = count()
    for number in range(10):
        source = make_source(f"s{number}")
        schedule = services.add_schedule(user=people.ada, source=source, **NIGHTLY)
        make_due(schedule)
    services.fire_schedules()
    assert Run.objects.filter(started_at__lte=timezone.now()).count() == 11
    assert count() <= few + 1
