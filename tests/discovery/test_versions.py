"""Agents and servers of different versions: who is understood, and what is left out."""

from __future__ import annotations

import gzip
import json
from typing import Any

import msgspec
import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.datasources import services as datasources
from apps.datasources.models import Agent, DataSource
from apps.discovery import services
from apps.discovery.models import Dataset
from datawave_edge.protocol import (
    LOWEST_VERSION,
    PROTOCOL_VERSION,
    BatchRejected,
    JobFailure,
    NoWork,
    Opened,
    Record,
    RunSettings,
    TableRecord,
    Work,
    WorkRequest,
    batch_sha256,
    decode_message,
    decode_records,
    encode_message,
    encode_records,
    is_newer,
    parse_version,
)
from tests.factories import make_agent, make_source, make_user

from .factories import as_record, make_failed, make_table

API = "/api/edge/v1"
TOKEN = "dwa_the-token"
NEWER = "1.9"


@pytest.fixture
def agent(db: None) -> Agent:
    return make_agent("embedded", token=TOKEN, embedded=True)


@pytest.fixture
def source(db: None) -> DataSource:
    return make_source("crm")


def post(path: str, message: dict[str, Any], version: str = PROTOCOL_VERSION) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}", "DataWave-Edge": version}
    body = json.dumps(message)
    return Client().post(f"{API}/{path}", body, content_type="application/json", headers=headers)


def put(job: Any, body: bytes, version: str) -> Any:
    return Client().put(
        f"{API}/jobs/{job}/batches/0",
        gzip.compress(body),
        content_type="application/x-ndjson",
        headers={
            "Authorization": f"Bearer {TOKEN}",
            "Content-Encoding": "gzip",
            "DataWave-Edge": version,
            "DataWave-Batch-Sha256": batch_sha256(body),
            "DataWave-Batch-Records": "1",
        },
    )


def open_job(source: DataSource, version: str = PROTOCOL_VERSION, **more: Any) -> Any:
    """Lease a new job and open its stream; the answer."""
    job = services.open_job(source=source, settings=RunSettings())
    post("work", {"wait": 0}, version)
    now = timezone.now().isoformat()
    return job, post(f"jobs/{job.public_id}/open", {"agent_time": now, **more}, version)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.9999"])
def test_agent_is_served_when_its_major_version_is(agent: Agent, version: str) -> None:
    answer = post("work", {"wait": 0}, version)
    assert answer.status_code == 200
    assert answer["DataWave-Edge"] == PROTOCOL_VERSION


@pytest.mark.parametrize(("version", "who"), [("0.9", "agent"), ("2.0", "server")])
def test_agent_is_told_the_lowest_version_when_its_major_is_not_served(
    agent: Agent, version: str, who: str
) -> None:
    answer = post("work", {"wait": 0}, version)
    assert (answer.status_code, answer.json()["code"]) == (426, "protocol_unsupported")
    assert answer["DataWave-Edge-Lowest"] == LOWEST_VERSION
    assert answer["Upgrade"] == f"DataWave-Edge/{PROTOCOL_VERSION}"
    assert answer.json()["hint"].startswith(f"Update the {who}")


@pytest.mark.parametrize("version", ["1", "one", "1.0.0", "-1.0", "1.x", "1.99999", "¹.0", ""])
def test_version_is_refused_when_it_is_none(agent: Agent, version: str) -> None:
    answer = post("work", {"wait": 0}, version)
    assert (answer.status_code, answer.json()["code"]) == (400, "protocol_malformed")


@pytest.fixture
def foreign(db: None) -> DataSource:
    """A source that agents of 1.0 know nothing of."""
    return make_source("plant", engine="sqlalchemy", dialect="elephant", host="db.example.test")


def test_run_says_to_update_the_agent_when_it_is_too_old_for_the_engine(
    agent: Agent, foreign: DataSource
) -> None:
    job = services.open_job(source=foreign, settings=RunSettings())
    assert post("work", {"wait": 0}, "1.0").json() == {"work": "none"}
    job = _reload(job)
    assert (job.state, job.error_code) == ("failed", "agent_outdated")
    assert job.error_message == (
        "The agent is too old for Other (SQLAlchemy): it speaks protocol 1.0."
    )
    assert PROTOCOL_VERSION in job.error_hint


def test_test_says_to_update_the_agent_when_it_is_too_old_for_the_engine(
    agent: Agent, foreign: DataSource
) -> None:
    admin = make_user("root", is_superuser=True)
    test = datasources.request_test(source=foreign, user=admin)
    assert post("work", {"wait": 0, "tests_only": True}, "1.0").json() == {"work": "none"}
    test.refresh_from_db()
    assert test.state == "failed"
    assert [(step["ok"], step["code"]) for step in test.steps] == [(False, "agent_outdated")]


