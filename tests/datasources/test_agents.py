"""Agents and connection tests: who is let in, who gets which test, what a test ends as."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.datasources import services
from apps.datasources.models import Agent, ConnectionTest
from apps.datasources.selectors import list_visible_agents
from apps.datasources.types import TestState
from datawave.common.errors import NotThere, PermissionMissing
from datawave_edge.protocol import Heartbeat, TestStep
from tests.factories import make_agent, make_source
from tests.people import People

GOOD = TestStep(name="connect", title="Connect", ok=True)
BAD = TestStep(
    name="login", title="Sign in", ok=False, code="wrong_password", message="No.", hint="Do so."
)


@pytest.fixture
def embedded(db: None) -> Agent:
    return make_agent("embedded", embedded=True)


def request_one(people: People) -> ConnectionTest:
    return services.request_test(source=people.source, user=people.alice)


def test_agents_are_seen_when_they_serve_what_one_may_view(people: People) -> None:
    own, other = make_agent("own"), make_agent("other")
    people.source.agent = own
    people.source.save()
    make_source(agent=other)
    assert set(list_visible_agents(people.bob)) == {own}
    assert set(list_visible_agents(people.charlie)) == set()
    assert set(list_visible_agents(people.ada)) == {own, other}


def test_heartbeat_is_noted_without_believing_the_agents_clock(embedded: Agent) -> None:
    ahead = timezone.now() + dt.timedelta(hours=24)
    services.note_heartbeat(
        agent=embedded,
        heartbeat=Heartbeat(
            version="1.2", protocol="1.0", agent_time=ahead, host="h", spool_bytes=7
        ),
    )
    embedded.refresh_from_db()
    assert embedded.last_seen_at is not None
    assert embedded.last_seen_at <= timezone.now()
    assert embedded.clock_skew_seconds == pytest.approx(-86_400, abs=60)
    assert (embedded.version, embedded.spool_bytes) == ("1.2", 7)


def test_test_goes_to_the_serving_agent_only(people: People, embedded: Agent) -> None:
    remote = make_agent("remote")
    test = request_one(people)
    assert services.lease_test(agent=remote) is None
    assert services.lease_test(agent=embedded) == test
    assert services.lease_test(agent=embedded) is None
    with pytest.raises(NotThere):
        services.finish_test(agent=remote, public_id=test.public_id, steps=[GOOD])


def test_assigned_agent_alone_gets_the_test_when_source_has_one(
    people: People, embedded: Agent
) -> None:
    people.source.agent = make_agent("remote")
    people.source.save()
    test = request_one(people)
    assert services.lease_test(agent=embedded) is None
    assert services.lease_test(agent=people.source.agent) == test


@pytest.mark.parametrize(
    ("steps", "state"),
    [([GOOD], TestState.PASSED), ([GOOD, BAD], TestState.FAILED), ([], TestState.FAILED)],
)
def test_test_ends_as_its_steps_say(
    people: People, embedded: Agent, steps: list[TestStep], state: TestState
) -> None:
    test = request_one(people)
    services.lease_test(agent=embedded)
    services.finish_test(agent=embedded, public_id=test.public_id, steps=steps)
    services.finish_test(agent=embedded, public_id=test.public_id, steps=[])
    test.refresh_from_db()
    assert test.state == state
    assert len(test.steps) == len(steps)


def test_running_test_is_returned_when_asked_again(people: People) -> None:
    assert request_one(people) == request_one(people)


def test_test_expires_when_no_agent_answers(people: People, embedded: Agent) -> None:
    test = request_one(people)
    ConnectionTest.objects.update(created_at=timezone.now() - dt.timedelta(seconds=61))
    assert services.lease_test(agent=embedded) is None
    assert services.expire_tests() == 1
    test.refresh_from_db()
    assert test.state == TestState.EXPIRED
    assert request_one(people) != test


def test_test_is_refused_when_person_may_not_reach_the_source(people: People) -> None:
    with pytest.raises(PermissionMissing):
        services.request_test(source=people.source, user=people.bob)
    with pytest.raises(NotThere):
        services.request_test(source=people.source, user=people.charlie)
