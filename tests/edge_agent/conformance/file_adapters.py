"""The shop in DuckDB: as a database file, and as a folder of CSV, Parquet or JSON files."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import duckdb

from datawave_edge.connectors.capabilities import Capability
from datawave_edge.protocol import ConnectionSpec

from .adapters import ODD, ODD_COLUMN, SECRET, Adapter, Broken, Rows, list_customers, list_orders

ENDLESS = "SELECT count(*) AS x FROM range(100000000000) a, range(100000) b"
REACHING_OUT = (
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
    "ATTACH ':memory:' AS planted",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 4",
    "SET enable_external_access = true",
    "CALL pragma_version()",
    "PRAGMA version",
    "SELECT 1; SELECT 2",
    "EXPORT DATABASE 'planted'",
)


@dataclass
class DuckdbFile(Adapter):
    """A database file."""

    path: Path
    engine = "duckdb"
    steps = ("file", "open", "read_only", "list", "read_one")
    writes = (*Adapter.writes, *REACHING_OUT, "CREATE TEMP TABLE t (a int)")

    def __post_init__(self) -> None:
        self.spec = ConnectionSpec(engine="duckdb", database=str(self.path))

    @property
    def container(self) -> str:
        return "main"

    def build(self) -> None:
        self.run(
            "CREATE SEQUENCE numbers",
            "CREATE TYPE mood AS ENUM ('Zqxhappy', 'Zqxsad', 'Zqx''bored')",
            "CREATE TABLE customers (id INT PRIMARY KEY DEFAULT nextval('numbers'), email VARCHAR"
            " NOT NULL UNIQUE, name VARCHAR, age INT CHECK (age >= 4711 - 4711), joined DATE,"
            " balance DECIMAL(12,2), rating DOUBLE, active BOOLEAN, photo BLOB,"
            " mood mood DEFAULT 'Zqxhappy', twice INT GENERATED ALWAYS AS (age * 2), note VARCHAR)",
            "COMMENT ON TABLE customers IS 'Who buys; ask Zqx@shop.example'",
            "CREATE TABLE orders (customer_id INT REFERENCES customers (id), no INT, placed DATE,"
            " PRIMARY KEY (customer_id, no))",
            "CREATE INDEX orders_by_day ON orders (placed, no)",
            f"CREATE TABLE {self.quote(ODD)} ({self.quote(ODD_COLUMN)} INT, b VARCHAR)",
            "CREATE TABLE leer (a VARCHAR)",
            "CREATE VIEW big_orders AS SELECT no, 'Zqxlabel' AS said FROM orders WHERE no > 2",
            *Rows(self, "from_hex('{}')").statements(),
        )

    def run(self, *statements: str) -> None:
        with closing(duckdb.connect(str(self.path))) as connection:
            for statement in statements:
                connection.execute(statement)

    def break_one(self) -> Broken:
        self.run(f"CREATE VIEW broken AS SELECT CAST('{SECRET}' || no AS INT) AS a FROM orders")
        return Broken(self.spec, "broken", frozenset(("view_broken",)))

    def slow(self) -> str:
        self.run(f"CREATE VIEW slow AS {ENDLESS}")
        return "slow"

    def slow_statement(self) -> str:
        return ENDLESS

    def misspelt(self) -> tuple[ConnectionSpec, str, str]:
        path = str(self.path.with_name("no such file"))
        return ConnectionSpec(engine="duckdb", database=path), "file", "file_missing"


@dataclass
class Files(Adapter):
    """A folder; what a table is in a database, a file is here."""

    folder: Path
    kind: str
    engine = "files"
    steps = ("file", "open", "read_only", "list", "read_one")
    types = {"balance": "float"}
    writes = (
        *REACHING_OUT,
        "COPY (SELECT 1) TO '{folder}/planted.csv'",
        "ATTACH '{folder}/planted.db'",
        "SELECT * FROM '{folder}/../outside.csv'",
    )
    columns: ClassVar[tuple[str, ...]] = (
        "id", "email", "name", "age", "joined", "balance", "rating", "active", "note",
    )  # fmt: skip
    # A shop of single files has no sets; those have tests of their own. Text has no binary values.
    lacks = frozenset[Capability](("binary", "partitions"))

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.spec = ConnectionSpec(engine="files", database=str(self.folder))
        (self.folder.parent / "outside.csv").write_text("a,b\n1,2\n")

    def has_column(self, name: str) -> bool:
        return name in self.columns

    def name(self, logical: str) -> str:
        return f"{logical}.{self.kind}"

    def build(self) -> None:
        places = [0, 1, 2, 3, 4, 5, 6, 7, 9]
        customers = [[row[place] for place in places] for row in list_customers()]
        self.write_file("customers", Files.columns, customers)
        self.write_file("orders", ("customer_id", "no", "placed"), list(map(list, list_orders())))
        self.write_file(ODD, (ODD_COLUMN, "b"), [[1, "one"], [2, None]])
        self.write_file("leer", ("a",), [])

    def write_file(self, name: str, columns: tuple[str, ...], rows: list[list[Any]]) -> None:
        """One file of the adapter's kind."""
        with (self.folder / self.name(name)).open("w", newline="", encoding="utf-8") as opened:
            written = csv.writer(opened)
            written.writerow(columns)
            written.writerows(rows)

    def run(self, *statements: str) -> None:
        raise NotImplementedError(statements)

    def change_row(self) -> None:
        self.write_file(ODD, (ODD_COLUMN, "b"), [[1, "one"], [2, None], [3, "three"]])

    def write(self, statement: str) -> str:
        return statement.replace("{folder}", str(self.folder))

    def break_one(self) -> Broken:
        content = bytes(range(256)) * 4 + SECRET.encode()
        (self.folder / self.name("broken")).write_bytes(content)
        return Broken(self.spec, self.name("broken"), frozenset(("file_broken",)))

    def slow(self) -> str:
        raise NotImplementedError

    def slow_statement(self) -> str:
        return ENDLESS

    def misspelt(self) -> tuple[ConnectionSpec, str, str]:
        spec = ConnectionSpec(engine="files", database=str(self.folder / "none"))
        return spec, "file", "file_missing"


