"""SQL Server and Oracle against a script, for want of servers: their SQL, their shapes, their care.

The answers were made up after the vendors' documentation of the views; no live server gave them.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import Any

import oracledb
import pytds
import pytest
import sqlglot
from sqlglot import exp

from datawave_edge.connectors import (
    Connector,
    TableRef,
    TableShape,
    make_connector,
    mssql_queries,
    oracle_queries,
)
from datawave_edge.connectors.address import PORTS
from datawave_edge.connectors.select_session import require_select
from datawave_edge.faults import SourceFault
from datawave_edge.probe import run_test
from datawave_edge.protocol import (
    ConnectionSpec,
    Constraint,
    ForeignKey,
    Index,
    Partitioning,
    RunSettings,
)

from .scripted import Answer, ScriptedConnection

ENGINES = {"mssql": mssql_queries, "oracle": oracle_queries}
DIALECTS = {"mssql": "tsql", "oracle": "oracle"}
NATIVE = {
    "mssql": ["int", "varchar(80)", "nvarchar(max)", "bit", "datetime2", "varbinary(max)",
              "decimal(12,2)", "uniqueidentifier"],
    "oracle": ["NUMBER(10,0)", "VARCHAR2(80)", "CLOB", "BOOLEAN", "DATE", "BLOB", "NUMBER(12,2)",
               "RAW(16)"],
}  # fmt: skip
TYPES = {
    "mssql": ["integer", "text", "text", "boolean", "datetime", "binary", "decimal", "uuid"],
    "oracle": ["integer", "text", "text", "boolean", "datetime", "binary", "decimal", "binary"],
}
NAMES = ["id", "email", "note", "active", "seen", "photo", "balance", "token"]
CHECK = {"mssql": "([balance]>=(4711) AND [note]<>'Zqxsecret')", "oracle":
         "balance >= 4711 AND note <> 'Zqxsecret'"}  # fmt: skip


def quote(engine: str, name: str) -> str:
    return f"[{name}]" if engine == "mssql" else f'"{name}"'


class Shop:
    """Answers for the shop's tables, part by part."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.whole = 1
        self.rows = 30
        self.sampled = 3
        self.fails: dict[str, Exception] = {}
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, statement: str, parameters: Any) -> Answer:
        self.asked.append((statement, parameters))
        failed = [error for mark, error in self.fails.items() if mark in statement]
        return failed[0] if failed else self._answer(statement, parameters)

    def _answer(self, statement: str, parameters: Any) -> Answer:
        queries = ENGINES[self.engine]
        fixed: dict[str, Answer] = {
            queries.LIST_SQL: self._list(),
            queries.SEES_ALL_SQL: [(self.whole,)],
            queries.FACTS_SQL: [
                ("16.0", 0, 0) if self.engine == "mssql" else ("19.3", 0, "tcps", "X")
            ],
            mssql_queries.TLS_SQL: [("TRUE",)],
        }
        if statement in fixed:
            return fixed[statement]
        if "gone" in str(parameters):
            return []
        for part, text in queries.QUERIES.items():
            if _bare(text) == _bare(statement):
                return list(getattr(self, f"_{part}")())
        if "count(*)" in statement:
            return [(self.rows,)]
        if "c0" in statement:
            mail = "c{}@shop.example"
            return [(n, mail.format(n), "n", 1, "2024", 3, "1.5", 16) for n in range(self.sampled)]
        return [("sales", 1)]

    def _list(self) -> Answer:
        rows = [("empty", None), ("sales", "customers"), ("sales", "odd \"'% :x"), ("sales", "v")]
        return [(*row, 1) for row in rows] if self.engine == "mssql" else rows

    def _tables(self) -> Iterator[tuple[Any, ...]]:
        view = "CREATE VIEW v AS SELECT 'Zqxsecret' AS said FROM customers WHERE id > 4711"
        yield ("customers", "table", "Who buys; ask Zqx@shop.example", 30, 8192, None)
        yield ("odd \"'% :x", "table", None, 2_000_000, 8192, None)
        yield ("v", "view", None, None, None, view)

    def _columns(self) -> Iterator[tuple[Any, ...]]:
        for place, name in enumerate(NAMES):
            native = NATIVE[self.engine][place]
            identity = "always" if name == "id" else ""
            length = 80 if name == "email" else None
            yield ("customers", name, native, name != "id", identity, 0, 0, None, length)
        yield ("odd \"'% :x", "sel\"ect' :y", NATIVE[self.engine][0], 1, None, 1, 0, None, None)
        yield ("v", "said", NATIVE[self.engine][1], 1, None, 0, 0, None, 80)

    def _keys(self) -> Iterator[tuple[Any, ...]]:
        more = (1,) if self.engine == "mssql" else ()
        yield ("customers", "customers_pk", "P", "id", None, *more)
        yield ("customers", "one_mail", "U", "email", None, *more)
        for column in ("balance", "note"):
            yield ("customers", "good", "C", column, CHECK[self.engine], *more)

    def _references(self) -> Iterator[tuple[Any, ...]]:
        yield ("odd \"'% :x", "fk", "sel\"ect' :y", "sales", "customers", "id")

    def _indexes(self) -> Iterator[tuple[Any, ...]]:
        yield ("customers", "by_seen", 0, 0, "NONCLUSTERED", "seen")
        yield ("customers", "by_seen", 0, 0, "NONCLUSTERED", None)
        yield ("customers", "some", 1, 1, "NORMAL", "token")

    def _partitions(self) -> Iterator[tuple[Any, ...]]:
        yield ("odd \"'% :x", "RANGE", "sel\"ect' :y", 12)