@pytest.mark.parametrize(("version", "engine"), [("1.1", "sqlalchemy"), ("1.0", "sqlite")])
def test_work_is_given_when_the_agent_can_read_it(
    agent: Agent, foreign: DataSource, source: DataSource, version: str, engine: str
) -> None:
    chosen = foreign if engine == "sqlalchemy" else source
    services.open_job(source=chosen, settings=RunSettings())
    told = post("work", {"wait": 0}, version).json()
    assert (told["work"], told["source"]["engine"]) == ("discovery", engine)
    assert told["source"]["dialect"] == chosen.dialect


def test_unknown_field_is_left_out_when_a_newer_agent_sends_it(
    agent: Agent, source: DataSource
) -> None:
    assert post("work", {"wait": 0, "mood": "good"}).status_code == 422
    assert post("work", {"wait": 0, "mood": "good"}, NEWER).status_code == 200


def test_batch_is_taken_in_when_a_newer_agent_tells_more(agent: Agent, source: DataSource) -> None:
    table = make_table("t")
    raw = json.loads(encode_records([as_record(table)]))
    raw["table"]["columns"][0]["collation"] = {"name": [["C"]]}
    raw["table"]["owner"] = "x"
    raw["hint"] = None
    body = json.dumps(raw).encode()

    job, _ = open_job(source)
    assert put(job.public_id, body, PROTOCOL_VERSION).json()["status"] == "quarantined"
    services.fail_job(job=_reload(job), agent=agent, failure=JobFailure(code="x", message="x"))
    job, _ = open_job(source, NEWER)
    assert put(job.public_id, body, NEWER).json()["status"] == "accepted"
    held = Dataset.objects.get().snapshot
    assert held is not None
    assert held.payload == msgspec.to_builtins(table)


def _reload(job: Any) -> Any:
    job.refresh_from_db()
    return job


def test_wrong_type_is_refused_when_the_agent_is_newer(agent: Agent) -> None:
    assert post("work", {"wait": "soon"}, NEWER).status_code == 422


def test_depth_is_bounded_when_the_agent_is_newer(agent: Agent) -> None:
    deep: Any = 0
    for _ in range(13):
        deep = [deep]
    answer = post("work", {"wait": 0, "deep": deep}, NEWER)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_deep")


def test_agent_is_refused_when_it_needs_what_the_server_can_not_do(
    agent: Agent, source: DataSource
) -> None:
    _, answer = open_job(source, NEWER, needs=["gzip", "teleport"])
    assert (answer.status_code, answer.json()["code"]) == (426, "capability_unknown")
    assert "teleport" in answer.json()["detail"]
    assert "gzip" not in answer.json()["detail"]
    assert answer["DataWave-Edge-Lowest"] == LOWEST_VERSION


def test_server_says_what_it_can_when_a_stream_opens(agent: Agent, source: DataSource) -> None:
    _, answer = open_job(source, needs=["gzip"])
    assert "gzip" in decode_message(answer.content, Opened).capabilities


@pytest.mark.parametrize(
    ("version", "newer"),
    [
        ("1.0", False),
        ("1.1", False),
        ("1.2", False),
        ("1.3", True),
        ("2.0", False),
        ("0.9", False),
        ("", False),
    ],
)
def test_newer_is_a_higher_minor_of_the_same_major(version: str, *, newer: bool) -> None:
    assert is_newer(version) is newer


@given(st.text(max_size=12))
def test_version_is_read_or_refused_whatever_is_sent(text: str) -> None:
    parsed = parse_version(text)
    if parsed is not None:
        assert tuple(map(int, text.split("."))) == parsed


def test_work_is_understood_when_a_newer_server_tells_more() -> None:
    plain = {"work": "none", "weather": {"a": [1]}}
    kind: Any = Work
    assert decode_message(json.dumps(plain).encode(), kind, newer=True) == NoWork()
    with pytest.raises(BatchRejected):
        decode_message(json.dumps(plain).encode(), kind)


extra = st.dictionaries(st.sampled_from(["x_one", "x_two"]), st.none() | st.integers() | st.text())


@given(extra, extra, extra)
@settings(max_examples=60, deadline=None)
def test_added_fields_change_nothing_when_they_are_left_out(
    top: dict[str, Any], table: dict[str, Any], column: dict[str, Any]
) -> None:
    record: Record = TableRecord(table=make_table("t", ["a", "b"]))
    raw = json.loads(encode_message(record))
    raw.update(top)
    raw["table"].update(table)
    raw["table"]["columns"][1].update(column)
    text = json.dumps(raw).encode()
    if b"\\u0000" in text:
        return
    assert decode_records(text, newer=True) == [record]


@pytest.mark.parametrize("record", [make_failed("t"), TableRecord(table=make_table("t"))])
def test_own_messages_are_the_same_when_read_as_newer(record: Record) -> None:
    body = encode_records([record])
    assert decode_records(body, newer=True) == decode_records(body) == [record]


def test_request_is_the_same_when_read_as_newer() -> None:
    raw = encode_message(WorkRequest(wait=3, tests_only=True))
    assert decode_message(raw, WorkRequest, newer=True) == WorkRequest(wait=3, tests_only=True)
