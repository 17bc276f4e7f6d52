"""A session by an engine of SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from datawave_edge.faults import SourceFault

from .session import Row, Session, told_as_fault


class EngineSession(Session):
    """The one connection of an engine."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__()
        self._engine = engine
        self._connection: sa.Connection | None = None

    @property
    def dialect(self) -> sa.Dialect:
        return self._engine.dialect

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    @property
    def driver_connection(self) -> Any:
        connection = self._connection
        return None if connection is None else connection.connection.driver_connection

    def open(self) -> None:
        self.close()
        with told_as_fault():
            self._connection = self._engine.connect()

    def close(self) -> None:
        if self._connection is not None:
            with suppress(Exception):
                self._connection.invalidate()
            with suppress(Exception):
                self._connection.close()
        self._connection = None

    def _fetch(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any]
    ) -> Sequence[Row]:
        connection = self._require_alive()
        if not isinstance(statement, str):
            return [tuple(row) for row in connection.execute(statement, parameters).fetchall()]
        # Text has no types to convert by, so the driver's own rows are taken as they are.
        cursor = connection.execute(sa.text(statement), parameters).cursor
        return list(cursor.fetchall()) if cursor is not None else []

    def _run(self, statement: str) -> None:
        self._require_alive().execute(sa.text(statement))

    def _require_alive(self) -> sa.Connection:
        """What took the connection along has told its own fault, and what comes next tells this."""
        assert self._connection is not None  # noqa: S101 - opened before
        if self._connection.invalidated:
            raise SourceFault("connection_lost")
        return self._connection