def _bare(statement: str) -> str:
    """A statement without its parameters, which each driver writes in its own way."""
    return re.sub(r"@\w+|%\(\w+\)s|:\w+|%s|\s+", "", statement)


@pytest.fixture(params=list(ENGINES))
def shop(request: pytest.FixtureRequest) -> Shop:
    return Shop(request.param)


@pytest.fixture
def made(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ScriptedConnection]]:
    """The driver's connections as they are made."""
    connections: list[ScriptedConnection] = []

    def connect(**arguments: Any) -> ScriptedConnection:
        connections.append(ScriptedConnection(shop, **arguments))
        return connections[-1]

    monkeypatch.setattr(pytds, "connect", connect)
    monkeypatch.setattr(oracledb, "connect", connect)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setitem(PORTS, shop.engine, listener.getsockname()[1])
        yield connections


def spec_of(engine: str, **more: Any) -> ConnectionSpec:
    fields = {"host": "127.0.0.1", "username": "reader", "database": "crm", **more}
    return ConnectionSpec(engine=engine, **fields)


@pytest.fixture
def connector(shop: Shop, made: list[ScriptedConnection]) -> Iterator[Connector]:
    opened = make_connector(spec_of(shop.engine), "pw", RunSettings(statement_timeout_seconds=7))
    opened.connect()
    yield opened
    opened.close()


def describe(connector: Connector, *names: str) -> dict[str, TableShape]:
    refs = [TableRef("sales", name) for name in names]
    found = connector.describe(refs)
    assert all(isinstance(each, TableShape) for each in found.values())
    return {ref.name: each for ref, each in found.items() if isinstance(each, TableShape)}


# Their SQL


def list_statements() -> Iterator[Any]:
    for engine, queries in ENGINES.items():
        texts = {name: text for name, text in vars(queries).items() if name.endswith("_SQL")}
        for name, text in {**texts, **queries.QUERIES}.items():
            yield pytest.param(engine, text, id=f"{engine}-{name}")


@pytest.mark.parametrize(("engine", "statement"), list(list_statements()))
def test_query_is_one_select_of_its_dialect_when_parsed(engine: str, statement: str) -> None:
    text = statement if engine == "oracle" else re.sub(r":(\w+)", r"@\1", statement)
    (parsed,) = sqlglot.parse(text, dialect=DIALECTS[engine])
    assert isinstance(parsed, exp.Query)
    require_select(statement)
    # Each part has as many columns as its reader takes.
    assert all(not isinstance(each, exp.Star) for each in parsed.selects)


