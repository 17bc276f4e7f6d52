"""What a run of structure loads: a small database is read in less time than SQLAlchemy loads."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from datawave_edge.protocol import ConnectionSpec
from tests.edge_agent.conftest import run_mysql, run_postgres

READ = """
import sys
import msgspec
import datawave_edge.discovery
from datawave_edge.connectors import make_connector
from datawave_edge.protocol import ConnectionSpec, RunSettings

spec = msgspec.json.decode(sys.stdin.buffer.read(), type=ConnectionSpec)
connector = make_connector(spec, spec.password, RunSettings(sample_rows=0))
connector.connect()
connector.read_facts()
shapes = connector.describe(connector.list_tables().tables)
assert [len(shape.columns) for shape in shapes.values()] == [2], shapes
connector.close()
print(*sys.modules)
"""


def load(spec: ConnectionSpec) -> set[str]:
    """Modules that a process has loaded once it has read the structure."""
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input=msgspec.json.encode(spec),
        capture_output=True,
        check=True,
    )
    return set(done.stdout.decode().split())


@pytest.mark.postgresql
def test_sqlalchemy_is_left_alone_when_postgresql_is_read(postgres: ConnectionSpec) -> None:
    run_postgres(postgres, "CREATE TABLE people (id int PRIMARY KEY, born date)")
    assert {"psycopg", "sqlalchemy"} & load(postgres) == {"psycopg"}


@pytest.mark.mysql
def test_sqlalchemy_is_left_alone_when_mysql_is_read(mysql: ConnectionSpec) -> None:
    run_mysql(mysql, "CREATE TABLE people (id int PRIMARY KEY, born date)")
    assert {"pymysql", "sqlalchemy"} & load(mysql) == {"pymysql"}
