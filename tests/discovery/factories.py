"""Builds what agents send, and feeds it through the services as an agent would."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from apps.datasources.models import Agent, DataSource
from apps.discovery import services
from apps.discovery.models import Batch, DiscoveryJob
from datawave_edge.protocol import (
    Ack,
    ColumnProfile,
    ColumnSnapshot,
    ContainerListing,
    FailedRecord,
    FilteredRecord,
    JobClose,
    Load,
    PathSnapshot,
    Record,
    RunSettings,
    SourceFacts,
    TableRecord,
    TableSnapshot,
    UnchangedRecord,
    batch_sha256,
    encode_message,
    encode_records,
    root_hash,
)
from tests.factories import make_agent

NOBODY = "0" * 64


def make_profile(**fields: Any) -> ColumnProfile:
    """A profile over 100 sampled rows without nulls; `hits` and the rest as given."""
    values: dict[str, Any] = {"rows": 100, "nulls": 0, **fields}
    values.setdefault("distinct", values["rows"] - values["nulls"])
    return ColumnProfile(**values)


def make_column(
    name: str,
    type: str = "text",  # noqa: A002  # the field's own name
    *,
    hits: dict[str, float] | None = None,
    mentions: dict[str, float] | None = None,
    profile: ColumnProfile | None = None,
    **fields: Any,
) -> ColumnSnapshot:
    """A column; `hits` (recogniser -> share) makes it a profile, ordinal 0 is filled by the table.

    `key_position=1` makes it the primary key.
    """
    if profile is None:
        profile = make_profile(hits=hits or {}, mentions=mentions or {})
    values: dict[str, Any] = {"ordinal": 0, "native_type": type.upper(), **fields}
    return ColumnSnapshot(name=name, type=type, profile=profile, **values)


def make_table(
    name: str,
    columns: Sequence[str | ColumnSnapshot] | None = None,
    *,
    container: str = "main",
    **fields: Any,
) -> TableSnapshot:
    """A table of columns (names or make_column(...)), by default `id` (primary key) and `name`."""
    parts = (
        columns if columns is not None else [make_column("id", "integer", key_position=1), "name"]
    )
    whole = [part if isinstance(part, ColumnSnapshot) else make_column(part) for part in parts]
    placed = [
        msgspec.structs.replace(column, ordinal=column.ordinal or place)
        for place, column in enumerate(whole, start=1)
    ]
    values: dict[str, Any] = {"kind": "table", "row_count": 100, "row_count_exact": True, **fields}
    table = TableSnapshot(
        container=container, name=name, columns=placed, content_hash=NOBODY, **values
    )
    return seal_table(table)


def make_path(column: str, path: str, *, hits: dict[str, float] | None = None) -> PathSnapshot:
    """A path of texts that every document of a column has."""
    return PathSnapshot(
        column=column,
        path=path,
        native_type="json string",
        type="text",
        rate=1.0,
        profile=make_profile(hits=hits or {}),
    )


def seal_table(table: TableSnapshot) -> TableSnapshot:
    """The table with a hash that fits its content."""
    blank = msgspec.structs.replace(table, content_hash=NOBODY)
    digest = hashlib.sha256(encode_message(blank)).hexdigest()
    return msgspec.structs.replace(table, content_hash=digest)


def make_unchanged(table: TableSnapshot) -> UnchangedRecord:
    """What an agent sends for a table that the server already holds."""
    return UnchangedRecord(
        container=table.container, name=table.name, content_hash=table.content_hash
    )


def make_failed(name: str, *, container: str = "main", code: str = "no_grant") -> FailedRecord:
    """What an agent sends for a table that it may not read."""
    return FailedRecord(container=container, name=name, code=code, message="May not be read.")


def make_filtered(name: str, *, container: str = "main") -> FilteredRecord:
    """What an agent sends for a table that a pattern leaves out."""
    return FilteredRecord(container=container, name=name)


def as_record(item: TableSnapshot | Record) -> Record:
    """Tables become table records; records stay."""
    return TableRecord(table=item) if isinstance(item, TableSnapshot) else item


def name_of(record: Record) -> tuple[str, str]:
    """Container and name of the dataset that a record is about."""
    part = record.table if isinstance(record, TableRecord) else record
    return part.container, part.name


def find_agent_of(source: DataSource) -> Agent:
    """The agent that serves the source: its own, or the embedded one."""
    if source.agent is not None:
        return source.agent
    return Agent.objects.filter(embedded=True).first() or make_agent("embedded", embedded=True)


def open_stream(
    source: DataSource, *, job: DiscoveryJob | None = None, agent: Agent | None = None
) -> tuple[DiscoveryJob, Agent]:
    """A job (new, or the given one) that its agent has leased and opened."""
    agent = agent or find_agent_of(source)
    job = job or services.open_job(source=source, settings=RunSettings())
    leased = services.lease_job(agent=agent)
    assert leased is not None
    assert leased.pk == job.pk
    services.open_stream(job=leased, agent=agent, agent_time=dt.datetime.now(dt.UTC))
    return leased, agent


def send_batch(
    job: DiscoveryJob, agent: Agent, seq: int, records: Iterable[TableSnapshot | Record]
) -> Ack:
    """Send one batch of tables or records."""
    whole = [as_record(item) for item in records]
    return send_body(job, agent, seq, encode_records(whole), len(whole))


def send_body(job: DiscoveryJob, agent: Agent, seq: int, body: bytes, records: int) -> Ack:
    """Send one batch of raw bytes."""
    return services.accept_batch(
        job=job,
        agent=agent,
        seq=seq,
        sha256=batch_sha256(body),
        records=records,
        body=body,
        packed_bytes=len(body),
    )


def make_close(
    job: DiscoveryJob,
    names: Iterable[tuple[str, str]],
    *,
    authoritative: bool = True,
    complete: bool = False,
) -> JobClose:
    """The close of a stream whose batches are all in the ledger; the source lists those names."""
    batches = list(job.batches.order_by("seq"))
    tables: dict[str, int] = {"main": 0}
    for container, _ in (listed := list(names)):
        tables[container] = tables.get(container, 0) + 1
    return JobClose(
        last_seq=batches[-1].seq if batches else -1,
        root_hash=root_hash([batch.sha256 for batch in batches]),
        containers=[
            ContainerListing(name=container, authoritative=authoritative, tables=count)
            for container, count in tables.items()
        ],
        seen=len(listed),
        load=Load(queries=3, rows_read=100, seconds=0.1),
        facts=SourceFacts(server_version="3.45"),
        complete=complete,
    )


def feed_job(
    source: DataSource,
    tables: Sequence[TableSnapshot | Record],
    *,
    run: Any = None,
    tables_per_batch: int = 8,
    close: bool = True,
    authoritative: bool = True,
    complete: bool = False,
) -> tuple[DiscoveryJob, list[Batch]]:
    """Run a whole stream: lease (the run's job, or a new one), batches, close.

    `tables` may also hold records: make_unchanged(...), make_failed(...), make_filtered(...).
    """
    job, agent = open_stream(source, job=run.job if run is not None else None)
    records = [as_record(item) for item in tables]
    for seq, start in enumerate(range(0, len(records), tables_per_batch)):
        ack = send_batch(job, agent, seq, records[start : start + tables_per_batch])
        assert ack.status == "accepted", ack.rejected
    if close:
        names = map(name_of, records)
        message = make_close(job, names, authoritative=authoritative, complete=complete)
        assert services.close_job(job=job, agent=agent, close=message).status == "closed"
    job.refresh_from_db()
    return job, list(job.batches.order_by("seq"))
