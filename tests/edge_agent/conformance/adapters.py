"""One logical database, made in each engine's own words: a shop with odd names and empty tables."""

from __future__ import annotations

import sqlite3
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from datawave_edge.connectors import TableRef
from datawave_edge.connectors.capabilities import DECLARED, Capability
from datawave_edge.protocol import ConnectionSpec
from datawave_edge.protocol.structure import NormalType
from tests.edge_agent.conftest import run_mysql, run_postgres, sqlite_spec

ODD = "Odd \"näme'; -- %s"
ODD_COLUMN = 'sel"ect ünd :x'
# Planted where an error can repeat it.
SECRET = "Zqxsecret"
CUSTOMERS = 30
ORDERS = 90
NOTES_MISSING = 10
SERVER_STEPS = (
    "resolve", "connect", "tls", "authenticate", "peer", "read_only", "list", "grants", "read_one",
)  # fmt: skip
NAMES = ("Ada Lovelace", "Åsa Öberg", "李小龍", "O'Brien; --", "Жанна %s", "back\\slash")


def list_customers() -> Iterator[tuple[Any, ...]]:
    """id, email, name, age, joined, balance, rating, active, photo, note."""
    for n in range(1, CUSTOMERS + 1):
        note = None if n % 3 == 0 else f"met in {n}"
        joined = date(2020, 1, 1) + timedelta(days=n)
        yield (
            n, f"c{n}@shop.example", NAMES[n % len(NAMES)], 20 + n, joined, n + 0.25, n / 2,
            n % 2 == 0, bytes(range(n)), note,
        )  # fmt: skip


def list_orders() -> Iterator[tuple[Any, ...]]:
    """customer_id, no, placed."""
    for n in range(ORDERS):
        yield n % CUSTOMERS + 1, n // CUSTOMERS + 1, date(2024, 1, 1) + timedelta(days=n)


@dataclass
class Broken:
    """A dataset that this agent can't read, and by which connection it tries."""

    spec: ConnectionSpec
    name: str
    codes: frozenset[str]


class Adapter(ABC):
    """Makes the shop in an engine, and knows what the engine calls things."""

    engine: ClassVar[str]
    steps: ClassVar[tuple[str, ...]]
    # Logical types that this engine keeps otherwise.
    types: ClassVar[Mapping[str, NormalType]] = {}
    # Statements by which somebody would write, or reach out; {odd} and {customers} are tables.
    writes: ClassVar[Sequence[str]] = (
        "INSERT INTO {customers} (id) VALUES (99)",
        "UPDATE {customers} SET name = 'x'",
        "DELETE FROM {customers}",
        "DROP TABLE {customers}",
        "CREATE TABLE planted (a int)",
    )
    spec: ConnectionSpec
    empty_columns: ClassVar[tuple[str, ...]] = ("a",)
    # What the engine can tell, but not of this shop: with the reason beside it.
    lacks: ClassVar[frozenset[Capability]] = frozenset()

    def can(self, capability: Capability) -> bool:
        """Whether the connector declares it, and the shop shows it."""
        return capability in DECLARED[self.engine].can - self.lacks

    def name(self, logical: str) -> str:
        """A dataset's name in this engine."""
        return logical

    def names(self) -> set[str]:
        """All datasets of the shop."""
        views = {"big_orders"} if self.can("views") else set()
        return {self.name(each) for each in ("customers", "orders", "leer", ODD)} | views

    def has_column(self, name: str) -> bool:
        """Whether the engine's customers have such a column."""
        return bool(name)

    @property
    def container(self) -> str:
        """Where the shop's tables are."""
        return ""

    def ref(self, logical: str) -> TableRef:
        """A dataset by its names."""
        return TableRef(self.container, self.name(logical))

    @abstractmethod
    def build(self) -> None:
        """Make the shop."""

    @abstractmethod
    def run(self, *statements: str) -> None:
        """Run statements as somebody who may write."""

    @abstractmethod
    def break_one(self) -> Broken:
        """Make one dataset unreadable, with a planted value in what the engine says of it."""

    @abstractmethod
    def slow(self) -> str:
        """Make a view that takes for ever to read, and give its name; where there are views."""

    @abstractmethod
    def slow_statement(self) -> str:
        """A SELECT that takes for ever."""

    @abstractmethod
    def misspelt(self) -> tuple[ConnectionSpec, str, str]:
        """A connection that fails, with the step and the code at which it does."""

    def change_row(self) -> None:
        """Change rows of the odd table alone."""
        self.run(f"DELETE FROM {self.quote(ODD)}")

    def quote(self, name: str) -> str:
        """A name in SQL."""
        return '"' + name.replace('"', '""') + '"'

    def write(self, statement: str) -> str:
        """A statement of `writes` in this engine's names."""
        return statement.format(customers=self.quote(self.name("customers")))


