"""The demo that pages offer, and the menu's counts that follow live."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from apps.racine import services
from datawave.common import demo
from tests.conftest import SignIn
from tests.people import People

DEMO = "/demo/"
COUNTS = "/menu/counts/"


@pytest.fixture(autouse=True)
def nothing_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_starters", [])


@pytest.fixture
def run_id() -> uuid.UUID:
    begun = uuid.uuid4()
    demo.offer_demo(lambda _user: begun)
    return begun


def test_it_works(people: People, sign_in: SignIn, run_id: uuid.UUID) -> None:
    answer = sign_in(people.ada).post(DEMO)
    assert answer.headers["Location"] == reverse("racine:run-detail", args=[run_id])


def test_demo_is_refused_when_one_may_not_add_sources(
    people: People, sign_in: SignIn, run_id: uuid.UUID
) -> None:
    assert run_id
    for person in (people.alice, people.bob, people.charlie):
        assert sign_in(person).post(DEMO).status_code in (403, 404)


def test_demo_is_not_there_when_the_server_has_no_agent_beside_it(
    people: People, sign_in: SignIn
) -> None:
    assert sign_in(people.ada).post(DEMO).status_code == 404


def test_demo_leads_to_the_runs_when_it_is_begun_twice(people: People, sign_in: SignIn) -> None:
    def refuse(_user: object) -> uuid.UUID:
        raise services.SourceBusy

    demo.offer_demo(refuse)
    answer = sign_in(people.ada).post(DEMO)
    assert answer.headers["Location"] == reverse("racine:run-list")


def test_demo_is_offered_where_nothing_is_governed(
    people: People, sign_in: SignIn, run_id: uuid.UUID
) -> None:
    assert run_id
    people.source.delete()
    for door in ("/", "/sources/"):
        assert b"Discover the demo database" in sign_in(people.ada).get(door).content
        assert b"Discover the demo database" not in sign_in(people.charlie).get(door).content


def test_menu_counts_are_what_the_person_may_see(people: People, sign_in: SignIn) -> None:
    run = services.start_run(source=people.source, user=people.alice)
    target = reverse("racine:run-detail", args=[run.public_id])
    assert target in sign_in(people.bob).get(COUNTS).content.decode()
    assert target not in sign_in(people.charlie).get(COUNTS).content.decode()


def test_menu_counts_ask_for_a_sign_in(client: Client) -> None:
    assert client.get(COUNTS).headers["Location"].startswith("/sign-in/")
