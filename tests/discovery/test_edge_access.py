"""Every door for agents refuses who has no business there, and tells each the same nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone

from apps.datasources import services as datasources
from apps.datasources.models import Agent, ConnectionTest, DataSource
from apps.datasources.types import AgentWish
from apps.discovery import edge_urls, services
from apps.discovery.models import Batch, DiscoveryJob
from datawave_edge.protocol import (
    Heartbeat,
    HeartbeatReply,
    JobFailure,
    JobProgress,
    NoWork,
    OpenStream,
    RunSettings,
    TestResult,
    WorkRequest,
    batch_sha256,
    decode_message,
    encode_message,
    encode_records,
)
from tests.factories import make_agent, make_source
from tests.people import People

from .factories import as_record, make_close, make_table

API = "/api/edge/v1"
OWN, OTHER = "dwa_own", "dwa_other"
# These make themselves known by what they send.
OPEN = {"enrol", "challenge", "token", "rotate"}
BODY = encode_records([as_record(make_table("t"))])


@pytest.fixture
def own(db: None) -> Agent:
    return make_agent("own", token=OWN)


@pytest.fixture
def source(own: Agent) -> DataSource:
    return make_source("shop", agent=own)


@pytest.fixture
def job(source: DataSource, own: Agent) -> DiscoveryJob:
    """A job that the agent reads."""
    services.open_job(source=source, settings=RunSettings())
    leased = services.lease_job(agent=own)
    assert leased is not None
    services.open_stream(job=leased, agent=own, agent_time=timezone.now())
    leased.refresh_from_db()
    return leased


@pytest.fixture
def asked(job: DiscoveryJob, own: Agent) -> ConnectionTest:
    """A test that the agent took."""
    made: ConnectionTest = ConnectionTest.objects.create(source=job.source)
    datasources.lease_test(agent=own)
    return made


def call(path: str, body: bytes, token: str = OWN, method: str = "post") -> Any:
    headers = {
        "DataWave-Batch-Sha256": batch_sha256(BODY),
        "DataWave-Batch-Records": "1",
        **({"Authorization": f"Bearer {token}"} if token else {}),
    }
    return getattr(Client(), method)(
        f"{API}/{path}", body, content_type="application/json", headers=headers
    )


def calls_about(job: DiscoveryJob, asked: ConnectionTest) -> dict[str, Callable[[str], Any]]:
    """A well-formed call of each door that names a thing."""
    at = f"jobs/{job.public_id}"
    posts = {
        "job-open": (f"{at}/open", OpenStream(agent_time=timezone.now())),
        "job-progress": (f"{at}/progress", JobProgress()),
        "job-close": (f"{at}/close", make_close(job, [])),
        "job-fail": (f"{at}/fail", JobFailure(code="internal", message="No.")),
        "test-result": (f"tests/{asked.public_id}/result", TestResult(steps=[])),
    }
    made: dict[str, Callable[[str], Any]] = {
        name: (lambda token, p=path, m=message: call(p, encode_message(m), token))
        for name, (path, message) in posts.items()
    }
    made["job-batch"] = lambda token: call(f"{at}/batches/0", BODY, token, "put")
    return made


def calls_of_an_agent() -> dict[str, Callable[[str], Any]]:
    """A well-formed call of each door that names nothing."""
    beat = Heartbeat(version="1", protocol="1.0", agent_time=timezone.now())
    return {
        "heartbeat": lambda token: call("heartbeat", encode_message(beat), token),
        "work": lambda token: call("work", encode_message(WorkRequest(wait=0)), token),
    }


def state_of(job: DiscoveryJob, asked: ConnectionTest) -> tuple[Any, ...]:
    """All that a foreign call could have changed."""
    rows = DiscoveryJob.objects.filter(pk=job.pk).values(
        "state", "listed", "done", "last_seq", "error_code", "attempts", "epoch", "agent"
    )
    asked.refresh_from_db()
    return list(rows), Batch.objects.count(), asked.state


def test_no_door_was_forgotten(job: DiscoveryJob, asked: ConnectionTest) -> None:
    doors = {each.name for each in edge_urls.urlpatterns if isinstance(each, URLPattern)}
    assert doors == OPEN | set(calls_about(job, asked)) | set(calls_of_an_agent())


@pytest.mark.parametrize("token", ["", "dwa_nobody", "dwe_a-code", "x y", "\u00e4"])
def test_stranger_is_refused_at_every_door(
    job: DiscoveryJob, asked: ConnectionTest, token: str
) -> None:
    before = state_of(job, asked)
    for name, knock in (calls_about(job, asked) | calls_of_an_agent()).items():
        answer = knock(token)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_unknown"), name
    assert state_of(job, asked) == before


def test_agent_is_refused_at_every_door_when_revoked(
    job: DiscoveryJob, asked: ConnectionTest, own: Agent, people: People
) -> None:
    before = Batch.objects.count()
    datasources.revoke_agent(agent=own, user=people.ada)
    for name, knock in (calls_about(job, asked) | calls_of_an_agent()).items():
        answer = knock(OWN)
        assert (answer.status_code, answer.json()["code"]) == (401, "agent_revoked"), name
    assert Batch.objects.count() == before


def test_agent_is_refused_at_every_door_when_its_token_has_expired(
    job: DiscoveryJob, asked: ConnectionTest, own: Agent
) -> None:
    before = state_of(job, asked)
    Agent.objects.filter(pk=own.pk).update(token_expires_at=timezone.now())
    for name, knock in (calls_about(job, asked) | calls_of_an_agent()).items():
        answer = knock(OWN)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_expired"), name
    assert state_of(job, asked) == before


@pytest.mark.parametrize("serves", ["nothing", "another source", "the same source", "embedded"])
def test_other_agent_finds_nothing_when_it_names_what_is_not_its_own(
    job: DiscoveryJob, asked: ConnectionTest, serves: str
) -> None:
    other = make_agent("other", token=OTHER, embedded=serves == "embedded")
    if serves == "another source":
        make_source("billing", agent=other)
    if serves == "the same source":
        job.source.more_agents.add(other)
    before = state_of(job, asked)
    for name, knock in calls_about(job, asked).items():
        answer = knock(OTHER)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_there"), name
    assert state_of(job, asked) == before


def test_answer_is_the_same_when_there_is_no_such_thing(
    job: DiscoveryJob, asked: ConnectionTest
) -> None:
    make_agent("other", token=OTHER)
    foreign = calls_about(job, asked)
    ghost = DiscoveryJob(pk=job.pk, public_id=uuid.uuid4())
    nowhere = calls_about(ghost, ConnectionTest(public_id=uuid.uuid4()))
    for name in foreign:
        first, second = foreign[name](OTHER).json(), nowhere[name](OTHER).json()
        assert {**first, "request_id": ""} == {**second, "request_id": ""}, name


def test_agent_writes_no_more_when_its_source_was_taken_away(
    job: DiscoveryJob, asked: ConnectionTest, own: Agent, people: People
) -> None:
    before = state_of(job, asked)
    datasources.release_source(agent=own, source=job.source, user=people.ada)
    doors = calls_about(job, asked)
    for name in ("job-open", "job-batch", "job-progress", "job-close", "job-fail"):
        assert doors[name](OWN).status_code == 404, name
    assert state_of(job, asked) == before


def test_agents_of_a_pool_share_a_sources_jobs(
    job: DiscoveryJob, own: Agent, people: People
) -> None:
    second = make_agent("second", token=OTHER)
    datasources.assign_source(agent=second, source=job.source, user=people.ada)
    assert services.lease_job(agent=second) is None
    datasources.drain_agent(agent=own, user=people.ada)
    assert services.release_agent_jobs(agent=own) == 1
    assert services.lease_job(agent=second) == job
    assert call(f"jobs/{job.public_id}/batches/0", BODY, OWN, "put").status_code == 404
    assert call(f"jobs/{job.public_id}/batches/0", BODY, OTHER, "put").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_job_waits_for_the_next_agent_when_its_own_is_revoked() -> None:
    from tests.people import make_people

    people = make_people()
    first, second = make_agent("first", token=OWN), make_agent("second", token=OTHER)
    for agent in (first, second):
        datasources.assign_source(agent=agent, source=people.source, user=people.ada)
    services.open_job(source=people.source, settings=RunSettings())
    assert services.lease_job(agent=first) is not None
    datasources.revoke_agent(agent=first, user=people.ada)
    taken = services.lease_job(agent=second)
    assert taken is not None
    assert taken.agent == second


@pytest.mark.parametrize("how", ["released", "changed", "deleted"])
@pytest.mark.django_db(transaction=True)
def test_job_waits_for_the_next_agent_when_its_source_was_taken_away(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.people import make_people

    people = make_people()
    first, second = make_agent("first", token=OWN), make_agent("second", token=OTHER)
    source = people.source
    for agent in (first, second):
        datasources.assign_source(agent=agent, source=source, user=people.ada)
        source.refresh_from_db()
    services.open_job(source=source, settings=RunSettings())
    leased = services.lease_job(agent=first)
    assert leased is not None
    if how == "released":
        datasources.release_source(agent=first, source=source, user=people.ada)
    elif how == "changed":
        datasources.change_source(source=source, user=people.ada, agent=second)
    else:
        datasources.delete_agent(agent=first, user=people.ada)
    if how != "deleted":
        assert services.lease_job(agent=first) is None
    taken = services.lease_job(agent=second)
    assert taken == leased
    assert taken is not None
    assert (taken.agent, taken.attempts) == (second, 1)
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


def test_lease_runs_out_when_the_agent_serves_the_source_no_more(
    job: DiscoveryJob, own: Agent, people: People
) -> None:
    """Also where the word of the change was lost."""
    datasources.release_source(agent=own, source=job.source, user=people.ada)
    past = timezone.now()
    DiscoveryJob.objects.filter(pk=job.pk).update(lease_until=past)
    services.renew_agent_leases(agent=own)
    assert services.lease_job(agent=own) is None
    job.refresh_from_db()
    assert job.lease_until == past


def test_one_agent_serves_one_source_after_the_other(own: Agent) -> None:
    jobs = [
        services.open_job(source=make_source(name, agent=own), settings=RunSettings())
        for name in ("a", "b")
    ]
    first = services.lease_job(agent=own)
    assert first == jobs[0]
    failure = JobFailure(code="internal", message="No.")
    services.fail_job(job=first, agent=own, failure=failure)
    assert services.lease_job(agent=own) == jobs[1]


def test_draining_agent_gets_tests_but_no_job(
    job: DiscoveryJob, own: Agent, people: People
) -> None:
    services.fail_job(job=job, agent=own, failure=JobFailure(code="internal", message="No."))
    services.open_job(source=job.source, settings=RunSettings())
    datasources.drain_agent(agent=own, user=people.ada)
    wish = encode_message(WorkRequest(wait=0))
    assert isinstance(decode_message(call("work", wish).content, NoWork), NoWork)
    ConnectionTest.objects.create(source=job.source)
    assert call("work", wish).json()["work"] == "test"
    datasources.drain_agent(agent=own, user=people.ada, draining=False)
    assert call("work", wish).json()["work"] == "discovery"


def test_heartbeat_brings_back_what_the_agent_is_to_do(own: Agent, people: People) -> None:
    def beat(version: str) -> HeartbeatReply:
        told = Heartbeat(
            version=version, protocol="1.0", agent_time=timezone.now(),
            spool_bytes=9, oldest_spooled_seconds=4.5,
        )  # fmt: skip
        return decode_message(call("heartbeat", encode_message(told)).content, HeartbeatReply)

    plain = beat("999.0")
    assert (plain.drain, plain.refresh, plain.rotate, plain.upgrade) == (False, False, False, "")
    own.refresh_from_db()
    assert (own.spool_bytes, own.oldest_spooled_seconds) == (9, 4.5)
    datasources.drain_agent(agent=own, user=people.ada)
    Agent.objects.update(key_made_at=timezone.now())
    for wish in AgentWish:
        datasources.ask_agent(agent=own, user=people.ada, wish=wish)
    beat("0.0.1")
    told = beat("0.0.1")
    assert told.drain
    assert told.refresh
    assert told.rotate
    assert told.upgrade
