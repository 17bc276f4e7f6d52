"""An agent that takes a job over from another goes on where that one was lost."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.datasources.models import Agent, DataSource
from apps.discovery import selectors, services
from apps.discovery.models import BatchItem, Dataset, DiscoveryJob
from datawave_edge.protocol import Opened, RunSettings
from tests.factories import make_agent

from .factories import (
    make_close,
    make_failed,
    make_filtered,
    make_table,
    make_unchanged,
    open_stream,
    send_batch,
)

TABLES = [make_table(f"t{n}") for n in range(5)]


@pytest.fixture
def first(source: DataSource) -> Agent:
    """The agent that has the job."""
    return make_agent("first", embedded=True)


@pytest.fixture
def second(source: DataSource) -> Agent:
    """Another agent that serves the source."""
    return make_agent("second", embedded=True)


def lose(job: DiscoveryJob) -> None:
    """Its agent falls silent."""
    past = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    DiscoveryJob.objects.filter(pk=job.pk).update(lease_until=past)
    assert services.release_lost_jobs() == 1


def take_up(job: DiscoveryJob, agent: Agent) -> Opened:
    leased = services.lease_job(agent=agent)
    assert leased == job
    assert leased is not None
    return services.open_stream(job=leased, agent=agent, agent_time=dt.datetime.now(dt.UTC))


def test_agent_is_told_what_is_read_when_another_was_lost(
    source: DataSource, first: Agent, second: Agent
) -> None:
    job, _ = open_stream(source, agent=first)
    send_batch(job, first, 0, [TABLES[0], make_failed("locked"), make_filtered("tmp")])
    send_batch(job, first, 1, [make_table("t", container="other"), TABLES[1]])
    lose(job)
    opened = take_up(job, second)
    assert opened.told == {"main": ["t0", "t1"], "other": ["t"]}


def test_nothing_is_told_when_only_an_earlier_job_read_it(source: DataSource, first: Agent) -> None:
    job, _ = open_stream(source, agent=first)
    send_batch(job, first, 0, TABLES)
    services.close_job(job=job, agent=first, close=make_close(job, [("main", "t0")]))
    job = services.open_job(source=source, settings=RunSettings())
    assert take_up(job, first).told == {}


def test_stream_closes_when_the_lost_agent_left_a_gap(
    source: DataSource, first: Agent, second: Agent
) -> None:
    """Batch 2 was under way beside batch 1, which never arrived."""
    job, _ = open_stream(source, agent=first)
    send_batch(job, first, 0, [TABLES[0]])
    send_batch(job, first, 2, [TABLES[2]])
    send_batch(job, first, 4, [TABLES[4]])
    lose(job)
    opened = take_up(job, second)
    assert (opened.resume_seq, len(opened.hashes)) == (5, 5)
    assert opened.told == {"main": ["t0", "t2", "t4"]}
    assert send_batch(job, second, 5, [TABLES[1], TABLES[3]]).status == "accepted"
    close = make_close(job, [("main", table.name) for table in TABLES], complete=True)
    assert services.close_job(job=job, agent=second, close=close).status == "closed"
    assert selectors.load_balance(job.pk).holds
    assert Dataset.objects.filter(state="active").count() == len(TABLES)
    assert BatchItem.objects.count() == len(TABLES)


def test_gap_waits_for_its_batch_when_the_same_agent_comes_back(
    source: DataSource, first: Agent
) -> None:
    job, _ = open_stream(source, agent=first)
    send_batch(job, first, 1, [TABLES[1]])
    opened = take_up(job, first)
    assert (opened.resume_seq, opened.told) == (0, {})
    assert send_batch(job, first, 0, [TABLES[0]]).acked_seq == 1


def test_table_is_taken_again_when_the_second_agent_could_read_it(
    source: DataSource, first: Agent, second: Agent
) -> None:
    job, _ = open_stream(source, agent=first)
    send_batch(job, first, 0, [TABLES[0], make_failed("t1")])
    lose(job)
    take_up(job, second)
    send_batch(job, second, 1, [TABLES[1], make_unchanged(TABLES[0])])
    close = make_close(job, [("main", "t0"), ("main", "t1")], complete=True)
    services.close_job(job=job, agent=second, close=close)
    balance = selectors.load_balance(job.pk)
    assert (balance.failed, balance.stored + balance.unchanged, balance.holds) == (0, 2, True)
