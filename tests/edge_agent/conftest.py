"""Fixtures of the agent's tests: a fake server, small databases, a way to run one discovery."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from datawave_edge.config import AgentConfig
from datawave_edge.discovery import run_discovery
from datawave_edge.outbox import Outbox
from datawave_edge.protocol import ConnectionSpec, DiscoveryWork, Record, RunSettings
from datawave_edge.stream import JobStream
from datawave_edge.transport import Transport
from tests.edge_agent.fake_server import TOKEN, FakeServer, serve_fake
from tests.edge_agent.made_dialects import ALLOWED
from tests.servers import find_mysql, find_postgres, skip_without

Discover = Callable[..., list[Record]]
StartAgent = Callable[..., "subprocess.Popen[bytes]"]

SHOP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email VARCHAR(80) UNIQUE);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INT REFERENCES customers,
    total DECIMAL(8,2), placed DATE, note TEXT);
CREATE INDEX orders_by_customer ON orders (customer_id, placed);
CREATE TABLE empty_one (a TEXT);
CREATE VIEW big_orders AS SELECT * FROM orders WHERE total > 10;
"""


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with serve_fake() as server:
        yield server


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small shop in SQLite."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(SHOP)
        connection.executemany(
            "INSERT INTO customers VALUES (?, ?, ?)",
            [(n, f"Anna Smith {n}", f"anna.{n}@example.org") for n in range(1, 31)],
        )
        connection.executemany(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?)",
            [
                (n, n % 30 + 1, n / 4, f"2024-01-{n % 28 + 1:02}", None if n % 2 else "ok")
                for n in range(1, 101)
            ],
        )
    connection.close()
    return path


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of an agent, which every command finds."""
    directory = tmp_path / "spool"
    monkeypatch.setenv("DATAWAVE_SPOOL", str(directory))
    for name in ("DATAWAVE_TOKEN", "DATAWAVE_TOKEN_FILE", "DATAWAVE_SECRETS"):
        monkeypatch.delenv(name, raising=False)
    return directory


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path / "spool")
    yield box
    box.close()


@pytest.fixture
def config(fake: FakeServer, tmp_path: Path) -> AgentConfig:
    return AgentConfig(server=fake.url, token=TOKEN, spool=tmp_path / "spool", embedded=True)


@pytest.fixture
def discover(fake: FakeServer, config: AgentConfig, outbox: Outbox) -> Discover:
    """Runs one discovery in this process and gives the records that the server got."""

    def run(spec: ConnectionSpec, job: str = "", **settings: int) -> list[Record]:
        work = make_work(spec, job or str(uuid.uuid4()), **settings)
        transport = Transport(config, outbox.note_sent)
        run_discovery(work, JobStream(work, transport, outbox), outbox)
        return fake.records(work.job)

    return run


@pytest.fixture
def start_agent(fake: FakeServer, tmp_path: Path) -> Iterator[StartAgent]:
    """Starts real agent processes and ends those that are left."""
    started: list[subprocess.Popen[bytes]] = []

    def start(token: str = TOKEN, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "datawave_edge", "run", "--server", fake.url]
        command += ["--spool", str(tmp_path / "agent"), "--embedded"]
        variables = {**os.environ, "DATAWAVE_TOKEN": token, **environment}
        with (tmp_path / "agent.log").open("ab") as log:
            process = subprocess.Popen(command, env=variables, stderr=log)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def postgres_url() -> str:
    url = find_postgres()
    if not url:
        skip_without("PostgreSQL", "TEST_POSTGRES_URL")
    return url


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[ConnectionSpec]:
    """A database of its own."""
    with making_postgres(postgres_url) as spec:
        yield spec


@contextmanager
def making_postgres(postgres_url: str) -> Iterator[ConnectionSpec]:
    """A database for as long as it is needed."""
    import psycopg
    from psycopg import sql

    name = f"edge_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield spec_of(postgres_url, "postgresql", name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def mysql_url() -> str:
    url = find_mysql()
    if not url:
        skip_without("MySQL or MariaDB", "TEST_MYSQL_URL")
    return url


@pytest.fixture
def mysql(mysql_url: str) -> Iterator[ConnectionSpec]:
    """A database of its own."""
    name = f"edge_{uuid.uuid4().hex[:12]}"
    spec = spec_of(mysql_url, "mysql", name)
    run_mysql(spec_of(mysql_url, "mysql", ""), f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    yield spec
    run_mysql(spec, f"DROP DATABASE {name}")


def spec_of(url: str, engine: str, database: str) -> ConnectionSpec:
    parts = urlsplit(url)
    return ConnectionSpec(
        engine=engine,
        host=parts.hostname or "",
        port=parts.port,
        username=parts.username or "",
        password=parts.password or "",
        database=database,
    )


def run_postgres(spec: ConnectionSpec, *statements: str) -> None:
    import psycopg

    with psycopg.connect(
        host=spec.host,
        port=spec.port,
        user=spec.username,
        password=spec.password,
        dbname=spec.database,
        autocommit=True,
    ) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def run_mysql(spec: ConnectionSpec, *statements: str) -> None:
    import pymysql

    connection = pymysql.connect(
        host=spec.host,
        port=spec.port or 3306,
        user=spec.username,
        password=spec.password,
        database=spec.database or None,
        autocommit=True,
        charset="utf8mb4",
    )
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def make_work(spec: ConnectionSpec, job: str, **settings: int) -> DiscoveryWork:
    return DiscoveryWork(job=job, source=spec, settings=RunSettings(**settings), lease_seconds=30)


def sqlite_spec(path: Path, **more: object) -> ConnectionSpec:
    return ConnectionSpec(engine="sqlite", database=str(path), **more)


@pytest.fixture
def allowed_dialects(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's host allows the dialects that tests have made."""
    monkeypatch.setenv("DATAWAVE_DIALECTS", ALLOWED)
