"""The server is set back to a backup: agents send again what it lost, and it catches up."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from apps.discovery import services
from apps.discovery.models import Batch, Dataset, DiscoveryJob, Field
from apps.discovery.types import JobState
from datawave_edge import flight
from datawave_edge.config import AgentConfig
from datawave_edge.discovery import run_discovery
from datawave_edge.outbox import Outbox
from datawave_edge.protocol import Ack, ConnectionSpec, DiscoveryWork, RunSettings
from datawave_edge.stream import JobStream
from datawave_edge.transport import Transport
from tests.factories import make_agent, make_source

from .conftest import sqlite_spec

TOKEN = "dwa_restore"
TABLES = 24


@pytest.fixture
def database(tmp_path: Path) -> ConnectionSpec:
    path = tmp_path / "source.db"
    with sqlite3.connect(path) as source:
        for number in range(TABLES):
            source.execute(f"CREATE TABLE t{number:02} (id INTEGER PRIMARY KEY, c{number} TEXT)")
    return sqlite_spec(path)


class Backed(Transport):
    """A way out that calls back once the server has taken so many batches."""

    taken = 0
    after = -1
    call: Callable[[], Any] = staticmethod(lambda: None)

    def put_batch(self, job: str, seq: int, sha: str, packed: bytes, records: int) -> Ack:
        ack = super().put_batch(job, seq, sha, packed, records)
        self.taken += 1
        if self.taken == self.after:
            self.call()
        return ack


def read_catalogue() -> set[tuple[Any, ...]]:
    """What readers see, without ids and times."""
    rows = Field.objects.values_list(
        "dataset__container", "dataset__name", "dataset__state", "dataset__content_hash",
        "name", "ordinal", "type", "state",
    )  # fmt: skip
    return set(rows)


def restore(backup: str) -> None:
    """Bring the database to the state of the backup."""
    call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
    connection.creation.deserialize_db_from_string(backup)
    cache.clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [1, 4, TABLES // 2])
def test_catalogue_catches_up_when_the_server_was_restored(
    live_server: Any,
    tmp_path: Path,
    database: ConnectionSpec,
    after: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The threads of the tests' own server share one connection to a database in memory.
    monkeypatch.setattr(flight, "MOST_UNDER_WAY", 1)
    agent = make_agent("embedded", token=TOKEN, embedded=True)
    job = services.open_job(source=make_source("crm"), settings=RunSettings())
    spool = tmp_path / "spool"
    config = AgentConfig(server=live_server.url, token=TOKEN, spool=spool, embedded=True)
    outbox = Outbox(spool)
    backups: list[str] = []

    def discover(transport: Backed) -> None:
        assert services.lease_job(agent=agent) == job
        work = DiscoveryWork(
            job=str(job.public_id),
            source=database,
            settings=RunSettings(tables_per_batch=2),
            lease_seconds=60,
        )
        run_discovery(work, JobStream(work, transport, outbox), outbox)

    first = Backed(config, outbox.note_sent)
    first.after = after
    first.call = lambda: backups.append(connection.creation.serialize_db_to_string())
    discover(first)
    job.refresh_from_db()
    assert (job.state, job.batches.count()) == (JobState.CLOSED, TABLES // 2)
    whole = read_catalogue()
    hashes = list(Batch.objects.order_by("seq").values_list("sha256", flat=True))

    restore(backups[0])
    held = Batch.objects.count()
    assert held <= after
    assert DiscoveryJob.objects.get().state == JobState.STREAMING
    job.refresh_from_db()
    agent.refresh_from_db()

    second = Backed(config, outbox.note_sent)
    discover(second)
    job.refresh_from_db()
    assert job.state == JobState.CLOSED
    assert read_catalogue() == whole
    # The very batches came again, and no table was read a second time.
    assert list(Batch.objects.order_by("seq").values_list("sha256", flat=True)) == hashes
    assert second.taken == TABLES // 2 - held
    assert Dataset.objects.count() == TABLES
    outbox.close()
