"""A table of which MySQL shows some columns alone is told as such."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import msgspec
import pytest

from datawave_edge.protocol import ConnectionSpec, TableRecord, TableSnapshot
from tests.edge_agent.conftest import Discover, run_mysql
from tests.edge_agent.fake_server import FakeServer

pytestmark = pytest.mark.mysql


@pytest.fixture
def user(mysql: ConnectionSpec) -> Iterator[ConnectionSpec]:
    """An account without grants, beside a table of three columns."""
    name = f"edge_{uuid.uuid4().hex[:8]}"
    run_mysql(
        mysql,
        "CREATE TABLE people (id INT PRIMARY KEY, ssn VARCHAR(20), city VARCHAR(20))",
        "INSERT INTO people VALUES (1, '123-45-6789', 'Bern')",
        f"CREATE USER {name} IDENTIFIED BY 'pw'",
    )
    yield msgspec.structs.replace(mysql, username=name, password="pw")
    run_mysql(mysql, f"DROP USER {name}")


def read(discover: Discover, spec: ConnectionSpec) -> TableSnapshot:
    (record,) = discover(spec)
    assert isinstance(record, TableRecord)
    return record.table


def test_table_is_marked_when_some_columns_are_granted_alone(
    discover: Discover, fake: FakeServer, mysql: ConnectionSpec, user: ConnectionSpec
) -> None:
    run_mysql(mysql, f"GRANT SELECT (id, city) ON people TO {user.username}")
    table = read(discover, user)
    assert [each.name for each in table.columns] == ["id", "city"]
    assert [each.ordinal for each in table.columns] == [0, 2]
    assert (table.columns_hidden, table.profile_error) == (True, "")
    lines = [line.message for told in fake.progress for line in told.log]
    assert any("people: The account may see some of its columns alone" in line for line in lines)


@pytest.mark.parametrize("where", ["people", "*", "*.*"])
def test_table_is_not_marked_when_a_grant_covers_it(
    discover: Discover, mysql: ConnectionSpec, user: ConnectionSpec, where: str
) -> None:
    name = user.username
    run_mysql(mysql, f"GRANT SELECT ON {where} TO {name}", f"GRANT SELECT (id) ON people TO {name}")
    table = read(discover, user)
    assert (len(table.columns), table.columns_hidden) == (3, False)


def test_table_is_not_marked_when_a_role_covers_it(
    discover: Discover, mysql: ConnectionSpec, user: ConnectionSpec
) -> None:
    name, role = user.username, f"reader_{uuid.uuid4().hex[:8]}"
    run_mysql(
        mysql,
        f"CREATE ROLE {role}",
        f"GRANT SELECT ON people TO {role}",
        f"GRANT {role} TO {name}",
        f"SET DEFAULT ROLE {role} FOR {name}",
        f"GRANT SELECT (id) ON people TO {name}",
    )
    try:
        table = read(discover, user)
        assert (len(table.columns), table.columns_hidden) == (3, False)
    finally:
        run_mysql(mysql, f"DROP ROLE {role}")
