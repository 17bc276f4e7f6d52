"""Agents hear with each batch how fast more may come: the longer the queue, the slower."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from apps.datasources.models import Agent, DataSource
from apps.discovery import pressure, services, stages
from apps.discovery.models import DiscoveryJob
from apps.discovery.pressure import COUNTED, EASY, FULL, PAUSE_MOST, pace_for
from datawave_edge.protocol import WINDOW, batch_sha256, encode_records
from tests.factories import make_agent, make_source

from .factories import as_record, make_table, open_stream

TOKEN = "dwa_pressed"
WINDOW_HEADER = "DataWave-Edge-Window"


class Queue:
    """Work that waits, as an app above tells it."""

    def __init__(self) -> None:
        self.waiting = 0
        self.asked: list[int] = []
        self.broken = False

    def count(self, most: int) -> int:
        self.asked.append(most)
        if self.broken:
            raise DatabaseError
        return min(most, self.waiting)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    queue = Queue()
    monkeypatch.setattr(stages, "_backlogs", [queue.count])
    monkeypatch.setattr(pressure, "_counted", (-math.inf, 0))
    return queue


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts are made for each batch."""
    monkeypatch.setattr(pressure, "KEPT_SECONDS", 0.0)


@pytest.fixture
def agent(db: None) -> Agent:
    cache.clear()
    return make_agent("pressed", token=TOKEN, embedded=True)


@pytest.fixture
def source(db: None) -> DataSource:
    return make_source("crm")


@pytest.fixture
def put(agent: Agent, source: DataSource) -> Callable[[int], HttpResponse]:
    """Sends a batch of that number."""
    job: DiscoveryJob = open_stream(source, agent=agent)[0]

    def send(seq: int, sha256: str = "") -> HttpResponse:
        body = encode_records([as_record(make_table(f"t{seq}"))])
        headers = {
            "Authorization": f"Bearer {TOKEN}",
            "Content-Encoding": "identity",
            "DataWave-Batch-Sha256": sha256 or batch_sha256(body),
            "DataWave-Batch-Records": "1",
        }
        address = f"/api/edge/v1/jobs/{job.public_id}/batches/{seq}"
        return Client().put(address, body, content_type="application/x-ndjson", headers=headers)

    return send


@pytest.mark.parametrize(
    ("waiting", "window", "pause"),
    [
        (0, WINDOW, 0),
        (EASY, WINDOW, 0),
        ((EASY + FULL) // 2, WINDOW // 2, 0),
        (FULL, 1, 0),
        (FULL + 1, 1, 1),
        (COUNTED, 1, PAUSE_MOST),
        (10**9, 1, PAUSE_MOST),
    ],
)
def test_pace_follows_what_waits(waiting: int, window: int, pause: int) -> None:
    assert pace_for(waiting) == (window, pause)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_pace_never_rises_when_more_waits(one: int, other: int) -> None:
    fewer, more = pace_for(min(one, other)), pace_for(max(one, other))
    assert fewer.window >= more.window >= 1
    assert fewer.pause <= more.pause <= PAUSE_MOST


@pytest.mark.usefixtures("fresh")
def test_answer_tells_the_pace_when_a_batch_is_taken(
    queue: Queue, put: Callable[..., HttpResponse]
) -> None:
    answers = []
    for seq, queue.waiting in enumerate((0, FULL, FULL + 500)):
        answers.append(put(seq))
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer[WINDOW_HEADER] for answer in answers] == [str(WINDOW), "1", "1"]
    assert [answer.get("Retry-After") for answer in answers] == [None, None, "3"]


@pytest.mark.usefixtures("fresh")
def test_refusal_tells_how_long_to_wait_when_much_waits(
    queue: Queue, put: Callable[..., HttpResponse], agent: Agent
) -> None:
    queue.waiting = COUNTED
    put(0)
    cache.set(f"edge:put_batch:{agent.public_id}", 40)
    answer = put(1)
    assert (answer.status_code, answer["Retry-After"]) == (429, str(PAUSE_MOST))
    assert WINDOW_HEADER not in answer


@pytest.mark.usefixtures("fresh")
def test_stream_opens_narrow_when_much_waits(
    queue: Queue, agent: Agent, source: DataSource
) -> None:
    job = open_stream(source, agent=agent)[0]
    queue.waiting = FULL
    opened = services.open_stream(job=job, agent=agent, agent_time=timezone.now())
    assert opened.window == 1


def test_one_count_serves_many_batches(queue: Queue, put: Callable[..., HttpResponse]) -> None:
    for seq in range(5):
        assert put(seq).status_code == 200
    assert queue.asked == [COUNTED]


@pytest.mark.usefixtures("fresh")
def test_batch_is_taken_when_the_queue_cannot_be_counted(
    queue: Queue, put: Callable[..., HttpResponse]
) -> None:
    queue.waiting = FULL
    put(0)
    queue.broken = True
    answer = put(1)
    assert (answer.status_code, answer[WINDOW_HEADER]) == (200, "1")


@pytest.mark.django_db
def test_nothing_is_asked_when_the_pause_is_recalled(
    queue: Queue, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert pressure.recall_pause() == 0
    assert queue.asked == []
