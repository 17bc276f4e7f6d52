"""What is sent to a database through a dialect, what comes back, and when it is given up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from datawave_edge.connectors import TableRef, TableShape, dialect_session
from datawave_edge.connectors import dialect as module
from datawave_edge.connectors.dialect import DialectConnector
from datawave_edge.connectors.dialect_cells import FORMS, Form, plain
from datawave_edge.connectors.dialect_session import is_reading
from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec
from tests.edge_agent.conftest import Discover, run_postgres
from tests.edge_agent.made_dialects import ElephantDialect, make_through, through
from tests.edge_agent.test_servers import assert_as_spelt, make_hostile, tables_of

pytestmark = pytest.mark.usefixtures("allowed_dialects")


# What is sent


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1", "with a as (select 1) select * from a", "(SELECT 1) UNION (SELECT 2)",
        "SHOW CREATE TABLE `a;b`", 'SELECT "x;y", \'a INTO b\' FROM t', "DESCRIBE t",
    ],
)  # fmt: skip
def test_statement_is_sent_when_it_reads(statement: str) -> None:
    assert is_reading(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM t", "SELECT 1; DELETE FROM t", "SELECT 1 INTO t", "SELECT 1 FOR UPDATE",
        "CALL p()", "EXEC p", "PRAGMA x = 1", "COPY t TO 'x'", "EXPLAIN ANALYZE DELETE FROM t", "",
        "SET ROLE admin", "SELECTED",
    ],
)  # fmt: skip
def test_statement_is_not_sent_when_it_may_do_more_than_read(statement: str) -> None:
    assert not is_reading(statement)


@pytest.fixture
def elephant(postgres: ConnectionSpec) -> ConnectionSpec:
    run_postgres(
        postgres,
        "CREATE TABLE people (id int PRIMARY KEY, mail text UNIQUE, age int CHECK (age > 1))",
        "INSERT INTO people SELECT n, 'p' || n || '@x.example', n FROM generate_series(2, 91) n",
        "CREATE TABLE pets (id int PRIMARY KEY, owner int REFERENCES people, name text)",
    )
    return through(postgres, "elephant")


@pytest.fixture
def connector(elephant: ConnectionSpec) -> Iterator[DialectConnector]:
    made = make_through(elephant, elephant.password, statement_timeout_seconds=1)
    yield made
    made.close()


def describe(connector: DialectConnector, *names: str) -> dict[str, TableShape | SourceFault]:
    refs = [TableRef("public", name) for name in names]
    return {ref.name: shape for ref, shape in connector.describe(refs).items()}


def shape_of(connector: DialectConnector, name: str) -> TableShape:
    shape = describe(connector, name)[name]
    assert isinstance(shape, TableShape)
    return shape


@pytest.mark.postgresql
def test_server_refuses_to_write_when_it_knows_sessions_that_only_read(
    connector: DialectConnector,
) -> None:
    with pytest.raises(SourceFault) as caught:
        connector._session.run("SELECT id FROM people FOR SHARE")
    assert caught.value.code == "permission_denied"


@pytest.mark.postgresql
def test_session_is_bound_again_when_the_connection_was_lost(
    connector: DialectConnector, postgres: ConnectionSpec
) -> None:
    connector.ping()
    run_postgres(
        postgres,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    with pytest.raises(SourceFault) as caught:
        connector.ping()
    assert caught.value.code == "connection_lost"
    told = "SELECT current_setting('transaction_read_only'), current_setting('statement_timeout')"
    assert list(connector._session.rows(told)) == [("on", "1s")]


@pytest.mark.postgresql
def test_statement_never_reaches_the_driver_when_a_dialect_would_write(
    connector: DialectConnector,
) -> None:
    with pytest.raises(SourceFault) as caught:
        connector._session.ask(lambda each: each.exec_driver_sql("SET ROLE nobody"))
    assert caught.value.hint == "The session can only read."


@pytest.mark.postgresql
def test_names_arrive_as_spelt_when_hostile(discover: Discover, postgres: ConnectionSpec) -> None:
    names = make_hostile(postgres)
    assert_as_spelt(tables_of(discover(through(postgres, "elephant"), sample_rows=50)), names)


@pytest.mark.postgresql
def test_statements_are_as_many_when_there_are_more_tables(
    elephant: ConnectionSpec, postgres: ConnectionSpec
) -> None:
    def count_statements() -> int:
        made, sent = make_through(elephant, elephant.password), []
        sa.event.listen(
            made._session._engine, "before_cursor_execute", lambda *more: sent.append(more[2])
        )
        made.connect()
        refs = made.list_tables().tables
        made.plan(refs)
        before = len(sent)
        for start in range(0, len(refs), 4):
            chunk = refs[start : start + 4]
            assert set(made.describe(chunk)) == set(chunk)
        made.close()
        return len(sent) - before

    few = count_statements()
    run_postgres(postgres, *(f"CREATE TABLE t{n} (id int PRIMARY KEY)" for n in range(60)))
    assert few > 0
    assert count_statements() == few


@pytest.mark.postgresql
def test_table_alone_fails_when_a_part_of_it_can_not_be_reflected(
    connector: DialectConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ElephantDialect.get_multi_indexes

    def stumble(self: Any, connection: Any, schema: Any, filter_names: Any, **more: Any) -> Any:
        if "people" in filter_names:
            connection.exec_driver_sql("SELECT Zqx FROM nowhere")
        return real(self, connection, schema, filter_names, **more)

    monkeypatch.setattr(ElephantDialect, "get_multi_indexes", stumble)
    found = describe(connector, "people", "pets")
    fault, shape = found["people"], found["pets"]
    assert isinstance(fault, SourceFault)
    assert "Zqx" not in f"{fault} {fault.hint}"
    assert isinstance(shape, TableShape)
    assert [each.target_name for each in shape.foreign_keys] == ["people"]


@pytest.mark.postgresql
def test_tables_alone_fail_when_the_driver_can_not_make_out_their_values(
    discover: Discover, postgres: ConnectionSpec
) -> None:
    # More of them than a bad connection would be given.
    for n in range(6):
        run_postgres(
            postgres,
            f"CREATE TABLE odd_{n} (day date, span int8range)",
            f"INSERT INTO odd_{n} VALUES ('infinity', '[1,3)')",
        )
    run_postgres(postgres, "CREATE TABLE plain (a int)")
    tables = tables_of(discover(through(postgres, "elephant")))
    assert {name: table.profile_error for name, table in tables.items()} == {
        "plain": "",
        **{f"odd_{n}": "unsupported" for n in range(6)},
    }
    assert [each.type for each in tables["odd_0"].columns] == ["date", "other"]


@pytest.mark.postgresql
def test_part_is_left_out_when_the_dialect_does_not_tell_it(
    connector: DialectConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks(self: Any, *args: Any, **more: Any) -> Any:
        raise NotImplementedError

    for name in ("check_constraints", "table_comment", "indexes"):
        monkeypatch.setattr(ElephantDialect, f"get_multi_{name}", lacks)
    shape = shape_of(connector, "people")
    assert (shape.indexes, [each.kind for each in shape.constraints]) == ([], ["unique"])
    assert [each.key_position for each in shape.columns] == [1, 0, 0]


# Rows


@pytest.mark.postgresql
@pytest.mark.parametrize("known", [1, 2])
def test_rows_are_read_in_other_words_when_the_database_does_not_know_the_first(
    connector: DialectConnector, known: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(column: Any, cut: int) -> sa.ColumnElement[Any]:
        return sa.Function("no_such", sa.column(column.name), sa.literal_column(str(cut)))

    forms: tuple[Form, ...] = (*(unknown,) * known, *FORMS[known:])
    monkeypatch.setattr(module, "FORMS", forms)
    shape = shape_of(connector, "people")
    first, again = connector.sample(shape, 40), connector.sample(shape, 40)
    assert 0 < len(first.rows) <= 40
    assert {str(row[1]).rpartition("@")[2] for row in first.rows} == {"x.example"}
    assert first == again
    assert connector._form == known


@pytest.mark.postgresql
def test_rows_come_from_all_over_when_the_key_is_a_number(connector: DialectConnector) -> None:
    rows = connector.sample(shape_of(connector, "people"), 40).rows
    numbers = [row[0] for row in rows if isinstance(row[0], int)]
    assert min(numbers) < 10
    assert max(numbers) > 80


@pytest.mark.postgresql
def test_rows_are_not_counted_to_the_end_when_there_are_many(
    connector: DialectConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_COUNTED", 50)
    found = connector.sample(shape_of(connector, "people"), 0)
    assert (found.row_count, found.exact) == (None, False)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (None, None), (True, True), (3, 3), (b"abc", 3), (memoryview(b"ab"), 2), ("x" * 9, "xxxxx"),
        ({"a": 1}, '{"a":'), ([1, 2], "[1, 2"),
    ],
)  # fmt: skip
def test_cell_is_plain_and_short_when_a_driver_gives_anything(cell: Any, told: Any) -> None:
    assert plain(cell, 5) == told


# Time


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes no limit, and an agent that waits hardly longer than it must."""
    monkeypatch.setattr(dialect_session, "_TIMES", ())
    monkeypatch.setattr(dialect_session, "_GRACE", 0.0)


@pytest.mark.postgresql
@pytest.mark.usefixtures("_impatient")
def test_statement_is_stopped_by_the_driver_when_the_server_has_no_limit(
    connector: DialectConnector,
) -> None:
    connector.connect()
    before = connector._session.driver_connection
    with pytest.raises(SourceFault) as caught:
        connector._session.run("SELECT pg_sleep(60)")
    assert caught.value.code == "query_timeout"
    connector.ping()
    assert connector._session.driver_connection is before


@pytest.mark.postgresql
@pytest.mark.usefixtures("_impatient")
def test_connection_is_left_behind_when_the_driver_can_not_stop_a_statement(
    connector: DialectConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect_session, "CANCEL_SECONDS", 0.1)
    monkeypatch.setattr(dialect_session.DialectSession, "cancel", lambda self: None)
    for _ in range(2):
        connector.ping()
        with pytest.raises(SourceFault) as caught:
            connector._session.run("SELECT pg_sleep(60)")
        assert caught.value.code == "query_timeout"
    # The source must not be given one more for each that it could not end.
    with pytest.raises(SourceFault) as refused:
        connector.ping()
    assert refused.value.code == "source_busy"
