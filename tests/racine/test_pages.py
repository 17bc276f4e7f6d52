"""Pages of runs for the steward, a viewer, a stranger and an administrator."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.discovery import services as discovery
from apps.racine import services
from apps.racine.models import Run
from apps.racine.types import RunState
from datawave_edge.protocol import JobFailure
from tests.conftest import SignIn
from tests.discovery.factories import feed_job, make_table, open_stream
from tests.factories import make_source
from tests.people import People

from .conftest import WorkOff

pytestmark = pytest.mark.django_db(transaction=True)


def url_of(run: Run, name: str = "detail") -> str:
    return reverse(f"racine:run-{name}", args=[run.public_id])


def start_url(people: People) -> str:
    return reverse("racine:run-start", args=[people.source.public_id])


def text_of(answer: Any) -> str:
    content = answer.getvalue() if answer.streaming else answer.content
    return str(content.decode())


def test_it_works(people: People, stage: Any, sign_in: SignIn) -> None:
    answer = sign_in(people.alice).post(start_url(people))
    run = Run.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == url_of(run)
    assert (run.trigger, run.started_by) == ("person", people.alice)


def test_running_one_is_shown_when_started_twice(run: Run, people: People, sign_in: SignIn) -> None:
    answer = sign_in(people.alice).post(start_url(people), follow=True)
    assert answer.redirect_chain == [(url_of(run), 302)]
    assert f"#{run.pk} of crm is still going on" in text_of(answer)


def test_start_is_refused_when_not_allowed(people: People, stage: Any, sign_in: SignIn) -> None:
    assert sign_in(people.bob).post(start_url(people)).status_code == 403
    assert sign_in(people.charlie).post(start_url(people)).status_code == 404
    assert Client().post(start_url(people)).status_code == 302
    assert sign_in(people.alice).get(start_url(people)).status_code == 405
    assert not Run.objects.exists()


def test_page_shows_the_run_when_the_person_may_see_it(
    run: Run, people: People, sign_in: SignIn, work_off: WorkOff
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    work_off()
    for person in (people.alice, people.bob, people.ada):
        answer = sign_in(person).get(url_of(run))
        assert f'data-live="run:{run.public_id}"' in text_of(answer)
        assert answer.context["balance"]["holds"]
    assert sign_in(people.charlie).get(url_of(run)).status_code == 404


def test_buttons_are_offered_when_they_can_be_used(
    run: Run, people: People, sign_in: SignIn
) -> None:
    assert url_of(run, "cancel") in text_of(sign_in(people.alice).get(url_of(run)))
    assert url_of(run, "cancel") not in text_of(sign_in(people.bob).get(url_of(run)))
    job, agent = open_stream(run.source, job=run.job)
    failure = JobFailure(code="no_access", message="Wrong password.", hint="Change it.")
    discovery.fail_job(job=job, agent=agent, failure=failure)
    text = text_of(sign_in(people.alice).get(url_of(run)))
    assert "Wrong password." in text
    assert "Change it." in text
    assert url_of(run, "resume") in text
    assert url_of(run, "cancel") not in text


@pytest.mark.parametrize("name", ["cancel", "resume", "retry"])
def test_nothing_happens_when_the_person_may_not(
    run: Run, people: People, sign_in: SignIn, name: str
) -> None:
    assert sign_in(people.bob).post(url_of(run, name)).status_code == 403
    assert sign_in(people.charlie).post(url_of(run, name)).status_code == 404
    assert sign_in(people.alice).get(url_of(run, name)).status_code == 405
    run.refresh_from_db()
    assert run.state == RunState.WAITING


def test_run_is_stopped_when_asked(run: Run, people: People, sign_in: SignIn) -> None:
    alice = sign_in(people.alice)
    assert "being stopped" in text_of(alice.post(url_of(run, "cancel"), follow=True))
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert "already over" in text_of(alice.post(url_of(run, "cancel"), follow=True))
    assert "No batch" in text_of(alice.post(url_of(run, "retry"), follow=True))


def test_only_own_pages_are_returned_to(run: Run, people: People, sign_in: SignIn) -> None:
    alice = sign_in(people.alice)
    answer = alice.post(url_of(run, "cancel"), {"next": "https://evil.example/"})
    assert answer["Location"] == url_of(run)
    answer = alice.post(url_of(run, "cancel"), {"next": "/runs/?state=failed"})
    assert answer["Location"] == "/runs/?state=failed"


def test_log_is_text_when_downloaded(run: Run, people: People, sign_in: SignIn) -> None:
    services.log_job(job=run.job, lines=[("warning", "first\nsecond"), ("odd", "<b>")])
    answer = sign_in(people.bob).get(url_of(run, "log"))
    lines = text_of(answer).splitlines()
    assert answer["Content-Type"].startswith("text/plain")
    assert lines[-2].endswith("first second")
    assert "WARNING" in lines[-2]
    assert "INFO" in lines[-1]
    assert sign_in(people.charlie).get(url_of(run, "log")).status_code == 404


def test_list_shows_what_the_person_may_see(run: Run, people: People, sign_in: SignIn) -> None:
    url = reverse("racine:run-list")
    assert url_of(run) in text_of(sign_in(people.bob).get(url))
    text = text_of(sign_in(people.charlie).get(url))
    assert url_of(run) not in text
    assert "crm" not in text


def test_list_is_narrowed_and_sorted_by_its_address(
    run: Run, people: People, sign_in: SignIn
) -> None:
    services.cancel_run(run=run, user=people.alice)
    other = services.start_run(source=make_source("zoo"), user=people.ada)
    ada = sign_in(people.ada)

    def numbers(query: str) -> list[int]:
        return [row.pk for row in ada.get(f"{reverse('racine:run-list')}?{query}").context["runs"]]

    assert numbers("") == [other.pk, run.pk]
    assert numbers("state=cancelled") == [run.pk]
    assert numbers("state=cancelled&state=waiting&sort=number") == [run.pk, other.pk]
    assert numbers(f"source={other.source.public_id}") == [other.pk]
    assert numbers("q=ZOO") == [other.pk]
    assert numbers(f"q=%23{run.pk}") == [run.pk]
    assert numbers("sort=-source") == [other.pk, run.pk]
    assert numbers("state=nonsense&page=999&size=7&sort=password") == [other.pk, run.pk]


def test_export_is_harmless_when_names_look_like_formulas(
    people: People, stage: Any, sign_in: SignIn
) -> None:
    evil = make_source("=HYPERLINK(1)")
    services.start_run(source=evil, user=people.ada)
    services.start_run(source=people.source, user=people.alice)
    url = f"{reverse('racine:run-list')}?format=csv&sort=number"
    rows = list(csv.DictReader(io.StringIO(text_of(sign_in(people.ada).get(url)))))
    assert [row["source"] for row in rows] == ["'=HYPERLINK(1)", "crm"]
    assert len(list(csv.reader(io.StringIO(text_of(sign_in(people.bob).get(url)))))) == 1


def test_list_costs_the_same_when_there_are_more_runs(
    people: People, stage: Any, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        services.start_run(source=make_source(f"s{number}"), user=people.ada)
    ada = sign_in(people.ada)
    with django_assert_max_num_queries(30):
        assert ada.get(f"{reverse('racine:run-list')}?size=50").status_code == 200


def test_active_runs_are_shown_everywhere(run: Run, people: People, sign_in: SignIn) -> None:
    (shown,) = sign_in(people.bob).get(reverse("racine:run-list")).context["running"]
    assert (shown["title"], shown["url"], shown["progress"]) == ("crm", url_of(run), 0)
    assert sign_in(people.charlie).get(reverse("racine:run-list")).context["running"] == []
