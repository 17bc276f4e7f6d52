"""The API of sources, tests, agents and engines."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from rest_framework.test import APIClient

from apps.datasources.models import DataSource
from apps.datasources.types import Engine
from apps.rbac.models import User
from tests.factories import make_source
from tests.people import People

SECRET = "canary-pa55word"
SOURCES = "/api/v1/sources/"
POSTGRES = {
    "engine": "postgresql",
    "name": "billing",
    "host": "db.example.test",
    "database": "billing",
    "username": "reader",
    "password": SECRET,
}


@pytest.fixture(autouse=True)
def _no_throttle_carried_over() -> None:
    cache.clear()


def client_of(user: User) -> Any:
    client = APIClient()
    client.force_authenticate(user)
    return client


def door(source: DataSource, rest: str = "") -> str:
    return f"{SOURCES}{source.public_id}/{rest}"


def test_source_is_added_without_giving_its_password_back(people: People) -> None:
    answer = client_of(people.ada).post(SOURCES, POSTGRES, format="json")
    assert answer.status_code == 201
    assert answer.json()["has_password"] is True
    assert answer.json()["owner"] == "ada"
    assert SECRET not in answer.content.decode()
    assert "password" not in answer.json()


def test_problem_names_field_and_code_when_host_is_a_url(people: People) -> None:
    wrong = {**POSTGRES, "host": "postgresql://x"}
    answer = client_of(people.ada).post(SOURCES, wrong, format="json")
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "source_invalid"
    assert answer.json()["errors"][0]["field"] == "host"
    assert SECRET not in answer.content.decode()


def test_dialect_is_taken_and_told_when_the_engine_is_another_one(people: People) -> None:
    client = client_of(people.ada)
    other = {**POSTGRES, "engine": "sqlalchemy", "dialect": "firebird+firebird", "port": 3050}
    answer = client.post(SOURCES, other, format="json")
    assert (answer.status_code, answer.json()["dialect"]) == (201, "firebird+firebird")
    source = DataSource.objects.get(name="billing")
    wrong = client.patch(door(source), {"dialect": "sqlite"}, format="json")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "dialect"
    # Another engine has no use for it.
    changed = {"engine": "postgresql", "password": SECRET}
    answer = client.patch(door(source), changed, format="json")
    assert (answer.status_code, answer.json()["dialect"]) == (200, "")


def test_certificate_is_asked_for_when_the_caller_says_nothing(people: People) -> None:
    client = client_of(people.ada)
    assert client.post(SOURCES, POSTGRES, format="json").json()["tls"] == "verify-full"
    near = {**POSTGRES, "name": "near", "host": "127.0.0.1"}
    assert client.post(SOURCES, near, format="json").json()["tls"] == "prefer"
    chosen = {**POSTGRES, "name": "chosen", "tls": "require"}
    assert client.post(SOURCES, chosen, format="json").json()["tls"] == "require"


@pytest.mark.parametrize(
    "body", [{"engine": "abacus"}, {"port": "x"}, {"name": ""}, {"agent": "nonsense"}]
)
def test_source_is_refused_when_a_field_has_the_wrong_shape(
    people: People, body: dict[str, Any]
) -> None:
    answer = client_of(people.ada).post(SOURCES, {**POSTGRES, **body}, format="json")
    assert answer.status_code in (400, 422)
    assert answer.json()["errors"][0]["field"] == next(iter(body))


def test_list_holds_what_one_may_view(people: People) -> None:
    make_source("hidden")
    names = [row["name"] for row in client_of(people.bob).get(SOURCES).json()["results"]]
    assert names == ["crm"]
    assert client_of(people.charlie).get(SOURCES).json()["results"] == []
    assert client_of(people.ada).get(f"{SOURCES}?q=hid").json()["count"] == 1


def test_source_is_changed_and_deleted_when_admin_asks(people: People) -> None:
    client = client_of(people.ada)
    answer = client.patch(door(people.source), {"description": "new"}, format="json")
    assert answer.json()["description"] == "new"
    assert client.delete(door(people.source)).status_code == 204
    assert client.get(door(people.source)).status_code == 404


@pytest.mark.parametrize(
    ("method", "statuses"),
    [
        ("get", {"alice": 200, "bob": 200, "charlie": 404}),
        ("patch", {"alice": 403, "bob": 403, "charlie": 404}),
        ("delete", {"alice": 403, "bob": 403, "charlie": 404}),
    ],
)
def test_source_answers_as_the_role_allows(
    people: People, method: str, statuses: dict[str, int]
) -> None:
    for name, status in statuses.items():
        answer = getattr(client_of(getattr(people, name)), method)(door(people.source))
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("name", "status"), [("alice", 202), ("bob", 403), ("charlie", 404), ("ada", 202)]
)
def test_test_is_requested_as_the_role_allows(people: People, name: str, status: int) -> None:
    answer = client_of(getattr(people, name)).post(door(people.source, "tests/"))
    assert answer.status_code == status


def test_test_is_read_where_its_source_may_be(people: People) -> None:
    test = client_of(people.alice).post(door(people.source, "tests/")).json()
    assert test["state"] == "queued"
    one = f"/api/v1/tests/{test['id']}/"
    assert client_of(people.bob).get(one).json()["source"] == str(people.source.public_id)
    assert client_of(people.charlie).get(one).status_code == 404
    listed = client_of(people.bob).get(door(people.source, "tests/")).json()["results"]
    assert [row["id"] for row in listed] == [test["id"]]
    assert client_of(people.charlie).get("/api/v1/tests/").json()["results"] == []


def test_tests_are_throttled_when_asked_for_too_often(people: People) -> None:
    client = client_of(people.alice)
    statuses = [client.post(door(people.source, "tests/")).status_code for _ in range(11)]
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {202}


def test_foreign_agent_is_refused_when_named_in_a_body(people: People) -> None:
    answer = client_of(people.ada).patch(
        door(people.source), {"agent": str(people.source.public_id)}, format="json"
    )
    assert answer.status_code == 400


def test_engines_are_listed(people: People) -> None:
    engines = client_of(people.bob).get(reverse("datasources-api:engine-list")).json()
    assert {row["engine"] for row in engines} == set(Engine.values)


def test_nothing_is_answered_when_nobody_signs_in(db: None) -> None:
    for path in ("sources/", "tests/", "agents/", "engines/", "datasets/", "schema-changes/"):
        assert APIClient().get(f"/api/v1/{path}").status_code == 401
