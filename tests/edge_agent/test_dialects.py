"""Databases through any SQLAlchemy dialect: what is allowed and asked, and when it is given up."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mysql import SET
from sqlalchemy.dialects.oracle.base import OracleDialect
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from datawave_edge.connectors.dialect_names import list_allowed
from datawave_edge.connectors.dialect_shapes import native_type, normal_of, told_name
from datawave_edge.faults import SourceFault, fault_of
from datawave_edge.protocol import BatchRejected, ConnectionSpec, decode_message
from tests.edge_agent.made_dialects import ElephantDialect, make_through


class LizardDialect(SQLiteDialect_pysqlite):
    """SQLite under another name."""

    name = "lizard"


class HurriedDialect(PGDialect_asyncpg):
    """One whose driver is asynchronous."""

    name = "hurried"

    @classmethod
    def import_dbapi(cls) -> Any:
        return None


registry.register("lizard", __name__, "LizardDialect")
registry.register("hurried", __name__, "HurriedDialect")
registry.register("disguised", "sqlalchemy.dialects.postgresql.psycopg", PGDialect_psycopg.__name__)

pytestmark = pytest.mark.usefixtures("allowed_dialects")
SPEC = ConnectionSpec(
    engine="sqlalchemy",
    dialect="elephant",
    host="db.example.test",
    port=4711,
    database="shop",
    username="reader",
)


def refusal_of(spec: ConnectionSpec, password: str = "") -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        make_through(spec, password)
    return caught.value


# What is allowed


@pytest.mark.parametrize("told", ["", " ", "firebird", "elephant+other", "ELEPHANT"])
def test_dialect_is_refused_when_the_administrator_does_not_name_it(
    told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAWAVE_DIALECTS", told)
    fault = refusal_of(SPEC)
    assert fault.code == "dialect_refused"
    assert fault.hint.endswith("add elephant to DATAWAVE_DIALECTS there.")
    monkeypatch.delenv("DATAWAVE_DIALECTS")
    assert list_allowed() == []
    assert refusal_of(SPEC).code == "dialect_refused"


@pytest.mark.parametrize(
    ("dialect", "hint"),
    [
        ("postgresql", "Choose PostgreSQL"),
        ("postgresql+pg8000", "Choose PostgreSQL"),
        ("mariadb+mariadbconnector", "Choose MySQL / MariaDB"),
        ("mssql+pyodbc", "Choose SQL Server"),
        ("oracle", "Choose Oracle"),
        ("duckdb", "Choose DuckDB"),
        ("sqlite+pysqlcipher", "Choose SQLite"),
        ("disguised", "Choose PostgreSQL"),
        ("shillelagh", "It opens files"),
        ("lizard", "It opens files"),
        ("hurried", "Its driver is asynchronous"),
    ],
)
def test_dialect_is_refused_when_no_administrator_may_allow_it(
    dialect: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAWAVE_DIALECTS", dialect)
    fault = refusal_of(msgspec.structs.replace(SPEC, dialect=dialect))
    assert fault.code == "dialect_refused"
    assert fault.hint.startswith(hint)


def test_fault_says_what_to_install_when_the_dialect_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATAWAVE_DIALECTS", "nosuch+driver")
    fault = refusal_of(msgspec.structs.replace(SPEC, dialect="nosuch+driver"))
    assert fault.code == "driver_missing"
    assert "nosuch+driver" in fault.hint


@pytest.mark.parametrize(
    "dialect", ["Elephant", "elephant\n", "a+b+c", "a.b", "elephant://h/d", "a?x=1", "+a", "a" * 65]
)
def test_message_is_refused_when_its_dialect_is_no_name(dialect: str) -> None:
    raw = msgspec.json.encode({"engine": "sqlalchemy", "dialect": dialect})
    with pytest.raises(BatchRejected):
        decode_message(raw, ConnectionSpec)
    # An agent trusts itself no more than the wire.
    assert refusal_of(msgspec.structs.replace(SPEC, dialect=dialect)).code == "dialect_refused"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("database", "a/../b", "database_missing"),
        ("database", "x;PROTOCOL=file", "database_missing"),
        ("database", "/data/shop.fdb", "database_missing"),
        ("username", "", "auth_failed"),
        ("username", "u;Trusted=yes", "auth_failed"),
        ("port", None, "connect_refused"),
        ("tls", "require", "tls_failed"),
        ("tls", "verify-full", "tls_failed"),
    ],
)
def test_connection_is_refused_when_a_driver_could_read_a_field_as_more(
    field: str, value: Any, code: str
) -> None:
    fault = refusal_of(msgspec.structs.replace(SPEC, **{field: value}))
    assert fault.code == code
    assert fault.hint


@pytest.mark.parametrize("password", ["a;b", "a{b", "a'b", 'a"b', "a b", "a\\b", "a\x00", "ü\n"])
def test_connection_is_refused_when_the_password_could_end_a_field(password: str) -> None:
    assert refusal_of(SPEC, password).code == "auth_failed"


def test_driver_is_told_the_fields_alone_when_it_connects() -> None:
    connector = make_through(SPEC, "pa:ss@w/o?rd=1")
    url = connector._url()
    assert url.query == {}
    _, told = connector._session.dialect.create_connect_args(url)
    assert {**told, "context": None} == {
        "host": "db.example.test", "port": 4711, "dbname": "shop", "user": "reader",
        "password": "pa:ss@w/o?rd=1", "context": None,
    }  # fmt: skip


# What is told of what


@pytest.mark.parametrize(
    ("kind", "native", "normal"),
    [
        (sa.Enum("Zqx", "b", name="mood"), "mood", "enum"),
        (SET("Zqx", "b"), "SET", "enum"),
        (sa.Text(), "TEXT", "text"),
        (sa.Numeric(12, 2), "NUMERIC(12, 2)", "decimal"),
        (sa.types.NullType(), "NullType", "other"),
    ],
)
def test_type_tells_no_member_when_it_is_an_enumeration(
    kind: Any, native: str, normal: str
) -> None:
    dialect = sa.make_url("mysql+pymysql://").get_dialect()()
    told = native_type(kind, dialect)
    assert (told, normal_of(kind, told)) == (native, normal)


@pytest.mark.parametrize(
    ("asked", "told"), [("customers", "CUSTOMERS"), ("Mixed", "Mixed"), ("two words", "two words")]
)
def test_name_is_as_the_database_spells_it_when_sqlalchemy_turns_its_case(
    asked: str, told: str
) -> None:
    assert told_name(OracleDialect(), asked) == told
    assert told_name(ElephantDialect(), asked) == asked


class DatabaseError(Exception):
    """What a driver that nobody knows may raise."""

    sqlstate = ""


class ProgrammingError(DatabaseError):
    """The same, by another of the standard names."""


@pytest.mark.parametrize(
    ("kind", "state", "text", "code"),
    [
        (DatabaseError, "28000", "no permission for SELECT access to TABLE X", "permission_denied"),
        (DatabaseError, "28000", "Your user name and password are not defined", "auth_failed"),
        (DatabaseError, "08001", 'open "x"; No such file or directory', "database_missing"),
        (DatabaseError, "42S02", "Zqx", "table_missing"),
        (DatabaseError, "HYT00", "Zqx", "query_timeout"),
        (DatabaseError, "", "Table unknown Zqx", "table_missing"),
        (DatabaseError, "", "Query was cancelled", "query_timeout"),
        (ProgrammingError, "", "Zqx", "view_broken"),
        (DatabaseError, "", "Zqx", "internal"),
    ],
)
def test_code_is_found_when_the_driver_is_unknown(
    kind: type[DatabaseError], state: str, text: str, code: str
) -> None:
    error = kind(text)
    error.sqlstate = state
    fault = fault_of(error)
    assert fault.code == code
    assert "Zqx" not in f"{fault} {fault.hint}"


def test_code_tells_of_the_connection_when_the_dialect_says_that_it_is_over() -> None:
    error = sa.exc.DBAPIError("x", {}, DatabaseError("Zqx"), connection_invalidated=True)
    assert fault_of(error).code == "connection_lost"
