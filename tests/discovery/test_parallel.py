"""Many at once: one effect for each batch, one agent for each job."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from apps.discovery import selectors, services
from apps.discovery.models import Batch, BatchItem, Dataset, DiscoveryJob
from datawave_edge.protocol import RunSettings
from tests.factories import make_agent, make_source

from .factories import make_close, make_table, open_stream, send_batch

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 6


def run_at_once(work: Callable[[int], Any]) -> list[Any]:
    def closing(number: int) -> Any:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(closing, range(THREADS)))


def test_batch_has_one_effect_when_it_is_sent_many_times_at_once() -> None:
    job, agent = open_stream(make_source("crm"))
    tables = [make_table(f"t{n}") for n in range(5)]

    def send(_: int) -> str:
        own = DiscoveryJob.objects.get(pk=job.pk)
        return send_batch(own, agent, 0, tables).status

    assert Counter(run_at_once(send)) == {"accepted": 1, "duplicate": THREADS - 1}
    assert (Batch.objects.count(), BatchItem.objects.count()) == (1, 5)
    assert Dataset.objects.count() == 5


def test_nothing_is_lost_when_batches_are_sent_at_once() -> None:
    job, agent = open_stream(make_source("crm"))

    def send(number: int) -> str:
        own = DiscoveryJob.objects.get(pk=job.pk)
        return send_batch(own, agent, number, [make_table(f"t{number}")]).status

    assert run_at_once(send) == ["accepted"] * THREADS
    close = make_close(job, [("main", f"t{n}") for n in range(THREADS)])
    assert services.close_job(job=job, agent=agent, close=close).status == "closed"
    assert selectors.load_balance(job.pk).holds


def test_job_has_one_agent_when_many_ask_at_once() -> None:
    services.open_job(source=make_source("crm"), settings=RunSettings())
    agents = [make_agent(embedded=True) for _ in range(THREADS)]
    leased = run_at_once(lambda number: services.lease_job(agent=agents[number]))
    assert sum(job is not None for job in leased) == 1
    assert DiscoveryJob.objects.get().attempts == 1


def test_job_ends_once_when_closed_and_cancelled_at_once() -> None:
    job, agent = open_stream(make_source("crm"))
    close = make_close(job, [])

    def act(number: int) -> None:
        own = DiscoveryJob.objects.get(pk=job.pk)
        if number % 2:
            services.request_cancel(job=own)
        else:
            services.close_job(job=own, agent=agent, close=close)

    with contextlib.suppress(services.JobOver):
        run_at_once(act)
    job.refresh_from_db()
    assert job.state in ("closed", "cancelled")
    assert job.finished_at is not None
