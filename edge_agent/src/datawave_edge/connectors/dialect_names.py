"""What a dialect and the fields beside it may be called; also for servers, without SQLAlchemy."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

VARIABLE: Final = "DATAWAVE_DIALECTS"
_DIALECT: Final = re.compile(r"[a-z][a-z0-9_]*(?:\+[a-z][a-z0-9_]*)?")
# What drivers may take for an option, a path or the end of a field, when they make one text of all.
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.$#@-]{0,127}")
_PASSWORD: Final = re.compile(r"[^\x00-\x20\x7f;{}'\"\\]{0,1000}")
# Databases that have a connector of their own, which knows more and promises more.
_SERVED: Final = {
    "postgresql": "PostgreSQL", "postgres": "PostgreSQL", "mysql": "MySQL / MariaDB",
    "mariadb": "MySQL / MariaDB", "sqlite": "SQLite", "pysqlite": "SQLite", "duckdb": "DuckDB",
    "mssql": "SQL Server", "oracle": "Oracle",
}  # fmt: skip
# These read files or fetch addresses in the agent's own process.
_UNBOUNDED: Final = frozenset(
    ("access", "chdb", "csv", "gsheets", "libsql", "motherduck", "shillelagh", "turso")
)
OPENS_FILES: Final = "It opens files of the agent's host."


def list_allowed(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The dialects that this host's administrator names, as they stand there."""
    return [each.strip() for each in environ.get(VARIABLE, "").split(",") if each.strip()]


def find_refusal(dialect: str) -> str:
    """Why no administrator can allow a dialect of this name; empty when one can."""
    if not _DIALECT.fullmatch(dialect):
        return "Give the name of a dialect alone, such as firebird+firebird."
    return refuse_base(dialect)


def refuse_base(name: str) -> str:
    """Why the database that a dialect is for is not read through one; empty when it is."""
    base = re.split(r"\W", name.lower())[0]
    if base in _SERVED:
        return f"Choose {_SERVED[base]} as the engine: it has a connector of its own."
    return OPENS_FILES if base in _UNBOUNDED else ""


def is_plain_name(text: str) -> bool:
    """Whether a database's or a user's name is one to every driver."""
    return bool(_NAME.fullmatch(text))


def is_plain_password(text: str) -> bool:
    """Whether a password ends no field of any driver; an empty one does not."""
    return bool(_PASSWORD.fullmatch(text))
