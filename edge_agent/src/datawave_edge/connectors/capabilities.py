"""What each engine's connector can tell: declared here, proven by the conformance suite.

What an engine does not have is said, not passed over: a run that shows no checks means either that
there are none or that its engine knows none, and these lines tell which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Capability = Literal[
    "views", "view_text", "keys", "unique", "checks", "indexes", "comments", "identity",
    "generated", "enums", "binary", "partitions", "row_estimate", "size", "grants", "spread_sample",
    "counting", "time_limit", "stop", "whole_list",
]  # fmt: skip
# "live": the suite runs against a real one; "scripted": so far only against answers that were made
# up after the vendor's documentation.
Tested = Literal["live", "scripted"]

TITLES: Final[dict[Capability, str]] = {
    "views": "Views",
    "view_text": "Text of views, without literals",
    "keys": "Primary and foreign keys",
    "unique": "Unique constraints",
    "checks": "Checks, without literals",
    "indexes": "Indexes",
    "comments": "Comments, scrubbed",
    "identity": "Columns that the database numbers",
    "generated": "Generated columns",
    "enums": "Enumerations, as a count of members",
    "binary": "Binary values, by length alone",
    "partitions": "Partitions and inheritance",
    "row_estimate": "Rows by estimate, without counting",
    "size": "Size on disk",
    "grants": "Grants, with roles resolved",
    "spread_sample": "Sample spread over the table",
    "counting": "Rare patterns counted over whole tables",
    "time_limit": "Time limit on every statement",
    "stop": "A statement can be stopped",
    "whole_list": "Dropped tables are told",
}


@dataclass(frozen=True)
class Declaration:
    """What a connector can tell, how far it was tested, and the extra that brings its driver."""

    engine: str
    title: str
    can: frozenset[Capability]
    extra: str = ""
    tested: Tested = "live"


_ALL: Final = frozenset(TITLES)
_FILES: Final[frozenset[Capability]] = frozenset(
    ("binary", "partitions", "size", "spread_sample", "counting", "time_limit", "stop",
     "whole_list")
)  # fmt: skip
_CATALOGUE: Final = _ALL - {"enums", "grants", "counting"}
DECLARED: Final = {
    each.engine: each
    for each in (
        Declaration("postgresql", "PostgreSQL", _ALL, extra="postgres"),
        Declaration("mysql", "MySQL / MariaDB", _ALL, extra="mysql"),
        Declaration(
            "sqlite",
            "SQLite",
            _ALL - {"comments", "enums", "partitions", "row_estimate", "size", "grants"},
        ),
        Declaration("duckdb", "DuckDB", _ALL - {"partitions", "size", "grants"}, extra="duckdb"),
        Declaration(
            "files",
            "CSV, Parquet and JSON files",
            _FILES,
            extra="duckdb",
        ),
        Declaration("mssql", "SQL Server", _CATALOGUE, extra="mssql", tested="scripted"),
        Declaration("oracle", "Oracle", _CATALOGUE, extra="oracle", tested="scripted"),
        Declaration(
            "sqlalchemy",
            "Other (SQLAlchemy)",
            _CATALOGUE - {"partitions", "row_estimate", "size", "whole_list"} | {"enums"},
        ),
    )
}
