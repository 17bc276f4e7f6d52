"""Pages of agents: what each person sees of them, and who may do what."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.datasources import services
from apps.datasources.models import Agent, EnrolmentCode
from apps.notifications.models import Event
from datawave_edge import __version__
from tests.conftest import SignIn
from tests.factories import make_agent, make_source
from tests.people import People

from .edge import Edge, enrol_new

ACTS = ["agent-rename", "agent-renew", "agent-revoke", "agent-delete", "agent-drain",
        "agent-resume", "agent-rotate"]  # fmt: skip


def url_of(name: str, row: Any = None) -> str:
    return reverse(f"datasources:{name}", args=[row.public_id] if row else [])


@pytest.fixture
def agent(people: People) -> Agent:
    """The agent of Alice's source, heard of just now."""
    made = make_agent(
        "site 1", version=__version__, last_seen_at=timezone.now(), host="edge.example.test"
    )
    people.source.agent = made
    people.source.save()
    return made


def test_it_works(people: People, sign_in: SignIn, tmp_path: Path) -> None:
    client = sign_in(people.ada)
    form = {"name": "site 1", "minutes": "60", "sources": [people.source.public_id]}
    page = client.post(url_of("code-add"), form).content.decode()
    secret = re.findall(r"dwe_[\w-]+", page)[0]
    assert "pip install &quot;datawave-edge[" in page
    assert f"datawave-edge enroll http://localhost:8000 {secret}" in page
    assert secret not in client.get(url_of("agent-list")).content.decode()
    edge = Edge(tmp_path)
    edge.enrol(secret)
    edge.beat()
    assert b"Online" in client.get(url_of("agent-list")).content
    own = client.get(url_of("agent-detail", edge.agent)).content.decode()
    for shown in ("edge.example.test", "crm", "Enrolled", "by ada", "from 127.0.0.1"):
        assert shown in own


def test_field_is_named_when_a_code_can_not_be_made(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.ada)
    make_agent("taken")
    for name, told in (("", "Give the agent a name"), ("taken", "name is there"), ("<", "letters")):
        page = client.post(url_of("code-add"), {"name": name, "minutes": "60"})
        assert page.status_code == 422
        assert told in page.content.decode()
    assert client.post(url_of("code-add"), {"name": "a", "minutes": "9999"}).status_code == 422
    assert not EnrolmentCode.objects.exists()


def test_extras_fit_the_sources_when_a_code_is_bound_to_some(
    people: People, sign_in: SignIn
) -> None:
    source = make_source(engine="mysql", host="db", secret_ref="env:X")
    form = {"name": "site 1", "minutes": "60", "sources": [source.public_id]}
    page = sign_in(people.ada).post(url_of("code-add"), form).content.decode()
    assert "datawave-edge[mysql]" in page


def test_plain_http_is_allowed_in_the_command_when_the_server_has_no_tls(
    people: People, sign_in: SignIn, settings: Any
) -> None:
    settings.BASE_URL = "http://dw.example.test:8000"
    page = sign_in(people.ada).post(url_of("code-add"), {"name": "x", "minutes": "60"})
    assert b"DATAWAVE_ALLOW_HTTP=1 datawave-edge enroll http://dw.example" in page.content


def test_page_tells_when_the_agent_has_come(
    people: People, sign_in: SignIn, tmp_path: Path
) -> None:
    client = sign_in(people.ada)
    page = client.post(url_of("code-add"), {"name": "site 1", "minutes": "60"}).content.decode()
    assert "Waiting for site 1 to enrol" in page
    code = EnrolmentCode.objects.get()
    door = url_of("code-arrival", code)
    assert door in page
    edge = Edge(tmp_path)
    edge.enrol(re.findall(r"dwe_[\w-]+", page)[0])
    enrolled = client.get(door).content.decode()
    assert "Now start it." in enrolled
    assert 'data-live-refresh="agents"' in enrolled
    edge.beat()
    arrived = client.get(door).content.decode()
    assert url_of("agent-detail", edge.agent) in arrived
    # Nothing is left to wait for.
    assert "hx-get" not in arrived
    for person in (people.alice, people.bob, people.charlie):
        assert sign_in(person).get(door).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_pages_look_again_at_once_when_an_agent_comes_amid_heartbeats_of_another(
    people: People, sign_in: SignIn, tmp_path: Path
) -> None:
    (tmp_path / "busy").mkdir()
    (tmp_path / "new").mkdir()
    busy = enrol_new(tmp_path / "busy", "busy")
    busy.beat()
    client = sign_in(people.ada)
    page = client.post(url_of("code-add"), {"name": "site 1", "minutes": "60"}).content.decode()
    assert 'id="agents" data-live-refresh="agents"' in page
    assert 'id="codes" data-live-refresh="agents"' in page
    told = count_told()
    busy.beat()
    assert count_told() == told, "Heartbeats are told of now and then only."
    edge = Edge(tmp_path / "new")
    edge.enrol(re.findall(r"dwe_[\w-]+", page)[0])
    assert count_told() == told + 1
    for _ in range(2):
        edge.beat()
    assert count_told() == told + 2


