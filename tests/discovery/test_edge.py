"""The doors for agents over HTTP: who is let in, what is refused, how the wait for work ends."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connections
from django.test import AsyncClient, Client
from django.utils import timezone

from apps.datasources import services as datasources
from apps.datasources.models import Agent, DataSource
from apps.discovery import doorbell, services
from apps.discovery.models import Batch, Dataset, DiscoveryJob
from datawave_edge.protocol import (
    MAX_BODY_BYTES,
    MAX_PACKED_BYTES,
    Ack,
    CloseAck,
    Directive,
    DiscoveryWork,
    Heartbeat,
    HeartbeatReply,
    JobFailure,
    JobProgress,
    NoWork,
    Opened,
    OpenStream,
    RunSettings,
    TestResult,
    TestStep,
    TestWork,
    Work,
    WorkRequest,
    batch_sha256,
    decode_message,
    encode_message,
    encode_records,
)
from tests.factories import make_agent, make_source
from tests.people import People, make_people

from .factories import as_record, make_close, make_table

API = "/api/edge/v1"
TOKEN = "dwa_the-token"
SECRET = "canary-pa55word"


@pytest.fixture
def agent(db: None) -> Agent:
    return make_agent("embedded", token=TOKEN, embedded=True)


@pytest.fixture
def source(db: None) -> DataSource:
    return make_source("crm")


def call(path: str, message: Any, kind: Any = None, *, token: str = TOKEN, **headers: str) -> Any:
    """POST a message; gives the decoded answer, or the response when no kind is wanted."""
    answer = Client().post(
        f"{API}/{path}",
        encode_message(message),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", **headers},
    )
    if kind is None:
        return answer
    assert answer.status_code == 200, answer.content
    return decode_message(answer.content, kind)


def put(job: Any, body: bytes, *, seq: Any = 0, packed: bytes | None = None, **headers: str) -> Any:
    """PUT a batch body."""
    return Client().put(
        f"{API}/jobs/{job}/batches/{seq}",
        gzip.compress(body, mtime=0) if packed is None else packed,
        content_type="application/x-ndjson",
        headers={
            "Authorization": f"Bearer {TOKEN}",
            "Content-Encoding": "gzip",
            "DataWave-Batch-Sha256": batch_sha256(body),
            "DataWave-Batch-Records": str(len(body.splitlines())),
            **headers,
        },
    )


def ask_work(wait: int = 0) -> Any:
    return call("work", WorkRequest(wait=wait), Work)


def lease(source: DataSource) -> str:
    """Id of a new job that the agent leased and opened."""
    services.open_job(source=source, settings=RunSettings())
    job: str = ask_work().job
    call(f"jobs/{job}/open", OpenStream(agent_time=timezone.now()), Opened)
    return job


def body_of(*tables: Any) -> bytes:
    return encode_records([as_record(table) for table in tables])


def test_it_works(agent: Agent, source: DataSource) -> None:
    services.open_job(source=source, settings=RunSettings(sample_rows=7))
    work = ask_work()
    assert isinstance(work, DiscoveryWork)
    assert (work.settings.sample_rows, work.source.database) == (7, source.database)
    opened = call(f"jobs/{work.job}/open", OpenStream(agent_time=timezone.now()), Opened)
    assert opened.resume_seq == 0
    ack = decode_message(put(work.job, body_of(make_table("t"))).content, Ack)
    assert (ack.status, ack.acked_seq) == ("accepted", 0)
    progress = JobProgress(listed=1, done=1, current="main.t")
    assert not call(f"jobs/{work.job}/progress", progress, Directive).cancel
    close = make_close(DiscoveryJob.objects.get(), [("main", "t")])
    assert call(f"jobs/{work.job}/close", close, CloseAck).status == "closed"
    assert Dataset.objects.get().name == "t"
    assert isinstance(ask_work(), NoWork)


def test_test_is_run_through_the_doors(agent: Agent) -> None:
    people = make_people()
    asked = datasources.request_test(source=people.source, user=people.alice)
    work = ask_work()
    assert isinstance(work, TestWork)
    steps = [TestStep(name="open", title="Open", ok=True)]
    assert call(f"tests/{work.test}/result", TestResult(steps=steps)).status_code == 204
    asked.refresh_from_db()
    assert asked.state == "passed"


def test_busy_agent_is_given_tests_alone_when_it_asks_for_those(agent: Agent) -> None:
    people = make_people()
    lease(people.source)
    wish = WorkRequest(wait=0, tests_only=True)
    assert isinstance(call("work", wish, Work), NoWork)
    datasources.request_test(source=people.source, user=people.alice)
    assert isinstance(call("work", wish, Work), TestWork)
    assert DiscoveryJob.objects.get().attempts == 1


def test_agent_is_told_to_wait_when_it_calls_too_often(agent: Agent, source: DataSource) -> None:
    beat = Heartbeat(version="1", protocol="1.0", agent_time=timezone.now())
    statuses = [call("heartbeat", beat).status_code for _ in range(7)]
    assert statuses == [200] * 6 + [429]
    refusal = call("heartbeat", beat)
    assert (refusal.json()["code"], refusal["Retry-After"]) == ("too_many_calls", "2")
    # Neither its other calls nor other agents are held back by that.
    assert isinstance(ask_work(), NoWork)
    make_agent("other", token="dwa_other")
    assert call("heartbeat", beat, token="dwa_other").status_code == 200


def test_batches_flow_again_when_the_wait_is_over(agent: Agent, source: DataSource) -> None:
    job = lease(source)
    body = body_of(make_table("t"))
    # As after forty batches within a moment.
    cache.set(f"edge:put_batch:{agent.public_id}", 40)
    assert put(job, body).status_code == 429
    cache.clear()
    assert put(job, body).status_code == 200


def test_failure_is_taken(agent: Agent, source: DataSource) -> None:
    job = lease(source)
    failure = JobFailure(code="wrong_password", message="No.")
    assert call(f"jobs/{job}/fail", failure).status_code == 204
    assert DiscoveryJob.objects.get().error_code == "wrong_password"
    answer = put(job, body_of(make_table("t")))
    assert (answer.status_code, answer.json()["code"]) == (409, "job_over")


def test_heartbeat_tells_which_jobs_to_stop(agent: Agent, source: DataSource) -> None:
    job = lease(source)
    beat = Heartbeat(version="1", protocol="1.0", agent_time=dt.datetime.now(dt.UTC))
    assert call("heartbeat", beat, HeartbeatReply).cancel == []
    services.request_cancel(job=DiscoveryJob.objects.get())
    assert call("heartbeat", beat, HeartbeatReply).cancel == [job]


@pytest.mark.parametrize(
    "path",
    ["heartbeat", "work", "jobs/{}/open", "jobs/{}/progress", "jobs/{}/close", "jobs/{}/fail",
     "tests/{}/result"],
)  # fmt: skip
def test_door_is_closed_when_the_token_is_wrong(
    agent: Agent, source: DataSource, path: str
) -> None:
    door = path.format(source.public_id)
    for token in ("", "dwa_wrong", "\xe9"):
        answer = call(door, WorkRequest(), token=token)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_unknown")
    Agent.objects.update(revoked_at=timezone.now())
    answer = call(door, WorkRequest())
    assert (answer.status_code, answer.json()["code"]) == (401, "agent_revoked")


def test_door_is_closed_when_a_person_is_signed_in(people: People) -> None:
    client = Client()
    client.force_login(people.ada)
    answer = client.post(f"{API}/work", b'{"wait":0}', content_type="application/json")
    assert answer.status_code == 401


def test_door_is_closed_when_the_protocol_is_another(agent: Agent) -> None:
    answer = call("work", WorkRequest(wait=0), **{"DataWave-Edge": "2.0"})
    assert (answer.status_code, answer.json()["code"]) == (426, "protocol_unsupported")


def test_job_is_not_there_when_it_is_another_agents(agent: Agent, source: DataSource) -> None:
    job = lease(source)
    make_agent("thief", token="dwa_thief", embedded=True)
    for door, message in (
        ("open", OpenStream(agent_time=timezone.now())),
        ("progress", JobProgress()),
        ("fail", JobFailure(code="x", message="x")),
    ):
        assert call(f"jobs/{job}/{door}", message, token="dwa_thief").status_code == 404
    answer = put(job, body_of(make_table("t")), Authorization="Bearer dwa_thief")
    assert answer.status_code == 404
    assert Batch.objects.count() == 0


@pytest.mark.parametrize(
    ("headers", "packed", "status", "code"),
    [
        ({"DataWave-Batch-Sha256": "0" * 64}, None, 400, "hash_mismatch"),
        ({"DataWave-Batch-Sha256": ""}, None, 400, "hash_mismatch"),
        ({"DataWave-Batch-Records": "2"}, None, 400, "hash_mismatch"),
        ({"DataWave-Batch-Records": "²"}, None, 400, "hash_mismatch"),
        ({"DataWave-Batch-Records": "-1"}, None, 400, "hash_mismatch"),
        ({"Content-Encoding": "br"}, None, 415, "encoding_unsupported"),
        ({}, b"no gzip", 400, "gzip_broken"),
        ({"Content-Encoding": "zstd"}, b"no zstd", 400, "zstd_broken"),
        ({}, gzip.compress(b"x", mtime=0)[:-4], 400, "gzip_broken"),
        ({}, gzip.compress(b"x", mtime=0) + b"y", 400, "gzip_broken"),
        ({}, b"x" * (MAX_PACKED_BYTES + 1), 413, "body_too_large"),
        ({}, gzip.compress(b"\x00" * (MAX_BODY_BYTES + 1), mtime=0), 413, "batch_too_large"),
    ],
)
def test_batch_is_refused_when_its_bytes_are_wrong(
    request: pytest.FixtureRequest,
    headers: dict[str, str],
    packed: bytes | None,
    status: int,
    code: str,
) -> None:
    request.getfixturevalue("agent")
    job = lease(request.getfixturevalue("source"))
    answer = put(job, body_of(make_table("t")), packed=packed, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert Batch.objects.count() == 0


def test_batch_is_put_off_when_it_is_too_far_ahead(agent: Agent, source: DataSource) -> None:
    answer = put(lease(source), body_of(make_table("t")), seq=10**30)
    assert (answer.status_code, answer.json()["code"]) == (425, "window_exceeded")
    assert answer["Retry-After"] == "1"


def test_batch_is_set_aside_with_an_ack_when_it_makes_no_sense(
    agent: Agent, source: DataSource
) -> None:
    answer = put(lease(source), body_of(make_table("t", ["a", "a"])))
    ack = decode_message(answer.content, Ack)
    assert (ack.status, ack.acked_seq) == ("quarantined", 0)
    assert ack.rejected[0].startswith("duplicate_column")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"wait":99}', b'{"wait":0,"x":1}', b"\xff"])
def test_message_is_refused_when_it_does_not_fit(agent: Agent, body: bytes) -> None:
    answer = Client().post(
        f"{API}/work",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "schema_invalid")


def test_wrong_method_is_refused(agent: Agent) -> None:
    assert Client().get(f"{API}/work").status_code == 405


def test_no_secret_is_logged_or_answered_when_work_is_handed_out(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    make_agent("embedded", token=TOKEN, embedded=True)
    make_agent("remote", token="dwa_remote")
    source = datasources.add_source(
        user=people.ada, name="billing", engine="mysql", host="db", username="u", password=SECRET
    )
    services.open_job(source=source, settings=RunSettings())
    assert isinstance(call("work", WorkRequest(wait=0), Work, token="dwa_remote"), NoWork)
    work = ask_work()
    assert work.source.password == SECRET
    assert SECRET not in repr(work)
    assert SECRET not in caplog.text
    assert SECRET not in str(list(DiscoveryJob.objects.values()))


def test_agent_is_seen_when_it_asks_for_work(agent: Agent) -> None:
    ask_work()
    agent.refresh_from_db()
    assert agent.last_seen_at is not None


@pytest.fixture
async def fresh_agent(transactional_db: None) -> AsyncIterator[Agent]:
    """The agent, for tests whose views use a thread and a connection of their own."""
    yield await sync_to_async(make_agent)("embedded", token=TOKEN, embedded=True)
    await sync_to_async(connections.close_all)()


async def wait_for_work() -> Any:
    answer = await AsyncClient().post(
        f"{API}/work",
        encode_message(WorkRequest(wait=20)),
        content_type="application/json",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    return decode_message(answer.content, Work)


async def test_wait_ends_at_once_when_work_appears(
    fresh_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the bell this would be found at the next look only, beyond the test's patience.
    monkeypatch.setattr("apps.discovery.edge.LOOK_SECONDS", 15.0)
    source = await sync_to_async(make_source)("crm")
    waiting = asyncio.create_task(wait_for_work())
    while not doorbell._waiting:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    await sync_to_async(services.open_job)(source=source, settings=RunSettings())
    work = await asyncio.wait_for(waiting, 10)
    assert isinstance(work, DiscoveryWork)
    assert not doorbell._waiting


async def test_wait_ends_when_another_process_opened_work(
    fresh_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.discovery.edge.LOOK_SECONDS", 0.1)
    monkeypatch.setattr(doorbell, "ring", lambda: None)
    source = await sync_to_async(make_source)("crm")
    waiting = asyncio.create_task(wait_for_work())
    await asyncio.sleep(0.3)
    await sync_to_async(services.open_job)(source=source, settings=RunSettings())
    assert isinstance(await asyncio.wait_for(waiting, 10), DiscoveryWork)