def test_statement_on_rows_parses_when_names_are_odd(shop: Shop, connector: Connector) -> None:
    for shape in describe(connector, "customers", "odd \"'% :x", "v").values():
        connector.sample(shape, 20)
        connector.read_one(shape.ref)
    texts = [text for text, _ in shop.asked if "c0" in text or "customers" in text]
    assert len(texts) >= 3
    for text in texts:
        plain = re.sub(r"%\((\w+)\)s", r"@\1", text).replace("%%", "%")
        (parsed,) = sqlglot.parse(plain, dialect=DIALECTS[shop.engine])
        assert isinstance(parsed, exp.Query), text


def test_large_table_is_sampled_by_the_server_when_its_rows_are_many(
    shop: Shop, connector: Connector
) -> None:
    shape = describe(connector, "customers", "odd \"'% :x")["odd \"'% :x"]
    shop.sampled = 10
    sample = connector.sample(shape, 20)
    assert (sample.row_count, sample.exact) == (None, False)
    drawn = next(text for text, _ in shop.asked if "SAMPLE" in text and "c0" in text)
    assert ("REPEATABLE (20011)" in drawn) if shop.engine == "mssql" else ("SEED (20011)" in drawn)


def test_small_table_is_counted_when_its_estimate_says_so(shop: Shop, connector: Connector) -> None:
    shop.rows = 3
    sample = connector.sample(describe(connector, "customers")["customers"], 20)
    assert (sample.row_count, sample.exact, len(sample.rows)) == (3, True, 3)
    # Of bytes only a length was read.
    assert type(sample.rows[0][5]).__name__ == "Binary"


# Their shapes


def test_structure_is_told_when_the_catalogue_gives_it(shop: Shop, connector: Connector) -> None:
    shapes = describe(connector, "customers", "odd \"'% :x", "v")
    customers, odd, view = shapes["customers"], shapes["odd \"'% :x"], shapes["v"]
    assert [each.name for each in customers.columns] == NAMES
    assert [each.native_type for each in customers.columns] == NATIVE[shop.engine]
    assert [each.type for each in customers.columns] == TYPES[shop.engine]
    key, mail = customers.columns[:2]
    assert (key.key_position, key.unique, key.nullable, key.identity) == (1, True, False, "always")
    assert (mail.unique, mail.max_length, mail.nullable) == (True, 80, True)
    assert customers.indexes == [
        Index(name="by_seen", columns=["seen", "(expression)"], method="nonclustered"),
        Index(name="some", columns=["token"], unique=True, partial=True, method="normal"),
    ]
    assert not customers.columns[7].unique
    check, unique = sorted(customers.constraints, key=lambda each: each.kind)
    assert unique == Constraint(kind="unique", name="one_mail", columns=["email"])
    assert (check.columns, check.expression.count("?")) == (["balance", "note"], 2)
    assert odd.foreign_keys == [
        ForeignKey(
            columns=["sel\"ect' :y"], target_container="sales", target_name="customers",
            target_columns=["id"], name="fk",
        )
    ]  # fmt: skip
    assert odd.columns[0].generated
    assert odd.partitioning == Partitioning(
        strategy="range", columns=["sel\"ect' :y"], partitions=12
    )
    assert (view.kind, view.row_count) == ("view", None)
    assert "WHERE id > ?" in view.definition
    assert "Zqxsecret" not in str(shapes)


def test_schema_is_read_in_six_queries_when_many_tables_are_asked_for(
    shop: Shop, connector: Connector
) -> None:
    before = len(shop.asked)
    assert len(describe(connector, "customers", "v")) == 2
    assert len(shop.asked) == before + 6
    assert set(describe(connector, "odd \"'% :x", "gone")) == {"odd \"'% :x"}
    assert len(shop.asked) == before + 6
    assert describe(connector, "gone") == {}


def test_listing_is_whole_when_the_role_may_see_all(shop: Shop, connector: Connector) -> None:
    listing = connector.list_tables()
    assert [ref.name for ref in listing.tables] == ["customers", "odd \"'% :x", "v"]
    assert {each.name: (each.authoritative, each.tables) for each in listing.containers} == {
        "empty": (True, 0),
        "sales": (True, 3),
    }
    assert listing.complete