def count_told() -> int:
    return Event.objects.filter(topic="agents").count()


@pytest.mark.parametrize(
    ("address", "told"), [("http://localhost:8000", True), ("https://gov.example.test", False)]
)
def test_page_warns_when_only_the_own_host_finds_the_server(
    people: People, sign_in: SignIn, settings: Any, address: str, told: bool
) -> None:
    settings.BASE_URL = address
    form = {"name": "site 1", "minutes": "60"}
    page = sign_in(people.ada).post(url_of("code-add"), form).content.decode()
    assert ("set DATAWAVE_URL" in page) is told


def test_revoked_agent_is_not_resumed_when_it_was_draining(
    people: People, sign_in: SignIn, agent: Agent
) -> None:
    client = sign_in(people.ada)
    client.post(url_of("agent-drain", agent))
    assert "Resume" in client.get(url_of("agent-detail", agent)).content.decode()
    client.post(url_of("agent-revoke", agent))
    assert "Resume" not in client.get(url_of("agent-detail", agent)).content.decode()


def test_waiting_test_names_the_agents_when_they_are_away(
    people: People, sign_in: SignIn, agent: Agent
) -> None:
    services.revoke_agent(agent=agent, user=people.ada)
    people.source.more_agents.add(make_agent("site 2"))
    client = sign_in(people.alice)
    page = client.post(url_of("source-test", people.source), follow=True).content.decode()
    for shown in ("site 1", "Revoked", "site 2", "Never seen"):
        assert shown in page


def test_code_is_withdrawn_once_when_asked(people: People, sign_in: SignIn) -> None:
    code, _ = services.make_code(name="site 1")
    client = sign_in(people.ada)
    assert b"Withdraw" in client.get(url_of("agent-list")).content
    assert client.post(url_of("code-withdraw", code), follow=True).status_code == 200
    assert b"Withdrawn" in client.get(url_of("agent-list")).content
    assert client.post(url_of("code-withdraw", code), follow=True).status_code == 200


def test_expired_code_is_shown_as_such(people: People, sign_in: SignIn) -> None:
    services.make_code(name="site 1")
    EnrolmentCode.objects.update(expires_at=timezone.now())
    page = sign_in(people.ada).get(url_of("agent-list")).content
    assert b"Expired" in page
    assert b"Withdraw the code" not in page


def test_agents_are_shown_when_they_serve_what_one_may_view(
    people: People, sign_in: SignIn, agent: Agent
) -> None:
    other = make_agent("rome")
    for person, status in ((people.ada, 200), (people.alice, 200), (people.bob, 200),
                           (people.charlie, 404)):  # fmt: skip
        client = sign_in(person)
        assert client.get(url_of("agent-detail", agent)).status_code == status
        listed = client.get(url_of("agent-list")).content
        assert (b"site 1" in listed) == (status == 200)
        assert (b"rome" in listed) == (person == people.ada)
    assert sign_in(people.alice).get(url_of("agent-detail", other)).status_code == 404


