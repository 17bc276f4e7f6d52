"""A session of PostgreSQL that only reads, also where a pooler lends it other backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import sqlalchemy as sa

from .postgresql_bytes import ENCODING, read_value, restore, spell
from .session import Row, Session

_SET: Final = "SET "
_READ_ONLY: Final = "SHOW transaction_read_only"
_UNDONE: Final = "BEGIN READ ONLY"


class PostgresSession(Session):
    """Behind a pooler each statement gets a transaction of its own.

    What is set for a session may there be lost before the next statement, and left to whoever is
    lent the backend afterwards: an application could write no more.
    """

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self._is_pooled = False
        # Whether the database promises no encoding, so that any text may be any bytes.
        self._is_raw = False
        sa.event.listen(engine, "before_cursor_execute", self._restore_names, retval=True)
        self._settings: list[str] = []
        self._limits: list[str] = []

    def run(self, statement: str) -> None:
        """Run a statement that gives no rows; a setting may wait for the next transactions."""
        if self._is_pooled and statement.startswith(_SET):
            self._limits = [statement]
        else:
            super().run(statement)

    def bind(self, connection: Any, settings: Sequence[str]) -> bool:
        """Bound a new connection of the driver; whether it can only read from now on."""
        self._is_raw = connection.info.parameter_status("server_encoding") == "SQL_ASCII"
        if self._is_raw:
            settings = (f"SET client_encoding = '{ENCODING}'", *settings)
        self._settings, self._limits = list(settings), []
        self._is_pooled = is_pooled(connection)
        if not self._is_pooled:
            for statement in settings:
                connection.execute(statement)
            return _only_reads(connection)
        connection.execute(self._begin())
        try:
            return _only_reads(connection)
        finally:
            connection.rollback()

    def _fetch(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any]
    ) -> Sequence[Row]:
        rows = self._fetch_bounded(statement, parameters)
        if not self._is_raw:
            return rows
        # The catalogue is asked by text, samples by expressions.
        read = spell if isinstance(statement, str) else read_value
        return [tuple(map(read, row)) for row in rows]

    def _restore_names(
        self, connection: object, cursor: object, statement: str, parameters: Any, *more: object
    ) -> tuple[str, Any]:
        del connection, cursor, more
        if not self._is_raw:
            return statement, parameters
        return restore(statement), _restore_all(parameters)

    def _fetch_bounded(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any]
    ) -> Sequence[Row]:
        if not self._is_pooled and isinstance(statement, str):
            return super()._fetch(statement, parameters)
        connection = self.driver_connection
        # With rows, functions of the source run, and may set what they like for the session: that
        # it can write, or has no time limit. A transaction that is rolled back undoes it.
        connection.execute(self._begin() if self._is_pooled else _UNDONE)
        try:
            return super()._fetch(statement, parameters)
        finally:
            # Of a connection that is over, what went wrong before tells more.
            with suppress(Exception):
                connection.rollback()

    def _begin(self) -> bytes:
        """One message, for each is a way to the server and back."""
        local = (each.replace(_SET, "SET LOCAL ", 1) for each in (*self._settings, *self._limits))
        return "; ".join(("BEGIN READ ONLY", *local)).encode()


def _restore_all(parameters: Any) -> Any:
    if isinstance(parameters, dict):
        return {name: _restore_all(each) for name, each in parameters.items()}
    if isinstance(parameters, list | tuple):
        return type(parameters)(map(_restore_all, parameters))
    return restore(parameters) if isinstance(parameters, str) else parameters


def is_pooled(connection: Any) -> bool:
    """Whether a pooler is in between: the number it gave at the sign-in is not the backend's."""
    row = connection.execute("SELECT pg_catalog.pg_backend_pid()").fetchone()
    return bool(row[0] != connection.info.backend_pid)


def _only_reads(connection: Any) -> bool:
    row = connection.execute(_READ_ONLY).fetchone()
    return bool(row[0] == "on")
