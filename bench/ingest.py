"""Taking in batches through the door for agents, beside a floor: the same rows in bulk, no more.

`python -m bench.ingest` uses the database of the environment (`DATABASE_URL`, else SQLite in a new
file). Prints columns per second of both, and how long batches take when many agents stream at once.
The whole door is paid for: HTTP, unpacking, hash, shape, sense, ledger, rows and events.
"""

from __future__ import annotations

import gzip
import logging
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

TABLES, COLUMNS, PER_BATCH = 400, 25, 40
STREAMS, STREAM_BATCHES = 32, 2
BUSY: list[int] = []


def main() -> None:
    """Measure in a database of its own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    if not os.environ.get("DATABASE_URL"):
        home = tempfile.mkdtemp(prefix="bench-ingest-")
        os.environ["DATAWAVE_HOME"] = home
    import django

    django.setup()
    # A batch that is put off is counted below.
    logging.disable(logging.ERROR)
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    created = _make_database()
    try:
        _measure()
    finally:
        created()
        teardown_test_environment()


def _make_database() -> Any:
    from django.db import connection

    # A file: threads of one process can't share a database in memory as servers share one.
    if connection.vendor == "sqlite":
        name = tempfile.mktemp(suffix=".sqlite3")
        connection.settings_dict["TEST"]["NAME"] = name
    old = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, serialize=False)
    return lambda: connection.creation.destroy_test_db(old, verbosity=0)


def _measure() -> None:
    from django.db import connection

    columns = TABLES * COLUMNS
    floor = _time(_insert_plainly)
    job = _open("ours")
    ours = _time(lambda: _stream("ours", job, TABLES // PER_BATCH))
    print(f"{connection.vendor}: {columns:,} columns in batches of {PER_BATCH} tables")
    print(f"  floor, plain bulk inserts {columns / floor:10,.0f} columns/s")
    print(f"  through the door          {columns / ours:10,.0f} columns/s")
    print(f"  ratio                     {ours / floor:10.1f} times the floor")
    repeat = _open("ours")
    again = _time(lambda: _stream("ours", repeat, TABLES // PER_BATCH))
    print(f"  the same, nothing changed {columns / again:10,.0f} columns/s")
    _measure_many()


def _time(work: Any) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _make_tables(prefix: str, count: int) -> list[Any]:
    from tests.discovery.factories import make_table

    names = [f"column_{number}" for number in range(COLUMNS)]
    return [make_table(f"{prefix}_{number}", names) for number in range(count)]


def _insert_plainly() -> None:
    """The rows that the same tables end up as, with as few statements as there can be."""
    import msgspec
    from django.db import transaction
    from django.utils import timezone

    from apps.discovery.models import Dataset, Field, TableSnapshot
    from tests.factories import make_source

    source = make_source("floor")
    for start in range(0, TABLES, PER_BATCH):
        tables = _make_tables(f"floor{start}", PER_BATCH)
        with transaction.atomic():
            datasets = Dataset.objects.bulk_create(
                Dataset(source=source, container="main", name=table.name, kind=table.kind)
                for table in tables
            )
            pairs = list(zip(datasets, tables, strict=True))
            Field.objects.bulk_create(
                Field(dataset=d, name=c.name, ordinal=c.ordinal, native_type="TEXT", type=c.type)
                for d, t in pairs
                for c in t.columns
            )
            TableSnapshot.objects.bulk_create(
                TableSnapshot(
                    dataset=d,
                    content_hash=t.content_hash,
                    payload=msgspec.to_builtins(t),
                    valid_from=timezone.now(),
                )
                for d, t in pairs
            )


def _open(name: str) -> str:
    """The id of a stream that is open, of an agent and a source of that name."""
    from apps.datasources.models import Agent, DataSource
    from apps.discovery import services
    from apps.discovery.models import DiscoveryJob
    from datawave_edge.protocol import RunSettings
    from tests.discovery.factories import open_stream
    from tests.factories import make_agent, make_source

    agent = Agent.objects.filter(name=name).first() or make_agent(name, token=f"dwa_{name}")
    held = DataSource.objects.filter(name=name).first() or make_source(name, agent=agent)
    for old in DiscoveryJob.objects.filter(source=held):
        services.request_cancel(job=old)
        old.delete()
    job = services.open_job(source=held, settings=RunSettings())
    opened, _ = open_stream(held, job=job, agent=agent)
    return str(opened.public_id)


def _stream(name: str, job: str, batches: int) -> list[float]:
    """Seconds that each batch of a stream took."""
    from django.db import connections

    took = [_put(name, job, seq) for seq in range(batches)]
    connections.close_all()
    return took


def _put(name: str, job: str, seq: int) -> float:
    from django.core.cache import cache
    from django.test import Client

    from datawave_edge.protocol import batch_sha256, encode_records
    from tests.discovery.factories import as_record

    body = encode_records([as_record(t) for t in _make_tables(f"{name}{seq}", PER_BATCH)])
    packed = gzip.compress(body, mtime=0)
    headers = {
        "Authorization": f"Bearer dwa_{name}",
        "Content-Encoding": "gzip",
        "DataWave-Batch-Sha256": batch_sha256(body),
        "DataWave-Batch-Records": str(PER_BATCH),
    }
    begin = time.perf_counter()
    address = f"/api/edge/v1/jobs/{job}/batches/{seq}"
    while True:
        cache.clear()
        answer = Client().put(address, packed, content_type="application/x-ndjson", headers=headers)
        if answer.status_code != 503:
            break
        BUSY.append(seq)
    took = time.perf_counter() - begin
    if answer.status_code != 200:
        raise SystemExit(f"Refused: {answer.content.decode()}")
    return took


def _measure_many() -> None:
    """Many streams at once: each batch waits its turn at the database."""
    names = [f"agent{number}" for number in range(STREAMS)]
    jobs = [_open(name) for name in names]
    begin = time.perf_counter()
    with ThreadPoolExecutor(STREAMS) as pool:
        runs = list(pool.map(_stream, names, jobs, [STREAM_BATCHES] * STREAMS))
    seconds = time.perf_counter() - begin
    took = sorted(each for run in runs for each in run)
    columns = len(took) * PER_BATCH * COLUMNS
    p99 = took[max(0, round(len(took) * 0.99) - 1)]
    print(f"  {STREAMS} streams at once        {columns / seconds:10,.0f} columns/s")
    print(f"  one batch: median {statistics.median(took):.2f} s, p99 {p99:.2f} s")
    print(f"  put off with 503 and sent again: {len(BUSY)} times")


if __name__ == "__main__":
    main()