def test_sources_are_counted_as_the_person_may_view_them(
    people: People, agent: Agent, sign_in: SignIn
) -> None:
    pooled = make_agent("pooled", last_seen_at=timezone.now())
    embedded = make_agent("own", embedded=True, last_seen_at=timezone.now())
    people.source.more_agents.add(pooled)
    make_source("hidden", agent=agent)
    make_source("nobodys")

    def count(person: Any) -> dict[str, str]:
        page = sign_in(person).get(url_of("agent-list")).content.decode()
        rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
        cells = [(row, re.search(r'data-label="Sources"[^>]*>(\d+)<', row)) for row in rows]
        names = [agent.name, pooled.name, embedded.name]
        return {
            name: found[1] for name in names for row, found in cells if f">{name}<" in row and found
        }

    assert count(people.ada) == {"site 1": "2", "pooled": "1", "own": "1"}
    assert count(people.alice) == {"site 1": "1", "pooled": "1"}


def test_clock_is_told_with_its_direction(agent: Agent, people: People, sign_in: SignIn) -> None:
    client = sign_in(people.ada)
    for skew, told in ((90_000, "25h 00m behind"), (-75.0, "1m 15s ahead"), (0.1, "0.1s")):
        Agent.objects.filter(pk=agent.pk).update(clock_skew_seconds=skew)
        for page in (url_of("agent-list"), url_of("agent-detail", agent)):
            assert told in client.get(page).content.decode()


def test_pool_member_is_shown_when_it_shares_a_source(people: People, sign_in: SignIn) -> None:
    member = make_agent("second")
    people.source.more_agents.add(member)
    assert sign_in(people.bob).get(url_of("agent-detail", member)).status_code == 200
    assert sign_in(people.charlie).get(url_of("agent-detail", member)).status_code == 404


def test_discovery_can_be_started_when_one_of_the_pool_is_there(
    people: People, sign_in: SignIn, agent: Agent
) -> None:
    client, door = sign_in(people.alice), url_of("source-detail", people.source)
    Agent.objects.update(last_seen_at=None)
    assert b"is not connected" in client.get(door).content
    people.source.more_agents.add(make_agent("second", last_seen_at=timezone.now()))
    for path in (door, url_of("source-list")):
        assert b"is not connected" not in client.get(path).content
    assert b"second" in client.get(door).content


@pytest.mark.parametrize("act", ACTS)
def test_agent_is_left_alone_when_no_administrator_asks(
    people: People, sign_in: SignIn, agent: Agent, act: str
) -> None:
    before = Agent.objects.values().get()
    for person in (people.alice, people.bob, people.charlie):
        answer = sign_in(person).post(url_of(act, agent), {"name": "other"})
        assert answer.status_code in (403, 404), person
    assert Agent.objects.values().get() == before
    assert not EnrolmentCode.objects.exists()
    page = sign_in(people.alice).get(url_of("agent-detail", agent)).content
    for button in (b"Drain", b"Enrol again", b"New key", b"Delete", b"History"):
        assert button not in page


def test_codes_are_hidden_when_no_administrator_asks(people: People, sign_in: SignIn) -> None:
    code, _ = services.make_code(name="site 1")
    for person in (people.alice, people.bob, people.charlie):
        client = sign_in(person)
        assert b"site 1" not in client.get(url_of("agent-list")).content
        form = {"name": "x", "minutes": "60"}
        assert client.post(url_of("code-add"), form).status_code in (403, 404)
        assert client.post(url_of("code-withdraw", code)).status_code == 404
    assert EnrolmentCode.objects.filter(withdrawn_at=None).count() == 1


def test_agent_is_drained_and_resumed_when_asked(
    people: People, sign_in: SignIn, agent: Agent
) -> None:
    client = sign_in(people.ada)
    assert b"Draining" in client.post(url_of("agent-drain", agent), follow=True).content
    assert b"Online" in client.post(url_of("agent-resume", agent), follow=True).content


def test_agent_is_renamed_when_the_name_is_free(
    people: People, sign_in: SignIn, agent: Agent
) -> None:
    client = sign_in(people.ada)
    make_agent("taken")
    page = client.post(url_of("agent-rename", agent), {"name": "taken"}, follow=True)
    assert b"there already" in page.content
    client.post(url_of("agent-rename", agent), {"name": "berlin"})
    page = client.get(url_of("agent-detail", agent)).content.decode()
    assert "before: site 1" in page
    agent.refresh_from_db()
    assert agent.name == "berlin"


