"""Enrolment codes: who makes them, who gets in with one, and that it happens once."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.utils import timezone

from apps.datasources import services
from apps.datasources.models import Agent, EnrolmentCode
from apps.datasources.types import CodeState
from apps.rbac.models import AuditEntry
from datawave.common.errors import InputInvalid, NotThere, PermissionMissing
from datawave_edge.identity import make_identity
from datawave_edge.protocol import encode_message
from tests.factories import make_agent, make_source
from tests.people import People

from .edge import Edge, ask_for, enrol_new, post


def make(people: People, **options: Any) -> tuple[EnrolmentCode, str]:
    return services.make_code(user=people.ada, **{"name": "site 1", **options})


def use(secret: str, identity: Any = None, **changes: str) -> Any:
    """The door's answer to a code."""
    asked = ask_for(secret, identity or make_identity("http://localhost"), **changes)
    return post("/enrol", encode_message(asked))


def test_it_works(people: People, tmp_path: Path) -> None:
    code, secret = make(people)
    edge = Edge(tmp_path)
    grant = edge.enrol(secret)
    code.refresh_from_db()
    assert (grant.name, code.state, code.agent) == ("site 1", CodeState.USED, edge.agent)
    assert edge.agent.host == "edge.example.test"
    assert services.authenticate_agent(grant.token) == edge.agent
    entry = AuditEntry.objects.filter(action="agent_enrolled").get()
    assert (entry.actor, entry.address) == (people.ada, "127.0.0.1")


def test_neither_code_nor_key_nor_token_is_kept_when_enrolled(
    people: People, tmp_path: Path
) -> None:
    _, secret = make(people)
    edge = Edge(tmp_path)
    grant = edge.enrol(secret)
    identity = edge.file.get()
    rows = [*Agent.objects.values(), *EnrolmentCode.objects.values(), *AuditEntry.objects.values()]
    for canary in (secret, grant.token, identity.key, identity.link):
        assert canary not in str(rows)


@pytest.mark.parametrize("minutes", [0, -1, 1_441])
def test_code_is_refused_when_it_would_work_too_long(people: People, minutes: int) -> None:
    with pytest.raises(InputInvalid) as caught:
        make(people, minutes=minutes)
    assert caught.value.field == "minutes"


@pytest.mark.parametrize("name", ["", "-x", "a\nb", "<b>", "x" * 101, "taken", "waiting"])
def test_code_is_refused_when_its_name_can_not_be_used(people: People, name: str) -> None:
    make_agent("taken")
    make(people, name="waiting")
    with pytest.raises(InputInvalid) as caught:
        make(people, name=name)
    assert caught.value.field == "name"


def test_name_is_free_again_when_its_code_was_withdrawn(people: People) -> None:
    code, _ = make(people)
    services.withdraw_code(code=code, user=people.ada)
    assert make(people)[0].state == CodeState.OPEN


def test_nobody_but_an_administrator_makes_or_withdraws_codes(people: People) -> None:
    code, _ = make(people)
    for person in (people.alice, people.bob, people.charlie):
        with pytest.raises((PermissionMissing, NotThere)):
            services.make_code(user=person, name="mine")
        with pytest.raises((PermissionMissing, NotThere)):
            services.withdraw_code(code=code, user=person)
    code.refresh_from_db()
    assert code.state == CodeState.OPEN


def test_code_lets_nobody_in_when_it_was_used(people: People) -> None:
    _, secret = make(people)
    assert use(secret).status_code == 200
    again = use(secret)
    assert (again.status_code, again.json()["code"]) == (410, "code_used")
    assert Agent.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"withdrawn_at": timezone.now()}, 410, "code_withdrawn"),
        ({"expires_at": timezone.now() - dt.timedelta(seconds=1)}, 410, "code_expired"),
        ({"code_hash": "0" * 64}, 404, "code_unknown"),
    ],
)
def test_reason_is_told_when_a_code_is_over(
    people: People, change: dict[str, Any], status: int, reason: str
) -> None:
    _, secret = make(people)
    EnrolmentCode.objects.update(**change)
    answer = use(secret)
    assert (answer.status_code, answer.json()["code"]) == (status, reason)
    assert secret not in answer.content.decode()
    assert not Agent.objects.exists()


