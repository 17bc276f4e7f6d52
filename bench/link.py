"""Batches over a link, one at a time and as many as pay, with and without latency.

`python -m bench.link` starts a server, on SQLite and where there is one on PostgreSQL, and lets an
agent's sender empty a full spool through the proxy of the fault tests. Latencies are means
there and back. Prints columns per second, and how many batches were under way at most.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg

from bench.ingest import _time as measure_time
from datawave_edge import flight
from datawave_edge.config import AgentConfig
from datawave_edge.outbox import Outbox
from datawave_edge.protocol import ConnectionSpec, DiscoveryWork, RunSettings
from datawave_edge.stream import JobStream
from datawave_edge.transport import Transport
from tests.faults.harness.proxy import Proxy
from tests.live import ROOT, LiveServer
from tests.servers import find_postgres

BATCHES, COLUMNS = 40, 20
TABLES = (10, 50)
LATENCIES = (0.0, 0.05, 0.2)
OPEN = """
from apps.discovery import services
from datawave_edge.protocol import RunSettings
from tests.discovery.factories import open_stream
from tests.factories import make_agent, make_source
agent = make_agent(name, token="dwa_" + name)
source = make_source(name, agent=agent)
job = services.open_job(source=source, settings=RunSettings())
open_stream(source, job=job, agent=agent)
print("JOB", job.public_id)
"""


def main() -> None:
    """Measure on each database there is."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    measure("sqlite")
    if url := find_postgres():
        name = f"link_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}".encode())
            measure("postgresql", DATABASE_URL=f"{url.rpartition('/')[0]}/{name}")
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def measure(vendor: str, **environment: str) -> None:
    """Start a server and send it every kind of stream."""
    with tempfile.TemporaryDirectory() as home:
        server = LiveServer(Path(home), **environment).start("web")
        proxy = Proxy(server.port).start()
        try:
            for tables in TABLES:
                for latency in LATENCIES:
                    proxy.latency = latency
                    print(f"{vendor}, {tables} tables, {latency * 1000:3.0f} ms:", end="")
                    one, most = (send(server, proxy, tables, most) for most in (1, 8))
                    print(f" one {one[0]:6,.0f}/s, as pays {most[0]:6,.0f}/s, at most {most[1]}")
        finally:
            assert server.process is not None
            server.process.terminate()
            server.process.wait()


def send(server: LiveServer, proxy: Proxy, tables: int, most: int) -> tuple[float, int]:
    """Columns per second, and most batches under way at once."""
    name = f"b{uuid.uuid4().hex[:8]}"
    config = AgentConfig(
        server=f"http://127.0.0.1:{proxy.port}",
        token=f"dwa_{name}",
        spool=Path(tempfile.mkdtemp()),
    )
    outbox = Outbox(config.spool)
    work = DiscoveryWork(
        job=open_job(server, name),
        source=ConnectionSpec(engine="sqlite", database="/x"),
        settings=RunSettings(),
        lease_seconds=60,
    )
    fill(outbox, work.job, tables)
    under_way: list[int] = []
    counted: list[int] = []
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(flight, "MOST_UNDER_WAY", most))
        transport = Transport(config, outbox.note_sent)
        stream = JobStream(work, transport, outbox)
        put = transport.put_batch

        def count(*args: Any) -> Any:
            under_way.append(1)
            counted.append(len(under_way))
            try:
                return put(*args)
            finally:
                under_way.pop()

        stack.enter_context(mock.patch.object(transport, "put_batch", count))
        stream.open()
        took = measure_time(stream.drain)
        stream.stop_threads()
    outbox.close()
    return BATCHES * tables * COLUMNS / took, max(counted)


def open_job(server: LiveServer, name: str) -> str:
    """A stream of an agent of that name."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", f"name = {name!r}\n{OPEN}"],
        cwd=ROOT, env=server.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split("JOB ")[1].strip()


def fill(outbox: Outbox, job: str, tables: int) -> None:
    """Spool all batches of a stream."""
    from tests.discovery.factories import as_record, make_table

    names = [f"column_{number}" for number in range(COLUMNS)]
    outbox.open_job(job)
    for seq in range(BATCHES):
        held = [make_table(f"t{seq}_{number}", names) for number in range(tables)]
        outbox.put(job, [as_record(table) for table in held], [])


if __name__ == "__main__":
    main()
