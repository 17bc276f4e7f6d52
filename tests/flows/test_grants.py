"""A lost grant is told as such, and is never read as a deletion; a dropped table is."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import msgspec
import pytest

from datawave_edge.protocol import ConnectionSpec
from tests.edge_agent.conftest import run_mysql, run_postgres
from tests.live import Client

from .test_canary import PASSWORD, add_source

TABLES = ("accounts", "bills", "clients", "deals")
CREATE = tuple(
    statement
    for name in TABLES
    for statement in (
        f"CREATE TABLE {name} (id INT PRIMARY KEY, note VARCHAR(40))",
        f"INSERT INTO {name} VALUES (1, 'one'), (2, 'two')",
    )
)


def states_of(admin: Client, source: str) -> dict[str, str]:
    rows = admin.call("GET", f"datasets/?source={source}")["results"]
    return {row["name"]: row["state"] for row in rows}


def changes_of(admin: Client, source: str) -> list[str]:
    rows = admin.call("GET", f"schema-changes/?source={source}")["results"]
    return [row["kind"] for row in rows]


def assert_all_stay(admin: Client, source: str, runs: int = 3) -> None:
    """However often it is looked, nothing is missing."""
    for _ in range(runs):
        run = admin.discover(source)
        assert run["state"] in ("completed", "completed_with_errors"), run["error_message"]
        assert states_of(admin, source) == dict.fromkeys(TABLES, "active")
    assert not {"table_missing", "table_dropped"} & set(changes_of(admin, source))


def assert_drop_is_seen(admin: Client, source: str, drop: Callable[[], None]) -> None:
    drop()
    admin.discover(source)
    assert states_of(admin, source)["deals"] == "missing"
    admin.discover(source)
    assert states_of(admin, source) == {**dict.fromkeys(TABLES, "active"), "deals": "dropped"}


@pytest.fixture
def role() -> str:
    return f"edge_{uuid.uuid4().hex[:8]}"


@pytest.fixture
def pg(postgres: ConnectionSpec, role: str) -> Iterator[ConnectionSpec]:
    """A database and a role that may read all of its tables."""
    run_postgres(
        postgres,
        *CREATE,
        f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
    )
    try:
        yield msgspec.structs.replace(postgres, username=role, password=PASSWORD)
    finally:
        run_postgres(postgres, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "revoke",
    [
        "REVOKE SELECT ON bills, clients FROM {role}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC, {role}",
    ],
    ids=["two tables", "all tables", "schema"],
)
def test_nothing_is_missing_when_postgresql_takes_a_grant_back(
    admin: Client, postgres: ConnectionSpec, pg: ConnectionSpec, role: str, revoke: str
) -> None:
    source = add_source(admin, pg)
    assert_all_stay(admin, source, 1)
    run_postgres(postgres, revoke.format(role=role))
    assert_all_stay(admin, source)
    run_postgres(
        postgres,
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
    )
    assert_drop_is_seen(admin, source, lambda: run_postgres(postgres, "DROP TABLE deals"))


@pytest.mark.mysql
@pytest.mark.parametrize("whole", [True, False], ids=["database", "tables"])
def test_nothing_is_missing_when_mysql_takes_a_grant_back(
    admin: Client, mysql: ConnectionSpec, role: str, *, whole: bool
) -> None:
    base = mysql.database
    alone = [f"GRANT SELECT ON {base}.{name} TO {role}" for name in TABLES]
    all_of_it = f"GRANT SELECT ON {base}.* TO {role}"
    grants = [all_of_it] if whole else alone
    run_mysql(mysql, *CREATE, f"CREATE USER {role} IDENTIFIED BY '{PASSWORD}'", *grants)
    try:
        source = add_source(admin, msgspec.structs.replace(mysql, username=role, password=PASSWORD))
        assert_all_stay(admin, source, 1)
        # A table without any grant is hidden from the listing, as a dropped one is.
        revoked = [each.replace("GRANT", "REVOKE").replace(" TO ", " FROM ") for each in grants]
        run_mysql(mysql, *revoked[-2:], alone[0])
        assert_all_stay(admin, source)
        run_mysql(mysql, all_of_it)
        assert_drop_is_seen(admin, source, lambda: run_mysql(mysql, "DROP TABLE deals"))
    finally:
        run_mysql(mysql, f"DROP USER {role}")
