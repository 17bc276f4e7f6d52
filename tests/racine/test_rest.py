"""Runs in the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.racine.models import Run
from apps.racine.types import RunState
from apps.rbac import services as rbac
from apps.rbac.models import User
from tests.discovery.factories import feed_job, make_table
from tests.people import People

from .conftest import WorkOff

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/runs/"


def client_of(user: User, *, read_only: bool = False) -> Client:
    _, secret = rbac.issue_token(user=user, name="test", read_only=read_only)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def post(client: Client, url: str, **data: Any) -> Any:
    return client.post(url, data, content_type="application/json")


def test_it_works(people: People, stage: Any, work_off: WorkOff) -> None:
    alice = client_of(people.alice)
    answer = post(alice, URL, source=str(people.source.public_id))
    assert answer.status_code == 201
    run = Run.objects.get()
    assert answer.json()["id"] == str(run.public_id)
    assert run.trigger == "api"
    feed_job(run.source, [make_table("a")], run=run)
    work_off()
    body = alice.get(f"{URL}{run.public_id}/").json()
    assert (body["state"], body["counts"]["tables"]) == ("completed", 1)
    assert body["progress"] == body["live"]["progress"] == 100
    assert body["balance"]["holds"]


def test_start_is_refused_with_a_code(run: Run, people: People) -> None:
    wanted = {"source": str(people.source.public_id)}
    answers = {
        name: post(client_of(getattr(people, name)), URL, **wanted)
        for name in ("alice", "bob", "charlie")
    }
    got = {name: (one.status_code, one.json()["code"]) for name, one in answers.items()}
    assert got == {
        "alice": (409, "source_busy"),
        "bob": (403, "permission_missing"),
        "charlie": (404, "not_there"),
    }
    assert post(client_of(people.alice), URL, source="nonsense").status_code == 400
    assert post(client_of(people.alice, read_only=True), URL, **wanted).status_code == 403
    assert post(Client(), URL, **wanted).status_code == 401


def test_list_holds_what_the_person_may_see(run: Run, people: People) -> None:
    body = client_of(people.bob).get(URL).json()
    assert [row["number"] for row in body["results"]] == [run.pk]
    assert client_of(people.charlie).get(URL).json()["results"] == []
    assert client_of(people.bob).get(f"{URL}?state=failed").json()["results"] == []
    assert client_of(people.bob).get(f"{URL}?state=nonsense").status_code == 400
    assert client_of(people.bob).get(f"{URL}?ordering=-number").json()["count"] == 1


def test_run_is_not_there_when_the_person_may_not_see_it(run: Run, people: People) -> None:
    charlie = client_of(people.charlie)
    assert charlie.get(f"{URL}{run.public_id}/").status_code == 404
    assert charlie.get(f"{URL}{run.public_id}/log/").status_code == 404
    for name in ("cancel", "resume", "retry"):
        assert post(charlie, f"{URL}{run.public_id}/{name}/").status_code == 404
        assert post(client_of(people.bob), f"{URL}{run.public_id}/{name}/").status_code == 403


def test_run_is_stopped_when_asked(run: Run, people: People) -> None:
    alice = client_of(people.alice)
    answer = post(alice, f"{URL}{run.public_id}/cancel/")
    assert (answer.status_code, answer.json()["state"]) == (202, RunState.CANCELLED)
    codes = {
        name: post(alice, f"{URL}{run.public_id}/{name}/").json()["code"]
        for name in ("cancel", "retry")
    }
    assert codes == {"cancel": "run_over", "retry": "nothing_to_retry"}


def test_log_is_listed_in_order(run: Run, people: People) -> None:
    body = client_of(people.bob).get(f"{URL}{run.public_id}/log/").json()
    assert body["count"] == run.events.count()
    assert body["results"][0]["message"] == "Started by alice; waiting for an agent."


def test_list_costs_the_same_when_there_are_more_runs(
    run: Run, people: People, django_assert_max_num_queries: Any
) -> None:
    bob = client_of(people.bob)
    with django_assert_max_num_queries(12):
        assert bob.get(URL).status_code == 200
