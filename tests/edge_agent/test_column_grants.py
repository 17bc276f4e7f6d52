"""Of a PostgreSQL table with grants on some columns alone, those columns are profiled."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import msgspec
import pytest

from datawave_edge.protocol import ConnectionSpec, TableSnapshot
from tests.edge_agent.conftest import Discover, run_postgres
from tests.edge_agent.fake_server import FakeServer
from tests.edge_agent.test_servers import tables_of

pytestmark = pytest.mark.postgresql


@pytest.fixture
def role(postgres: ConnectionSpec) -> Iterator[ConnectionSpec]:
    """A role without grants, beside a table with a card number in a row that no sample sees."""
    name = f"edge_{uuid.uuid4().hex[:8]}"
    run_postgres(
        postgres,
        "CREATE TABLE people (id int PRIMARY KEY, salary int, city text, note text)",
        "INSERT INTO people SELECT n, n * 7, 'Bern', 'note ' || n FROM generate_series(1, 3000) n",
        "UPDATE people SET note = '4111 1111 1111 1111' WHERE id = 1234",
        "ANALYZE people",
        f"CREATE ROLE {name} LOGIN",
    )
    yield msgspec.structs.replace(postgres, username=name)
    run_postgres(postgres, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def read(discover: Discover, role: ConnectionSpec) -> TableSnapshot:
    return tables_of(discover(role, sample_rows=50))["people"]


def list_profiled(table: TableSnapshot) -> list[str]:
    return [column.name for column in table.columns if column.profile]


def test_granted_columns_are_profiled_when_others_may_not_be_read(
    discover: Discover, fake: FakeServer, postgres: ConnectionSpec, role: ConnectionSpec
) -> None:
    run_postgres(postgres, f"GRANT SELECT (city, note) ON people TO {role.username}")
    table = read(discover, role)
    assert [column.name for column in table.columns] == ["id", "salary", "city", "note"]
    assert list_profiled(table) == ["city", "note"]
    note = table.columns[3].profile
    assert note is not None
    assert note.rare == {"card_number": 1}
    assert (table.profile_error, table.row_count) == ("", 3000)
    lines = [line.message for told in fake.progress for line in told.log]
    assert (
        "public.people: 2 of 4 columns may not be read and have no profile."
        f' GRANT SELECT ON "public"."people" TO "{role.username}";'
    ) in lines


@pytest.mark.parametrize("granted", ["", "(id, salary, city, note)"])
def test_all_or_nothing_is_profiled_when_all_or_no_columns_are_granted(
    discover: Discover, postgres: ConnectionSpec, role: ConnectionSpec, granted: str
) -> None:
    if granted:
        run_postgres(postgres, f"GRANT SELECT {granted} ON people TO {role.username}")
    table = read(discover, role)
    assert len(list_profiled(table)) == (4 if granted else 0)
    assert table.profile_error == ("" if granted else "permission_denied")
