"""A session of PostgreSQL that only reads, also where a pooler lends it other backends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from .driver_session import DriverSession
from .postgresql_bytes import ENCODING, read_value, restore, spell
from .session import Row

if TYPE_CHECKING:
    import sqlalchemy as sa

_SET: Final = "SET "
_READ_ONLY: Final = "SHOW transaction_read_only"
# The first statement of a message, whose transaction ends with it, and of a transaction of several.
_WHOLE: Final = "SET TRANSACTION READ ONLY"
_APART: Final = "BEGIN READ ONLY"
# Before this release the time limit that a message began with held for all of it.
_LIMITS_EACH: Final = 130_000


class PostgresSession(DriverSession):
    """Behind a pooler each statement brings a transaction of its own and its settings along.

    What is set for a session may there be lost before the next statement, and left to whoever is
    lent the backend afterwards: an application could write no more. One message holds it all, for
    a pooler that lends a backend for a statement lets no transaction outlast one.

    With rows, functions of the source run, and may set what they like for the session: that it can
    write, or has no time limit. Their transaction is rolled back, which undoes it.
    """

    def __init__(self, dial: Callable[[], Any]) -> None:
        super().__init__(dial, "postgresql+psycopg")
        self._is_pooled = False
        # Whether a statement and what bounds it go in one message.
        self._is_whole = False
        # Whether the database promises no encoding, so that any text may be any bytes.
        self._is_raw = False
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
            self._is_whole = False
            for statement in settings:
                connection.execute(statement)
            return _only_reads(connection.execute(_READ_ONLY))
        # The driver reads text when the transaction is over, and its encoding with it.
        self._is_whole = not self._is_raw and connection.info.server_version >= _LIMITS_EACH
        return self._bind_whole(connection) if self._is_whole else self._bind_apart(connection)

    def _bind_whole(self, connection: Any) -> bool:
        # Only here is it sure that the driver is installed.
        from psycopg import ClientCursor

        # Parameters of its own are what a message of several statements can't have.
        connection.cursor_factory = ClientCursor
        cursor = connection.execute(f"{self._begin(_WHOLE)}; {_READ_ONLY}")
        _skip_settings(cursor)
        return _only_reads(cursor)

    def _bind_apart(self, connection: Any) -> bool:
        connection.execute(self._begin(_APART))
        try:
            return _only_reads(connection.execute(_READ_ONLY))
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

    def _spell(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any]
    ) -> tuple[str, Mapping[str, Any] | None]:
        text, values = super()._spell(statement, parameters)
        if self._is_raw:
            return restore(text), _restore_all(values)
        if not self._is_whole:
            return text, values
        undone = "" if isinstance(statement, str) else "; ROLLBACK"
        return f"{self._begin(_WHOLE)}; {text}{undone}", values

    def _take(self, cursor: Any) -> list[Row]:
        """Of a message's answers the one with rows: what bounds and undoes a statement has none."""
        rows = super()._take(cursor)
        while self._is_whole and cursor.nextset():
            rows += super()._take(cursor)
        return rows

    def _fetch_bounded(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any]
    ) -> Sequence[Row]:
        if self._is_whole or (not self._is_pooled and isinstance(statement, str)):
            return super()._fetch(statement, parameters)
        connection = self.driver_connection
        connection.execute(self._begin(_APART) if self._is_pooled else _APART)
        try:
            return super()._fetch(statement, parameters)
        finally:
            # Of a connection that is over, what went wrong before tells more.
            with suppress(Exception):
                connection.rollback()

    def _begin(self, first: str) -> str:
        """One message, for each is a way to the server and back."""
        local = (each.replace(_SET, "SET LOCAL ", 1) for each in (*self._settings, *self._limits))
        return "; ".join((first, *local))


def _skip_settings(cursor: Any) -> None:
    """Go on to the answer of a message's last statement."""
    while cursor.nextset():
        pass


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


def _only_reads(cursor: Any) -> bool:
    return bool(cursor.fetchone()[0] == "on")
