"""What catalogues say in roundabout ways: nothing is invented, and nothing promised too much."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from datawave_edge.protocol import ConnectionSpec
from tests.edge_agent.conftest import Discover, run_mysql, run_postgres
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


@pytest.mark.mysql
def test_grant_is_public_when_mariadb_gives_it_to_everybody(
    discover: Discover, mysql: ConnectionSpec
) -> None:
    run_mysql(
        mysql,
        "CREATE TABLE open (a int)",
        "CREATE TABLE shut (a int)",
        f"GRANT SELECT ON {mysql.database}.open TO PUBLIC",
    )
    try:
        tables = tables_of(discover(mysql, sample_rows=0))
    finally:
        run_mysql(mysql, f"REVOKE SELECT ON {mysql.database}.open FROM PUBLIC")
    opened, shut = tables["open"].grants, tables["shut"].grants
    assert opened is not None
    assert shut is not None
    assert (opened.public_read, opened.public_write, shut.public_read) == (True, False, False)
    # It is no role that somebody was given.
    assert opened.read_roles == shut.read_roles
    assert (opened.read_logins or 0) > (shut.read_logins or 0)
