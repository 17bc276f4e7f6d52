"""How a stream is opened, opened again, followed and closed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.utils import timezone

from apps.datasources.models import Agent, DataSource
from apps.discovery import services, signals
from apps.discovery.models import Dataset
from datawave_edge.protocol import (
    JobProgress,
    LogLine,
    RunSettings,
)
from tests.factories import make_agent

from .factories import (
    feed_job,
    make_close,
    make_table,
    open_stream,
    send_batch,
)

pytestmark = pytest.mark.django_db


def test_known_hashes_are_told_when_a_stream_opens(source: DataSource) -> None:
    table = make_table("t")
    feed_job(source, [table])
    job = services.open_job(source=source, settings=RunSettings())
    agent = Agent.objects.get()
    services.lease_job(agent=agent)
    opened = services.open_stream(job=job, agent=agent, agent_time=timezone.now())
    assert opened.known == {"main": {"t": table.content_hash}}
    assert (opened.resume_seq, opened.hashes) == (0, [])


def test_stream_goes_on_where_it_stopped_when_opened_again(source: DataSource) -> None:
    job, agent = open_stream(source)
    send_batch(job, agent, 0, [make_table("a")])
    send_batch(job, agent, 2, [make_table("c")])
    opened = services.open_stream(job=job, agent=agent, agent_time=timezone.now())
    assert opened.resume_seq == 1
    assert opened.hashes == [job.batches.get(seq=0).sha256]


def test_close_asks_for_what_is_missing(source: DataSource) -> None:
    job, agent = open_stream(source)
    send_batch(job, agent, 0, [make_table("a")])
    send_batch(job, agent, 3, [make_table("d")])
    ack = services.close_job(job=job, agent=agent, close=make_close(job, []))
    assert (ack.status, ack.missing) == ("missing", [1, 2])
    job.refresh_from_db()
    assert job.state == "streaming"


def test_close_is_refused_when_the_batches_are_not_those_sent(source: DataSource) -> None:
    job, agent = open_stream(source)
    send_batch(job, agent, 0, [make_table("a")])
    close = msgspec.structs.replace(make_close(job, []), root_hash="0" * 64)
    with pytest.raises(services.RootHashMismatch):
        services.close_job(job=job, agent=agent, close=close)


def test_close_is_answered_again_when_the_answer_was_lost(source: DataSource) -> None:
    job, agent = open_stream(source)
    close = make_close(job, [])
    for _ in range(2):
        assert services.close_job(job=job, agent=agent, close=close).status == "closed"
    with pytest.raises(services.JobOver):
        send_batch(job, agent, 0, [make_table("late")])


def test_nothing_is_taken_from_an_agent_without_the_lease(source: DataSource) -> None:
    job, _ = open_stream(source)
    thief = make_agent("thief", embedded=True)
    with pytest.raises(services.LeaseLost):
        send_batch(job, thief, 0, [make_table("t")])
    assert Dataset.objects.count() == 0


def test_progress_is_noted_and_log_is_passed_on(
    source: DataSource, django_capture_on_commit_callbacks: Any
) -> None:
    job, agent = open_stream(source)
    heard: list[Any] = []
    listen = lambda sender, **facts: heard.append(facts["lines"])  # noqa: E731  # a receiver in a line
    signals.job_logged.connect(listen, weak=False)
    line = LogLine(level="info", message="Profiled t", at=timezone.now())
    progress = JobProgress(listed=5, done=2, current="main.t", log=[line])
    try:
        with django_capture_on_commit_callbacks(execute=True):
            directive = services.record_progress(job=job, agent=agent, progress=progress)
    finally:
        signals.job_logged.disconnect(listen)
    job.refresh_from_db()
    assert (job.listed, job.done, job.current) == (5, 2, "main.t")
    assert heard == [[("info", "Profiled t")]]
    assert not directive.cancel