def test_code_is_not_spent_when_the_key_did_not_sign(people: People) -> None:
    code, secret = make(people)
    assert use(secret, signature="0" * 128).json()["code"] == "signature_invalid"
    assert use(secret, link="another").json()["code"] == "signature_invalid"
    code.refresh_from_db()
    assert code.state == CodeState.OPEN


@pytest.mark.parametrize(
    ("field", "value"),
    [("public_key", "x"), ("signature", "00"), ("code", "a b"), ("link", ""), ("host", "x" * 501)],
)
def test_field_is_named_when_a_request_is_malformed(people: People, field: str, value: str) -> None:
    answer = use(make(people)[1], **{field: value})
    assert (answer.status_code, answer.json()["code"]) == (422, "schema_invalid")
    assert field in answer.json()["detail"]


def test_holder_gets_in_again_when_the_answer_was_lost(people: People) -> None:
    _, secret = make(people)
    identity = make_identity("http://localhost")
    first, second = use(secret, identity), use(secret, identity)
    assert second.json()["agent"] == first.json()["agent"]
    assert services.authenticate_agent(first.json()["token"]) is None
    assert services.authenticate_agent(second.json()["token"]) is not None
    assert Agent.objects.count() == 1


def test_holder_does_not_get_in_again_when_revoked_meanwhile(people: People) -> None:
    _, secret = make(people)
    identity = make_identity("http://localhost")
    use(secret, identity)
    services.revoke_agent(agent=Agent.objects.get(), user=people.ada)
    assert use(secret, identity).json()["code"] == "code_used"


@pytest.mark.django_db(transaction=True)
def test_one_wins_when_a_code_is_used_twice_at_once() -> None:
    _, secret = services.make_code(name="site 1")
    gate, answers = threading.Barrier(4), []

    def run() -> None:
        identity = make_identity("http://localhost")
        gate.wait()
        answers.append(use(secret, identity).status_code)
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(200) == 1, answers
    # SQLite may have no time for some: those may ask again, and learn that the code was used.
    assert set(answers) <= {200, 410, 503} if connection.vendor == "sqlite" else {200, 410}
    assert Agent.objects.count() == 1


def test_agent_serves_what_its_code_was_bound_to(people: People, tmp_path: Path) -> None:
    taken = make_source("taken", agent=make_agent("first"))
    code, secret = make(people, sources=[people.source, taken])
    edge = Edge(tmp_path)
    edge.enrol(secret)
    people.source.refresh_from_db()
    taken.refresh_from_db()
    assert people.source.agent == edge.agent
    assert taken.agent is not None
    assert taken.agent.name == "first"
    assert list(taken.more_agents.all()) == [edge.agent]
    assert code.sources.count() == 2


def test_code_is_refused_when_the_server_alone_has_the_password(people: People) -> None:
    source = make_source(password=b"secret")
    with pytest.raises(services.PasswordStored):
        make(people, sources=[source])


def test_same_agent_gets_a_new_key_when_it_enrols_again(people: People, tmp_path: Path) -> None:
    edge = enrol_new(tmp_path, sources=[people.source])
    agent, old = edge.agent, edge.copy_to(tmp_path.with_name("old"))
    services.revoke_agent(agent=agent, user=people.ada)
    _, secret = services.make_code(agent=agent, user=people.ada)
    edge.enrol(secret)
    again = edge.agent
    assert (again.pk, again.revoked_at, again.sources.get()) == (agent.pk, None, people.source)
    assert again.public_key != agent.public_key
    assert edge.beat() == 200
    with pytest.raises(Exception, match="signature_invalid"):
        old.access.refresh()
    edge.agent.refresh_from_db()
    assert edge.agent.revoked_at is None


def test_embedded_agent_gets_no_code(people: People) -> None:
    with pytest.raises(InputInvalid):
        services.make_code(agent=make_agent(embedded=True), user=people.ada)


def test_key_of_another_agent_is_refused_when_it_enrols(people: People) -> None:
    identity = make_identity("http://localhost")
    assert use(make(people)[1], identity).status_code == 200
    second = make(people, name="site 2")[1]
    assert use(second, identity).json()["code"] == "key_taken"
    assert EnrolmentCode.objects.get(name="site 2").state == CodeState.OPEN


def test_address_is_slowed_down_when_it_guesses_codes(db: None) -> None:
    cache.clear()
    answers = [use(f"dwe_{number}") for number in range(11)]
    assert [each.status_code for each in answers] == [404] * 10 + [429]
    assert answers[-1]["Retry-After"]