def test_agent_gets_a_code_when_it_is_to_enrol_again(
    people: People, sign_in: SignIn, tmp_path: Path
) -> None:
    edge = enrol_new(tmp_path)
    client = sign_in(people.ada)
    client.post(url_of("agent-revoke", edge.agent))
    assert b"An administrator revoked it" in client.get(url_of("agent-detail", edge.agent)).content
    page = client.post(url_of("agent-renew", edge.agent)).content.decode()
    edge.enrol(re.findall(r"dwe_[\w-]+", page)[0])
    assert edge.beat() == 200


def test_sources_fall_to_the_next_agent_when_one_is_deleted(
    people: People, sign_in: SignIn, agent: Agent
) -> None:
    client = sign_in(people.ada)
    second = make_agent("second")
    client.post(url_of("agent-serve", second), {"source": people.source.public_id})
    assert list(people.source.more_agents.all()) == [second]
    assert client.post(url_of("agent-delete", agent)).url == url_of("agent-list")
    people.source.refresh_from_db()
    assert people.source.agent == second
    assert not people.source.more_agents.exists()


def test_source_is_given_and_taken_by_those_who_manage_it(
    people: People, sign_in: SignIn, agent: Agent
) -> None:
    second = make_agent("second")
    body = {"source": people.source.public_id}
    for person in (people.alice, people.bob, people.charlie):
        assert sign_in(person).post(url_of("agent-serve", agent), body).status_code in (403, 404)
    client = sign_in(people.ada)
    assert client.post(url_of("agent-serve", second), {"source": "nonsense"}).status_code == 404
    client.post(url_of("agent-serve", second), body)
    release = reverse("datasources:agent-release", args=[agent.public_id, people.source.public_id])
    assert sign_in(people.alice).post(release).status_code in (403, 404)
    sign_in(people.ada).post(release)
    people.source.refresh_from_db()
    assert people.source.agent == second


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"version": "0.0.1"}, "runs version 0.0.1"),
        ({"clock_skew_seconds": -3600.0}, "1h 00m ahead"),
        ({"revoked_at": timezone.now(), "revoked_because": "copied"}, "used in two places"),
        ({"spool_bytes": 5_000_000, "oldest_spooled_seconds": 90.0}, "the oldest for"),
        ({"last_seen_at": timezone.now() - dt.timedelta(minutes=5)}, "Offline"),
        ({"last_seen_at": None}, "never seen"),
    ],
)
def test_page_says_what_is_wrong_and_what_to_do(
    people: People, sign_in: SignIn, agent: Agent, fields: dict[str, Any], told: str
) -> None:
    Agent.objects.update(**fields)
    assert told in sign_in(people.bob).get(url_of("agent-detail", agent)).content.decode()


def test_embedded_agent_can_only_be_drained(people: People, sign_in: SignIn) -> None:
    embedded = make_agent("embedded", embedded=True, last_seen_at=timezone.now())
    client = sign_in(people.ada)
    page = client.get(url_of("agent-detail", embedded)).content
    assert b"Drain" in page
    for button in (b"Enrol again", b"Delete the agent", b"New key"):
        assert button not in page
    for act in ("agent-revoke", "agent-rotate", "agent-rename"):
        client.post(url_of(act, embedded), {"name": "other"})
    embedded.refresh_from_db()
    assert (embedded.name, embedded.revoked_at) == ("embedded", None)
    assert not embedded.rotation_wanted


def test_agents_come_as_csv_that_runs_nothing(people: People, sign_in: SignIn) -> None:
    make_agent("site 1", host="=cmd()", last_seen_at=timezone.now())
    answer = sign_in(people.ada).get(url_of("agent-list"), {"format": "csv"})
    assert "'=cmd()" in answer.content.decode()
    assert (
        "site 1"
        not in sign_in(people.charlie).get(url_of("agent-list"), {"format": "csv"}).content.decode()
    )


def test_hostile_host_is_escaped_when_an_agent_tells_it(people: People, sign_in: SignIn) -> None:
    evil = make_agent(
        "site 1", host="<script>x</script>", version="<u>x", last_seen_at=timezone.now()
    )
    client = sign_in(people.ada)
    for door in (url_of("agent-list"), url_of("agent-detail", evil)):
        page = client.get(door).content
        assert b"&lt;script&gt;x" in page
        assert b"<script>x" not in page
        assert b"<u>x" not in page
