"""A driver's connection that answers from a script: what was asked of it is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

Answer = Sequence[Sequence[Any]] | Exception


class ScriptedCursor:
    """As much of a cursor as SQLAlchemy and the connectors use."""

    arraysize = 1
    rowcount = -1
    lastrowid = None

    def __init__(self, connection: ScriptedConnection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: Any = None

    def execute(self, statement: str, parameters: Any = None) -> ScriptedCursor:
        answer = self._connection.answer(statement, parameters)
        self._rows = [tuple(row) for row in answer]
        width = len(self._rows[0]) if self._rows else 1
        self.description = [(f"c{n}", None, None, None, None, None, None) for n in range(width)]
        if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
            self.description = None
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def setinputsizes(self, *sizes: Any, **named: Any) -> None:
        del sizes, named

    def close(self) -> None:
        """There is nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class ScriptedConnection:
    """A connection whose answers a function gives."""

    autocommit = True
    isolation_level = 0
    call_timeout = 0
    tds_version = 1946157060
    product_version = 0x10000000
    mars_enabled = False
    version = "19.3.0.0.0"
    stmtcachesize = 0
    max_identifier_length = 128

    def __init__(self, script: Callable[[str, Any], Answer], **arguments: Any) -> None:
        self.arguments = arguments
        self.asked: list[str] = []
        self.closed = False
        self._script = script

    def answer(self, statement: str, parameters: Any) -> Sequence[Sequence[Any]]:
        self.asked.append(statement)
        found = self._script(statement, parameters)
        if isinstance(found, Exception):
            raise found
        return found

    def cursor(self, *args: Any, **named: Any) -> ScriptedCursor:
        del args, named
        return ScriptedCursor(self)

    def commit(self) -> None:
        self.asked.append("COMMIT")

    def rollback(self) -> None:
        self.asked.append("ROLLBACK")

    def cancel(self) -> None:
        self.asked.append("CANCEL")

    def close(self) -> None:
        self.closed = True
        if dialled := self.arguments.get("sock"):
            dialled.close()
