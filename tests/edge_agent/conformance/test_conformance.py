"""What every connector must do, whatever the engine: one shop, asked the same questions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from datawave_edge.connectors import Connector, make_connector
from datawave_edge.connectors.capabilities import DECLARED
from datawave_edge.connectors.meter import Metered
from datawave_edge.connectors.rare import CountsRare
from datawave_edge.faults import ADVICE, SourceFault
from datawave_edge.probe import run_test
from datawave_edge.protocol import (
    ColumnSnapshot,
    FailedRecord,
    FilteredRecord,
    Record,
    RunSettings,
    TableRecord,
    TableSnapshot,
    UnchangedRecord,
)
from tests.edge_agent.conftest import Discover
from tests.edge_agent.fake_server import FakeServer

from .adapters import (
    CUSTOMERS,
    NOTES_MISSING,
    ODD,
    ODD_COLUMN,
    ORDERS,
    SECRET,
    Adapter,
    built,
)
from .shops import ENGINES, SHOPS, WITH_VIEWS

TYPES = {
    "id": "integer", "email": "text", "name": "text", "age": "integer", "joined": "date",
    "balance": "decimal", "rating": "float", "active": "boolean", "photo": "binary",
    "mood": "enum", "twice": "integer", "note": "text",
}  # fmt: skip


@pytest.fixture(params=SHOPS.values(), name="shop")
def built_shop(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    with built(ENGINES[request.param](request)) as adapter:
        yield adapter


def open_connector(shop: Adapter, **settings: int) -> Connector:
    connector = make_connector(shop.spec, shop.spec.password, RunSettings(**settings))
    connector.connect()
    return connector


def tables_of(records: list[Record]) -> dict[str, TableSnapshot]:
    return {each.table.name: each.table for each in records if isinstance(each, TableRecord)}


def names_of(records: list[Record]) -> list[str]:
    return [each.table.name if isinstance(each, TableRecord) else each.name for each in records]


def columns_of(table: TableSnapshot) -> dict[str, ColumnSnapshot]:
    return {each.name: each for each in table.columns}


def test_every_live_engine_is_in_the_suite_when_declared() -> None:
    live = {name for name, told in DECLARED.items() if told.tested == "live"}
    assert live == {name.partition("-")[0] for name in ENGINES}


# The listing


def test_listing_says_whether_it_is_whole_when_everything_is_seen(shop: Adapter) -> None:
    connector = open_connector(shop)
    first, again = connector.list_tables(), connector.list_tables()
    connector.close()
    assert {ref.name for ref in first.tables} == shop.names()
    assert first == again
    (container,) = (each for each in first.containers if each.name == shop.container)
    is_whole = shop.can("whole_list")
    assert (container.authoritative, container.tables) == (is_whole, len(shop.names()))


def test_every_dataset_is_told_once_when_a_run_closes(
    shop: Adapter, discover: Discover, fake: FakeServer
) -> None:
    records = discover(shop.spec, "j", tables_per_batch=2)
    assert sorted(names_of(records)) == sorted(shop.names())
    assert {type(each) for each in records} == {TableRecord}
    assert fake.closes["j"].seen == len(records)


def test_patterns_choose_what_is_read_when_given(shop: Adapter, discover: Discover) -> None:
    spec = msgspec.structs.replace(shop.spec, include=["*ord*", "*LEE*"], exclude=["*big_*"])
    records = discover(spec)
    filtered = {each.name for each in records if isinstance(each, FilteredRecord)}
    chosen = {shop.name("orders"), shop.name("leer")}
    assert set(tables_of(records)) == chosen
    assert filtered == shop.names() - chosen


# Structure


@pytest.fixture
def tables(shop: Adapter, discover: Discover) -> dict[str, TableSnapshot]:
    return tables_of(discover(shop.spec))


def test_columns_have_plain_types_when_the_engine_has_its_own(
    shop: Adapter, tables: dict[str, TableSnapshot]
) -> None:
    columns = tables[shop.name("customers")].columns
    assert [each.ordinal for each in columns] == list(range(len(columns)))
    expected = {
        name: shop.types.get(name, kind) for name, kind in TYPES.items() if shop.has_column(name)
    }
    assert {each.name: each.type for each in columns} == expected
    assert all(each.native_type for each in columns)


def test_names_arrive_as_spelt_when_odd(shop: Adapter, tables: dict[str, TableSnapshot]) -> None:
    table = tables[shop.name(ODD)]
    assert [each.name for each in table.columns] == [ODD_COLUMN, "b"]
    assert table.profile_error == ""


def test_empty_table_is_told_as_such_when_it_has_no_rows(
    shop: Adapter, tables: dict[str, TableSnapshot]
) -> None:
    table = tables[shop.name("leer")]
    assert (table.row_count, table.row_count_exact, table.profile_error) == (0, True, "")
    assert [each.name for each in table.columns] == list(shop.empty_columns)


def find_capabilities(shop: Adapter, tables: dict[str, TableSnapshot]) -> dict[str, bool]:
    """What the run shows of the structure, capability by capability."""
    customers, orders = tables[shop.name("customers")], tables[shop.name("orders")]
    told = columns_of(customers)
    mood, twice = told.get("mood"), told.get("twice")
    return {
        "views": "big_orders" in tables and tables["big_orders"].kind == "view",
        "view_text": "big_orders" in tables and "WHERE" in tables["big_orders"].definition.upper(),
        "keys": _tells_keys(shop, customers, orders),
        "unique": _tells_unique(customers, told),
        "checks": any(
            each.kind == "check" and each.columns == ["age"] and each.expression.count("?") == 2
            for each in customers.constraints
        ),
        "indexes": any(
            each.columns == ["placed", "no"] and not each.unique for each in orders.indexes
        ),
        "comments": customers.comment.startswith("Who buys; ask "),
        "identity": told["id"].identity != "",
        "generated": twice is not None and twice.generated,
        "enums": mood is not None and mood.members == 3,
        "binary": told["photo"].profile is not None and told["photo"].profile.max_length == 30
        if "photo" in told else False,
        "grants": customers.grants is not None,
        "size": (customers.size_bytes or 0) > 0,
    }  # fmt: skip


def _tells_keys(shop: Adapter, customers: TableSnapshot, orders: TableSnapshot) -> bool:
    places = {each.name: each.key_position for each in orders.columns}
    key = next(iter(orders.foreign_keys), None)
    return (
        [each.name for each in customers.columns if each.key_position] == ["id"]
        and places == {"customer_id": 1, "no": 2, "placed": 0}
        and key is not None
        and (key.columns, key.target_name, key.target_columns)
        == (["customer_id"], shop.name("customers"), ["id"])
        and key.target_container == shop.container
    )


def _tells_unique(customers: TableSnapshot, columns: dict[str, ColumnSnapshot]) -> bool:
    constraints = [each.columns for each in customers.constraints if each.kind == "unique"]
    return columns["email"].unique and ["email"] in constraints and not columns["email"].nullable


def test_structure_is_told_as_declared_when_the_engine_has_it(
    shop: Adapter, tables: dict[str, TableSnapshot]
) -> None:
    shown = find_capabilities(shop, tables)
    assert shown == {name: shop.can(name) for name in shown}


def test_connector_does_as_declared_when_asked_for_more_than_structure(shop: Adapter) -> None:
    connector = open_connector(shop)
    shape = connector.describe([shop.ref("customers")])[shop.ref("customers")]
    connector.close()
    assert not isinstance(shape, SourceFault)
    assert isinstance(connector, CountsRare) == shop.can("counting")
    assert isinstance(connector, Metered)
    assert (shape.row_count is not None) == shop.can("row_estimate")


def test_no_literal_is_told_when_definitions_hold_some(tables: dict[str, TableSnapshot]) -> None:
    # A hash or the name of a test's database can have any digits by chance.
    plain = (
        msgspec.structs.replace(each, content_hash="", container="", foreign_keys=[], grants=None)
        for each in tables.values()
    )
    said = b"".join(map(msgspec.json.encode, plain))
    assert b"Zqx" not in said
    assert b"4711" not in said


# Rows


def test_counts_are_exact_when_tables_are_small(
    shop: Adapter, tables: dict[str, TableSnapshot]
) -> None:
    customers, orders = tables[shop.name("customers")], tables[shop.name("orders")]
    assert (customers.row_count, customers.row_count_exact) == (CUSTOMERS, True)
    assert (orders.row_count, orders.row_count_exact) == (ORDERS, True)
    profiles = {each.name: each.profile for each in customers.columns}
    note, email, name = profiles["note"], profiles["email"], profiles["name"]
    assert note
    assert email
    assert name
    assert (note.rows, note.nulls) == (CUSTOMERS, NOTES_MISSING)
    assert (email.nulls, email.distinct, email.hits["email"]) == (0, CUSTOMERS, 1.0)
    # Six names: were one mangled on its way, another length would be the longest or shortest.
    assert (name.distinct, name.min_length, name.max_length) == (6, 3, 12)


def test_rows_are_bounded_and_steady_when_a_table_is_larger(shop: Adapter) -> None:
    connector = open_connector(shop)
    shape = connector.describe([shop.ref("orders")])[shop.ref("orders")]
    assert not isinstance(shape, SourceFault)
    first, again = connector.sample(shape, 40), connector.sample(shape, 40)
    connector.close()
    assert 0 < len(first.rows) <= 40
    assert sorted(map(str, first.rows)) == sorted(map(str, again.rows))
    assert len(set(map(str, first.rows))) == len(first.rows)


def test_hash_is_the_same_when_nothing_changed_and_another_when_a_table_did(
    shop: Adapter, discover: Discover, fake: FakeServer
) -> None:
    for record in discover(shop.spec):
        assert isinstance(record, TableRecord)
        table = record.table
        fake.known.setdefault(table.container, {})[table.name] = table.content_hash
    assert {type(each) for each in discover(shop.spec)} == {UnchangedRecord}
    shop.change_row()
    assert set(tables_of(discover(shop.spec))) == {shop.name(ODD)}


# Care for the source


def test_write_is_refused_when_tried_in_the_session(shop: Adapter, discover: Discover) -> None:
    connector: Any = open_connector(shop)
    for statement in shop.writes:
        with pytest.raises(SourceFault):
            connector._session.run(shop.write(statement))
        connector.connect()
    connector.close()
    tables = tables_of(discover(shop.spec))
    assert set(tables) == shop.names()
    assert tables[shop.name("customers")].row_count == CUSTOMERS


@pytest.mark.parametrize("shop", WITH_VIEWS, indirect=True)
def test_statement_ends_when_it_takes_longer_than_allowed(
    shop: Adapter, discover: Discover
) -> None:
    slow = shop.slow()
    records = discover(shop.spec, statement_timeout_seconds=1)
    table = tables_of(records)[slow]
    assert table.profile_error == "query_timeout"
    assert set(names_of(records)) == shop.names() | {slow}


def test_session_goes_on_when_a_statement_was_stopped(shop: Adapter) -> None:
    connector: Any = open_connector(shop, statement_timeout_seconds=1)
    with pytest.raises(SourceFault) as caught:
        connector._session.run(shop.slow_statement())
    assert caught.value.code == "query_timeout"
    connector.read_one(shop.ref("customers"))
    connector.close()


# Faults


def test_dataset_is_told_and_not_dropped_when_it_can_not_be_read(
    shop: Adapter, discover: Discover, fake: FakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    broken = shop.break_one()
    job = str(uuid.uuid4())
    records = discover(broken.spec, job)
    (record,) = (
        each for each, name in zip(records, names_of(records), strict=True) if name == broken.name
    )
    if isinstance(record, TableRecord):
        assert record.table.profile_error in broken.codes
    else:
        assert isinstance(record, FailedRecord)
        assert record.code in broken.codes
        assert record.message == ADVICE[record.code].message
    assert set(names_of(records)) == shop.names() | {broken.name}
    assert fake.closes[job].seen == len(records)
    # What the engine said of it repeats a value; nobody hears it.
    assert SECRET.lower().encode() not in b"".join(fake.heard).lower()
    assert SECRET.lower() not in caplog.text.lower()


def test_steps_pass_in_order_when_the_connection_is_right(shop: Adapter) -> None:
    steps = run_test(shop.spec).steps
    assert [each.name for each in steps] == list(shop.steps)
    assert all(each.ok for each in steps), steps


def test_step_names_the_fault_when_the_connection_is_wrong(shop: Adapter) -> None:
    spec, name, code = shop.misspelt()
    steps = run_test(spec).steps
    assert all(each.ok for each in steps[:-1])
    assert (steps[-1].name, steps[-1].code) == (name, code)
    assert steps[-1].message == ADVICE[code].message
    assert steps[-1].hint


def test_session_opens_anew_when_it_was_closed(shop: Adapter) -> None:
    connector = open_connector(shop)
    connector.close()
    connector.close()
    connector.connect()
    connector.read_one(shop.ref("customers"))
    connector.close()


def test_cost_is_metered_when_rows_are_read(shop: Adapter) -> None:
    connector = open_connector(shop)
    assert isinstance(connector, Metered)
    before = connector.meter.queries
    connector.ping()
    connector.read_one(shop.ref("customers"))
    assert connector.queries == connector.meter.queries >= before + 2
    assert connector.rows_read >= 1
    connector.cancel()
    connector.close()