@dataclass
class ParquetFiles(Files):
    """The same in Parquet, which keeps types and bytes."""

    types = {}
    columns = (*Files.columns, "photo")
    lacks = frozenset(("partitions",))

    def build(self) -> None:
        super().build()
        with closing(duckdb.connect()) as connection:
            connection.execute("CREATE TABLE photos (id INT, photo BLOB)")
            photos = [[row[0], row[8]] for row in list_customers()]
            connection.executemany("INSERT INTO photos VALUES (?, ?)", photos)
            path = self.folder / self.name("customers")
            connection.execute(
                f"COPY (SELECT c.* REPLACE (balance::DECIMAL(12,2) AS balance), photo"
                f" FROM '{path}' c JOIN photos USING (id) ORDER BY id) TO '{path}.new'"
                " (FORMAT parquet)"
            )
            Path(f"{path}.new").replace(path)

    def write_file(self, name: str, columns: tuple[str, ...], rows: list[list[Any]]) -> None:
        places = ", ".join("?" for _ in columns)
        names = ", ".join(map(self.quote, columns))
        with closing(duckdb.connect()) as connection:
            kinds = _kinds(rows, len(columns))
            made = ", ".join(f"{self.quote(c)} {k}" for c, k in zip(columns, kinds, strict=True))
            connection.execute(f"CREATE TABLE t ({made})")
            if rows:
                connection.executemany(f"INSERT INTO t ({names}) VALUES ({places})", rows)
            path = str(self.folder / self.name(name)).replace("'", "''")
            connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")


@dataclass
class JsonFiles(Files):
    """The same in JSON, one object a line."""

    # Without a row there is no key to tell a column by.
    empty_columns = ("json",)

    def write_file(self, name: str, columns: tuple[str, ...], rows: list[list[Any]]) -> None:
        lines = [json.dumps(dict(zip(columns, row, strict=True)), default=str) for row in rows]
        (self.folder / self.name(name)).write_text("\n".join(lines), encoding="utf-8")


def _kinds(rows: list[list[Any]], width: int) -> list[str]:
    known = {bool: "BOOLEAN", int: "INTEGER", float: "DOUBLE", str: "VARCHAR"}
    first = rows[0] if rows else ["x"] * width
    return [known.get(type(cell), "DATE") for cell in first]
