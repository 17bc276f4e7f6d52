"""Which SQLAlchemy dialects this agent may use: those that its administrator names, and no others.

A dialect is code of somebody else. Some open files or load options by what stands in a name, so a
server that was taken over must not be able to choose one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from datawave_edge.faults import SourceFault

VARIABLE: Final = "DATAWAVE_DIALECTS"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(?:\+[a-z][a-z0-9_]*)?")
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
_OPENS_FILES: Final = "It opens files of the agent's host."


def list_allowed(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The dialects that the administrator names, as they stand there."""
    return [each.strip() for each in environ.get(VARIABLE, "").split(",") if each.strip()]


def load_dialect(name: str) -> type[sa.Dialect]:
    """The dialect, if this agent may use it and it is installed. Raises SourceFault."""
    if reason := find_refusal(name):
        raise SourceFault("dialect_refused", hint=reason)
    if name not in list_allowed():
        raise SourceFault("dialect_refused", hint=f"Add {name} to {VARIABLE} on the agent's host.")
    found = _import(name)
    # Another name does not make it another database.
    reason = _OPENS_FILES if issubclass(found, SQLiteDialect) else _refuse(found.name)
    if reason:
        raise SourceFault("dialect_refused", hint=reason)
    if found.is_async:
        raise SourceFault("dialect_refused", hint="Its driver is asynchronous: name another one.")
    return found


def find_refusal(name: str) -> str:
    """Why no administrator can allow a dialect; empty when one can."""
    if not _NAME.fullmatch(name):
        return "Give a dialect alone, such as firebird or clickhouse+native."
    return _refuse(name)


def _refuse(name: str) -> str:
    base = re.split(r"\W", name.lower())[0]
    if base in _SERVED:
        return f"Choose {_SERVED[base]} as the engine: it has a connector of its own."
    return _OPENS_FILES if base in _UNBOUNDED else ""


def _import(name: str) -> type[sa.Dialect]:
    try:
        found = sa.URL.create(name).get_dialect()
        found.import_dbapi()
    except (sa.exc.NoSuchModuleError, ImportError):
        raise SourceFault(
            "driver_missing",
            hint=f"Install the SQLAlchemy dialect {name} and its driver beside the agent with pip.",
        ) from None
    return found