class Rows:
    """The shop's rows as INSERT statements that every SQL database takes."""

    def __init__(self, adapter: Adapter, binary: str) -> None:
        self._quote = adapter.quote
        self._binary = binary

    def statements(self) -> list[str]:
        """All of them."""
        columns = "id, email, name, age, joined, balance, rating, active, photo, note"
        customers = ", ".join(map(self._values, list_customers()))
        orders = ", ".join(map(self._values, list_orders()))
        odd = self._quote(ODD)
        return [
            f"INSERT INTO customers ({columns}) VALUES {customers}",
            f"INSERT INTO orders (customer_id, no, placed) VALUES {orders}",
            f"INSERT INTO {odd} VALUES (1, 'one'), (2, NULL)",
        ]

    def _values(self, row: Sequence[Any]) -> str:
        return "(" + ", ".join(map(self._literal, row)) + ")"

    def _literal(self, value: Any) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, bytes):
            return self._binary.format(value.hex())
        if isinstance(value, int | float):
            return str(value)
        return "'" + str(value).replace("'", "''") + "'"


@dataclass
class Sqlite(Adapter):
    """A file."""

    path: Path
    engine = "sqlite"
    steps = ("file", "open", "read_only", "list", "read_one")
    types = {"mood": "text"}
    writes = (*Adapter.writes, "ATTACH 'planted.db' AS planted", "CREATE TEMP TABLE t (a)")

    def __post_init__(self) -> None:
        self.spec = sqlite_spec(self.path)

    def build(self) -> None:
        self.run(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY AUTOINCREMENT, email VARCHAR(80)"
            " NOT NULL UNIQUE, name TEXT, age INT CHECK (age >= 4711 - 4711), joined DATE,"
            " balance DECIMAL(12,2), rating DOUBLE, active BOOLEAN, photo BLOB,"
            " mood TEXT DEFAULT 'Zqxhappy', twice INT GENERATED ALWAYS AS (age * 2) VIRTUAL,"
            " note TEXT)",
            "CREATE TABLE orders (customer_id INT REFERENCES customers (id), no INT, placed DATE,"
            " PRIMARY KEY (customer_id, no))",
            "CREATE INDEX orders_by_day ON orders (placed, no)",
            f"CREATE TABLE {self.quote(ODD)} ({self.quote(ODD_COLUMN)} INT, b TEXT)",
            "CREATE TABLE leer (a TEXT)",
            "CREATE VIEW big_orders AS SELECT no, 'Zqxlabel' AS said FROM orders WHERE no > 2",
            *Rows(self, "x'{}'").statements(),
        )

    def run(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    def break_one(self) -> Broken:
        self.run(
            f"CREATE TABLE {SECRET} (a)",
            f"CREATE VIEW broken AS SELECT a, '{SECRET}' FROM {SECRET}",
            f"DROP TABLE {SECRET}",
        )
        return Broken(self.spec, "broken", frozenset(("view_broken",)))

    def slow(self) -> str:
        self.run(f"CREATE VIEW slow AS {self.slow_statement()}")
        return "slow"

    def slow_statement(self) -> str:
        return (
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
        )

    def misspelt(self) -> tuple[ConnectionSpec, str, str]:
        return sqlite_spec(self.path.with_name("no such file")), "file", "file_missing"


@dataclass
class Postgres(Adapter):
    """A database of its own, and roles that are dropped with it."""

    spec: ConnectionSpec
    roles: list[str] = field(default_factory=list)
    engine = "postgresql"
    steps = SERVER_STEPS
    writes = (
        *Adapter.writes,
        "TRUNCATE {customers} CASCADE",
        "CREATE SCHEMA planted",
        "GRANT SELECT ON {customers} TO PUBLIC",
        "SELECT pg_catalog.setval('public.customers_id_seq', 4711)",
    )

    @property
    def container(self) -> str:
        return "public"

    def build(self) -> None:
        self.run(
            "CREATE TYPE mood AS ENUM ('Zqxhappy', 'Zqxsad', 'Zqxbored')",
            "CREATE TABLE customers (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
            " email varchar(80) NOT NULL UNIQUE, name text, age int CHECK (age >= 4711 - 4711),"
            " joined date, balance numeric(12,2), rating double precision, active boolean,"
            " photo bytea, mood mood DEFAULT 'Zqxhappy',"
            " twice int GENERATED ALWAYS AS (age * 2) STORED, note text)",
            "COMMENT ON TABLE customers IS 'Who buys; ask Zqx@shop.example'",
            "CREATE TABLE orders (customer_id int REFERENCES customers (id), no int, placed date,"
            " PRIMARY KEY (customer_id, no))",
            "CREATE INDEX orders_by_day ON orders (placed, no)",
            f"CREATE TABLE {self.quote(ODD)} ({self.quote(ODD_COLUMN)} int, b text)",
            "CREATE TABLE leer (a text)",
            "CREATE VIEW big_orders AS SELECT no, 'Zqxlabel' AS said FROM orders WHERE no > 2",
            *Rows(self, "'\\x{}'").statements(),
        )

    def run(self, *statements: str) -> None:
        run_postgres(self.spec, *statements)

    def break_one(self) -> Broken:
        role = self.make_role()
        self.run(
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
            f"REVOKE SELECT ON orders FROM {role}",
        )
        spec = msgspec.structs.replace(self.spec, username=role)
        return Broken(spec, "orders", frozenset(("permission_denied",)))

    def make_role(self) -> str:
        """A role that may sign in and nothing else."""
        role = f"edge_{uuid.uuid4().hex[:8]}"
        self.run(f"CREATE ROLE {role} LOGIN")
        self.roles.append(role)
        return role

    def clean_up(self) -> None:
        """Drop what is of the server, not of the database."""
        for role in self.roles:
            self.run(f"DROP OWNED BY {role}", f"DROP ROLE {role}")

    def slow(self) -> str:
        self.run("CREATE VIEW slow AS SELECT pg_sleep(60)::text AS x")
        return "slow"

    def slow_statement(self) -> str:
        return "SELECT pg_sleep(60)"

    def misspelt(self) -> tuple[ConnectionSpec, str, str]:
        spec = msgspec.structs.replace(self.spec, database="no_such_database")
        return spec, "authenticate", "database_missing"


@dataclass
class Mysql(Adapter):
    """A database of its own."""

    spec: ConnectionSpec
    engine = "mysql"
    steps = SERVER_STEPS
    writes = (*Adapter.writes, "TRUNCATE {customers}", "CREATE DATABASE edge_planted")

    @property
    def container(self) -> str:
        return self.spec.database

    def quote(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def build(self) -> None:
        self.run(
            "CREATE TABLE customers (id int AUTO_INCREMENT PRIMARY KEY, email varchar(80) NOT NULL"
            " UNIQUE, name text, age int, joined date, balance decimal(12,2), rating double,"
            " active boolean, photo blob, mood enum('Zqxhappy', 'Zqxsad', 'Zqxbored')"
            " DEFAULT 'Zqxhappy', twice int GENERATED ALWAYS AS (age * 2) STORED, note text,"
            " CHECK (age >= 4711 - 4711)) COMMENT 'Who buys; ask Zqx@shop.example'",
            "CREATE TABLE orders (customer_id int, no int, placed date, PRIMARY KEY (customer_id,"
            " no), FOREIGN KEY (customer_id) REFERENCES customers (id))",
            "CREATE INDEX orders_by_day ON orders (placed, no)",
            f"CREATE TABLE {self.quote(ODD)} ({self.quote(ODD_COLUMN)} int, b text)",
            "CREATE TABLE leer (a text)",
            "CREATE VIEW big_orders AS SELECT no, 'Zqxlabel' AS said FROM orders WHERE no > 2",
            *(each.replace("\\", "\\\\") for each in Rows(self, "x'{}'").statements()),
        )

    def run(self, *statements: str) -> None:
        run_mysql(self.spec, *statements)

    def break_one(self) -> Broken:
        self.run(
            f"CREATE TABLE {SECRET} (a int)",
            f"CREATE VIEW broken AS SELECT a, '{SECRET}' AS b FROM {SECRET}",
            f"DROP TABLE {SECRET}",
        )
        return Broken(self.spec, "broken", frozenset(("view_broken",)))

    def slow(self) -> str:
        self.run("CREATE VIEW slow AS SELECT sleep(60) AS x")
        return "slow"

    def slow_statement(self) -> str:
        # MySQL's sleep() ends early with a result instead of an error.
        return "SELECT count(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b"

    def misspelt(self) -> tuple[ConnectionSpec, str, str]:
        spec = msgspec.structs.replace(self.spec, database="no_such_database")
        return spec, "authenticate", "database_missing"


@contextmanager
def built(adapter: Adapter) -> Iterator[Adapter]:
    """The adapter with its shop made, cleaned up afterwards."""
    try:
        adapter.build()
        yield adapter
    finally:
        if isinstance(adapter, Postgres):
            adapter.clean_up()
