"""The API of agents and codes: owner, teammate and stranger at each door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from apps.datasources import services
from apps.datasources.models import Agent, EnrolmentCode
from apps.rbac.models import User
from tests.factories import make_agent, make_source
from tests.people import People

from .edge import Edge

AGENTS = "/api/v1/agents/"
CODES = "/api/v1/agent-codes/"
ACTS = ["revoke", "drain", "resume", "refresh", "rotate", "renew", "serve", "release"]


@pytest.fixture(autouse=True)
def _no_throttle_carried_over() -> None:
    cache.clear()


@pytest.fixture
def agent(people: People) -> Agent:
    made = make_agent("site 1")
    people.source.agent = made
    people.source.save()
    return made


def client_of(user: User) -> Any:
    client = APIClient()
    client.force_authenticate(user)
    return client


def door(agent: Agent, rest: str = "") -> str:
    return f"{AGENTS}{agent.public_id}/{rest}"


def test_it_works(people: People, tmp_path: Path) -> None:
    client = client_of(people.ada)
    body = {"name": "site 1", "minutes": 5, "sources": [str(people.source.public_id)]}
    made = client.post(CODES, body, format="json")
    assert made.status_code == 201
    fresh = made.json()
    assert fresh["state"] == "open"
    assert any(fresh["code"] in command for command in fresh["commands"])
    edge = Edge(tmp_path)
    edge.enrol(fresh["code"])
    shown = client.get(f"{CODES}{fresh['id']}/").json()
    assert (shown["state"], shown["agent"]) == ("used", str(edge.agent.public_id))
    assert "code" not in shown
    assert fresh["code"] not in client.get(CODES).content.decode()
    one = client.get(door(edge.agent)).json()
    assert one["sources"] == [str(people.source.public_id)]
    assert "token_hash" not in one
    assert "public_key" not in one


def test_agent_does_as_told_when_an_administrator_asks(people: People, agent: Agent) -> None:
    client = client_of(people.ada)
    assert client.post(door(agent, "drain/")).json()["draining"] is True
    assert client.post(door(agent, "resume/")).json()["draining"] is False
    client.post(door(agent, "refresh/"))
    client.post(door(agent, "rotate/"))
    agent.refresh_from_db()
    assert agent.refresh_wanted
    assert agent.rotation_wanted
    assert client.patch(door(agent), {"name": "berlin"}, format="json").json()["name"] == "berlin"
    assert client.post(door(agent, "revoke/")).json()["revoked_because"] == "admin"
    assert client.post(door(agent, "renew/")).json()["code"].startswith("dwe_")
    assert client.delete(door(agent)).status_code == 204
    assert client.get(door(agent)).status_code == 404


@pytest.mark.parametrize("act", ACTS)
def test_agent_is_left_alone_when_no_administrator_asks(
    people: People, agent: Agent, act: str
) -> None:
    before = Agent.objects.values().get()
    body = {"source": str(people.source.public_id)}
    for person in (people.alice, people.bob, people.charlie):
        answer = client_of(person).post(door(agent, f"{act}/"), body, format="json")
        assert answer.status_code in (403, 404)
    assert APIClient().post(door(agent, f"{act}/")).status_code == 401
    assert Agent.objects.values().get() == before
    people.source.refresh_from_db()
    assert people.source.agent == agent


def test_agent_is_neither_renamed_nor_deleted_when_no_administrator_asks(
    people: People, agent: Agent
) -> None:
    for person, seen in ((people.alice, 200), (people.bob, 200), (people.charlie, 404)):
        client = client_of(person)
        assert client.patch(door(agent), {"name": "x"}, format="json").status_code in (403, 404)
        assert client.delete(door(agent)).status_code in (403, 404)
        assert client.get(door(agent)).status_code == seen
    assert Agent.objects.get().name == "site 1"


def test_codes_are_not_there_when_no_administrator_asks(people: People) -> None:
    code, _ = services.make_code(name="site 1")
    own = f"{CODES}{code.public_id}/"
    for person in (people.alice, people.bob, people.charlie):
        client = client_of(person)
        assert client.get(CODES).json()["results"] == []
        assert client.get(own).status_code == client.delete(own).status_code == 404
        assert client.post(CODES, {"name": "x"}, format="json").status_code in (403, 404)
    assert client_of(people.ada).delete(own).status_code == 204
    assert EnrolmentCode.objects.exclude(withdrawn_at=None).count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "<b>"}, "name"),
        ({"name": "x", "minutes": 0}, "minutes"),
        ({"name": "x", "minutes": 1441}, "minutes"),
        ({"name": "x", "sources": ["nonsense"]}, "sources"),
    ],
)
def test_field_is_named_when_a_code_can_not_be_made(
    people: People, body: dict[str, Any], field: str
) -> None:
    answer = client_of(people.ada).post(CODES, body, format="json")
    assert answer.status_code in (400, 422)
    assert field in str(answer.json()["errors"])


def test_source_is_shared_and_taken_back_when_asked(people: People, agent: Agent) -> None:
    client, second = client_of(people.ada), make_agent("second")
    body = {"source": str(people.source.public_id)}
    assert client.post(door(second, "serve/"), body, format="json").json()["sources"]
    assert client.post(door(agent, "release/"), body, format="json").json()["sources"] == []
    people.source.refresh_from_db()
    assert people.source.agent == second


def test_reason_is_told_when_an_agent_can_not_serve_a_source(people: People, agent: Agent) -> None:
    client = client_of(people.ada)
    stored = make_source(password=b"x")
    body = {"source": str(stored.public_id)}
    answer = client.post(door(agent, "serve/"), body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "password_stored")
    client.post(door(agent, "revoke/"))
    answer = client.post(door(agent, "serve/"), body, format="json")
    # A 401 would tell the person's program that its own token is bad.
    assert (answer.status_code, answer.json()["code"]) == (409, "agent_revoked")


def test_embedded_agent_is_kept_when_asked_to_go(people: People) -> None:
    embedded, client = make_agent(embedded=True), client_of(people.ada)
    for answer in (client.post(door(embedded, "revoke/")), client.delete(door(embedded))):
        assert (answer.status_code, answer.json()["code"]) == (409, "embedded_agent_kept")