def test_absence_proves_nothing_when_the_role_may_not_see_all(
    shop: Shop, connector: Connector
) -> None:
    shop.whole = 0
    listing = connector.list_tables()
    assert not listing.complete
    # SQL Server tells of each schema; of Oracle's only the role's own, sales, is surely whole.
    whole = {"mssql": [True, True], "oracle": [False, True]}
    assert [each.authoritative for each in listing.containers] == whole[shop.engine]


# Their care


def test_session_is_bounded_before_anything_is_read(
    shop: Shop, connector: Connector, made: list[ScriptedConnection]
) -> None:
    (connection,) = made
    if shop.engine == "mssql":
        assert (connection.arguments["timeout"], connection.arguments["readonly"]) == (7, True)
        assert "SET LOCK_TIMEOUT 5000" in connection.asked
    else:
        assert connection.call_timeout == 7_000
        # The last thing before the first query, and nothing ends the transaction after it.
        connector.list_tables()
        began = connection.asked.index("SET TRANSACTION READ ONLY")
        assert not {"COMMIT", "ROLLBACK"} & set(connection.asked[began:])


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO sales.customers VALUES (1)", "UPDATE sales.customers SET id = 1",
        "DELETE FROM sales.customers", "DROP TABLE sales.customers", "MERGE INTO x USING y",
        "CREATE TABLE planted (a int)", "TRUNCATE TABLE sales.customers", "EXEC xp_cmdshell 'x'",
        "SELECT * INTO planted FROM sales.customers", "SELECT 1; DROP TABLE x",
        "SELECT 1 FROM sales.customers FOR UPDATE", "BEGIN x; END", "GRANT SELECT ON x TO y",
        "ALTER SESSION SET x = 1", "WITH a AS (SELECT 1) SELECT * INTO b FROM a", "",
    ],
)  # fmt: skip
def test_write_is_refused_when_tried_in_the_session(
    shop: Shop, connector: Any, statement: str
) -> None:
    before = len(shop.asked)
    with pytest.raises(SourceFault) as caught:
        connector._session.run(statement)
    assert caught.value.code == "permission_denied"
    assert len(shop.asked) == before


def test_steps_pass_when_the_server_answers(shop: Shop, made: list[ScriptedConnection]) -> None:
    steps = run_test(spec_of(shop.engine)).steps
    assert all(each.ok for each in steps), steps
    assert steps[-1].name == "read_one"
    assert "password" not in str(steps)


def test_grant_is_named_when_a_table_may_not_be_read(shop: Shop, connector: Connector) -> None:
    hint = connector.grant_hint(TableRef("sales", "customers"))
    assert re.search(r"GRANT \w+ ON .sales.\..customers. TO .reader.;", hint, re.IGNORECASE)


def test_statement_was_too_slow_when_the_driver_waits_in_vain(
    shop: Shop, connector: Connector
) -> None:
    shop.fails["customers"] = TimeoutError("Zqx")
    with pytest.raises(SourceFault) as caught:
        connector.read_one(TableRef("sales", "customers"))
    assert caught.value.code == "query_timeout"


@pytest.mark.parametrize("tls", ["disable", "prefer", "require", "verify-full"])
def test_connection_is_as_safe_as_asked_when_made(
    shop: Shop, made: list[ScriptedConnection], tls: str
) -> None:
    connector: Any = make_connector(spec_of(shop.engine, tls=tls), "pw", RunSettings())
    arguments = connector._connect_args("pw")
    if shop.engine == "mssql":
        assert ("cafile" in arguments) == (tls != "disable")
        assert arguments.get("validate_host", False) == (tls == "verify-full")
    else:
        secure = tls in ("require", "verify-full")
        assert arguments["protocol"] == ("tcps" if secure else "tcp")
        assert arguments.get("ssl_server_dn_match", False) == (tls == "verify-full")


@pytest.mark.parametrize(
    "service",
    ["", "(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=x)))", "x/y", "x:1521", "x?y=1", "//h/x", "x y",
     "x)(y", "x\n", "x;y", "x'", "@x"],
)  # fmt: skip
def test_service_is_refused_when_it_could_be_a_connect_string(service: str) -> None:
    with pytest.raises(SourceFault) as caught:
        make_connector(spec_of("oracle", database=service), "pw", RunSettings())
    assert caught.value.code == "database_missing"
