"""Tables that patterns leave out are never asked for, and none that they let in is missed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from datawave_edge.connectors import Plans, TableRef
from datawave_edge.patterns import TableFilter
from datawave_edge.protocol import ConnectionSpec, FilteredRecord, TableRecord
from tests.edge_agent.conftest import Discover, run_mysql, run_postgres
from tests.edge_agent.test_servers import open_connector

NAMES = (
    "orders", "Orders", "ORDERS", "orders_old", "ordersXold", "or%ders", "or_ders", "orXders",
    "a.b", "a*b", "a?b", "a[b]", "[ab]", "a\\b", "a\\\\b", "a'b", "a''b", 'a"b', "a`b", "a b",
    "a-b", "a%", "a_", "%", "_", "é", "É", "e", "straße", "STRASSE", "ſ", "s", "İ", "i", "ı", "K",
    "k", "дом", "ДОМ", "名前", ":name", "%s", "%(x)s", "--", "/*", "a;b", "null", "select", "0",
)  # fmt: skip
# As many again, so that what is wanted is few and is asked for by name.
MORE = tuple(f"filler_{number:03}" for number in range(200))

fragments = st.sampled_from([*NAMES, "*", "?", "[a-z]", "[!a]", "[]", "\\", "%", "_", ".", "x"])
patterns = st.lists(fragments, min_size=1, max_size=4).map("".join)
chosen = st.lists(patterns, max_size=4)
SLOW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def many_postgres(postgres: ConnectionSpec) -> ConnectionSpec:
    for name in (*NAMES, *MORE):
        quoted = '"' + name.replace('"', '""') + '"'
        run_postgres(postgres, f"CREATE TABLE {quoted} (a int)")
    return postgres


@pytest.fixture
def many_mysql(mysql: ConnectionSpec) -> ConnectionSpec:
    statements = ("CREATE TABLE `" + each.replace("`", "``") + "` (a int)" for each in NAMES)
    run_mysql(mysql, *statements, *(f"CREATE TABLE {name} (a int)" for name in MORE))
    return mysql


def check_reading(spec: ConnectionSpec, include: list[str], exclude: list[str]) -> None:
    """What is read is what the filter lets in, and no more rows come than those tables have."""
    connector = open_connector(spec)
    listed = connector.list_tables().tables
    assert {ref.name for ref in listed} == {*NAMES, *MORE}
    table_filter = TableFilter(include, exclude)
    wanted = [ref for ref in listed if table_filter.lets(ref)]
    if isinstance(connector, Plans):
        connector.plan(wanted)
    # Roles and types are read once, whatever is asked for.
    connector.describe([TableRef(listed[0].container, "no such table")])
    before = connector.rows_read
    assert set(connector.describe(wanted)) == set(wanted)
    # A table, its column, its owner's grants; with a name that differs in case only, another's.
    assert connector.rows_read - before <= 9 * len(wanted) or len(wanted) > len(listed) / 4
    connector.close()


@pytest.mark.postgresql
@SLOW
@given(include=chosen, exclude=chosen)
@example(include=["*.orders"], exclude=[])
@example(include=["*.a\\b", "*.%", "*.or_ders"], exclude=["*.ORDERS"])
def test_postgresql_reads_what_patterns_let_in_when_they_are_odd(
    many_postgres: ConnectionSpec, include: list[str], exclude: list[str]
) -> None:
    check_reading(many_postgres, include, exclude)


@pytest.mark.mysql
@SLOW
@given(include=chosen, exclude=chosen)
@example(include=["*.orders"], exclude=[])
@example(include=["*.a\\b", "*.%", "*.or_ders"], exclude=["*.ORDERS"])
def test_mysql_reads_what_patterns_let_in_when_they_are_odd(
    many_mysql: ConnectionSpec, include: list[str], exclude: list[str]
) -> None:
    check_reading(many_mysql, include, exclude)


@pytest.mark.mysql
def test_tables_left_out_are_told_and_not_read_when_a_mysql_database_has_many(
    discover: Discover, mysql: ConnectionSpec
) -> None:
    run_mysql(mysql, *(f"CREATE TABLE {name} (a int)" for name in MORE))
    spec = ConnectionSpec(
        engine="mysql", host=mysql.host, port=mysql.port, username=mysql.username,
        password=mysql.password, database=mysql.database, include=["*.filler_00?"],
    )  # fmt: skip
    records = discover(spec, sample_rows=0)
    assert {each.table.name for each in records if isinstance(each, TableRecord)} == set(MORE[:10])
    assert {each.name for each in records if isinstance(each, FilteredRecord)} == set(MORE[10:])
