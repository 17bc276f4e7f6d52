"""The server is set back to a backup: agents send again what it lost, and it catches up."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from apps.datasources.models import Agent
from apps.discovery import services
from apps.discovery.models import Batch, Dataset, DiscoveryJob, Field
from apps.discovery.types import JobState
from datawave_edge import flight
from datawave_edge import outbox as outbox_module
from datawave_edge.config import AgentConfig
from datawave_edge.connectors import TableShape
from datawave_edge.connectors.sqlite import SqliteConnector
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


@dataclass
class Site:
    """A server, a job and an agent that may discover again and again."""

    config: AgentConfig
    outbox: Outbox
    agent: Agent
    job: DiscoveryJob
    database: ConnectionSpec

    def discover(self, transport: Backed) -> Backed:
        assert services.lease_job(agent=self.agent) == self.job
        work = DiscoveryWork(
            job=str(self.job.public_id),
            source=self.database,
            settings=RunSettings(tables_per_batch=2),
            lease_seconds=60,
        )
        run_discovery(work, JobStream(work, transport, self.outbox), self.outbox)
        self.job.refresh_from_db()
        return transport

    def connect(self) -> Backed:
        return Backed(self.config, self.outbox.note_sent)

    def discover_with_backup(self, after: int) -> str:
        """Discover it all; gives the backup that was made meanwhile."""
        backups: list[str] = []
        transport = self.connect()
        transport.after = after
        transport.call = lambda: backups.append(connection.creation.serialize_db_to_string())
        self.discover(transport)
        assert (self.job.state, self.job.batches.count()) == (JobState.CLOSED, TABLES // 2)
        return backups[0]

    def restore(self, backup: str) -> int:
        """Set the server back; gives how many batches it still holds."""
        restore(backup)
        self.job.refresh_from_db()
        self.agent.refresh_from_db()
        assert self.job.state == JobState.STREAMING
        return self.job.batches.count()


@pytest.fixture
def site(
    live_server: Any, tmp_path: Path, database: ConnectionSpec, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    # The threads of the tests' own server share one connection to a database in memory.
    monkeypatch.setattr(flight, "MOST_UNDER_WAY", 1)
    spool = tmp_path / "spool"
    outbox = Outbox(spool)
    yield Site(
        AgentConfig(server=live_server.url, token=TOKEN, spool=spool, embedded=True),
        outbox,
        make_agent("embedded", token=TOKEN, embedded=True),
        services.open_job(source=make_source("crm"), settings=RunSettings()),
        database,
    )
    outbox.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [1, 4, TABLES // 2])
def test_catalogue_catches_up_when_the_server_was_restored(site: Site, after: int) -> None:
    backup = site.discover_with_backup(after)
    whole = read_catalogue()
    hashes = list(Batch.objects.order_by("seq").values_list("sha256", flat=True))
    held = site.restore(backup)
    assert held <= after
    second = site.discover(site.connect())
    assert site.job.state == JobState.CLOSED
    assert read_catalogue() == whole
    # The very batches came again, and no table was read a second time.
    assert list(Batch.objects.order_by("seq").values_list("sha256", flat=True)) == hashes
    assert second.taken == TABLES // 2 - held
    assert Dataset.objects.count() == TABLES


@pytest.mark.django_db(transaction=True)
def test_person_is_told_and_resuming_mends_it_when_the_backup_is_older_than_what_is_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "LEDGER_BYTES", 0)
    backup = site.discover_with_backup(4)
    whole = read_catalogue()
    held = site.restore(backup)
    site.discover(site.connect())
    assert (site.job.state, site.job.error_code) == (JobState.FAILED, "spool_lost")
    assert "no longer keeps" in site.job.error_message
    assert "Resume" in site.job.error_hint
    assert read_catalogue() < whole

    services.resume_job(job=site.job, settings=RunSettings())
    services.release_job(job=site.job)
    read: list[str] = []
    real = SqliteConnector.sample

    def note(connector: SqliteConnector, shape: TableShape, limit: int) -> Any:
        read.append(shape.ref.name)
        return real(connector, shape, limit)

    monkeypatch.setattr(SqliteConnector, "sample", note)
    site.discover(site.connect())
    assert site.job.state == JobState.CLOSED
    assert read_catalogue() == whole
    # What the server holds is not read again.
    assert len(read) == len(set(read)) == TABLES - held * 2
