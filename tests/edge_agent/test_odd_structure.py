"""What catalogues say in roundabout ways: nothing is invented, and nothing promised too much."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from datawave_edge.protocol import ConnectionSpec
from tests.edge_agent.conftest import Discover, run_postgres
from tests.edge_agent.test_servers import tables_of


@pytest.mark.postgresql
def test_foreign_key_is_told_once_when_its_target_is_partitioned(
    discover: Discover, postgres: ConnectionSpec
) -> None:
    run_postgres(
        postgres,
        "CREATE TABLE tgt (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE low PARTITION OF tgt FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id)",
        "CREATE TABLE lowest PARTITION OF low FOR VALUES FROM (0) TO (3)",
        "CREATE TABLE src (id int, CONSTRAINT own FOREIGN KEY (id) REFERENCES tgt)"
        " PARTITION BY LIST (id)",
        "CREATE TABLE rest PARTITION OF src DEFAULT",
    )
    tables = tables_of(discover(postgres, sample_rows=0))
    keys = {
        name: [(key.name, key.target_name) for key in table.foreign_keys]
        for name, table in tables.items()
    }
    # A partition has the key of its parent.
    once = [("own", "tgt")]
    assert keys == {"tgt": [], "low": [], "lowest": [], "src": once, "rest": once}


@pytest.mark.postgresql
def test_column_is_not_unique_when_the_index_could_not_be_built(
    discover: Discover, postgres: ConnectionSpec
) -> None:
    run_postgres(
        postgres,
        "CREATE TABLE doubled (a int, b int UNIQUE)",
        "INSERT INTO doubled VALUES (1, 1), (1, 2)",
    )
    with suppress(psycopg.errors.UniqueViolation):
        run_postgres(postgres, "CREATE UNIQUE INDEX CONCURRENTLY failed ON doubled (a)")
    table = tables_of(discover(postgres, sample_rows=0))["doubled"]
    assert {each.name: each.unique for each in table.columns} == {"a": False, "b": True}
    assert {each.name: each.unique for each in table.indexes} == {
        "doubled_b_key": True,
        "failed": False,
    }
