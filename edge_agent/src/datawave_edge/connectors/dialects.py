"""Which SQLAlchemy dialects this agent may use: those that its administrator names, and no others.

A dialect is code of somebody else. Some open files or load options by what stands in a name, so a
server that was taken over must not be able to choose one.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from datawave_edge.faults import SourceFault

from .dialect_names import OPENS_FILES, VARIABLE, find_refusal, list_allowed, refuse_base


def load_dialect(name: str) -> type[sa.Dialect]:
    """The dialect, if this agent may use it and it is installed. Raises SourceFault."""
    if reason := find_refusal(name):
        raise SourceFault("dialect_refused", hint=reason)
    if name not in list_allowed():
        raise SourceFault(
            "dialect_refused",
            hint="A dialect is code that may open files or load options, so only the agent's own"
            f" host allows one: add {name} to {VARIABLE} there.",
        )
    found = _import(name)
    # Another name does not make it another database.
    reason = OPENS_FILES if issubclass(found, SQLiteDialect) else refuse_base(found.name)
    if reason:
        raise SourceFault("dialect_refused", hint=reason)
    if found.is_async:
        raise SourceFault("dialect_refused", hint="Its driver is asynchronous: name another one.")
    return found


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
