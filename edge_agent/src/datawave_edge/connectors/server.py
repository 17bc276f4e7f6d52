"""What the connectors of database servers have in common: a session from fields, and its bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from datawave_edge.faults import ADVICE, SourceFault
from datawave_edge.protocol import ConnectionSpec, RunSettings

from .address import Addresses, require_host, require_peer, require_port, resolve
from .contract import Binary, Cell, TableRef, TableShape
from .meter import Meter
from .session import Row, Session

CONNECT_SECONDS: Final = 8
CANCEL_SECONDS: Final = 2
LOCK_SECONDS: Final = 5
APPLICATION: Final = "datawave-edge"


class ServerConnector:
    """Base of connectors that reach a server; one connection, opened read-only."""

    def __init__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> None:
        self._spec = spec
        self._host = require_host(spec.host)
        self._seconds = min(settings.statement_timeout_seconds, settings.table_seconds)
        self._password = password
        self._addresses: Addresses = ()
        self.is_peer_checked = False
        self._counting_seconds = settings.counting_table_seconds
        self._session = self._make_session()
        self._session.limit_statements = self._limit_statements

    def _make_session(self) -> Session:
        raise NotImplementedError

    @property
    def queries(self) -> int:
        return self._session.meter.queries

    @property
    def rows_read(self) -> int:
        return self._session.meter.rows

    @property
    def meter(self) -> Meter:
        return self._session.meter

    def ping(self) -> None:
        self._session.value("SELECT 1")

    def connect(self) -> None:
        try:
            self._session.open()
        except SourceFault as fault:
            is_general = fault.hint == ADVICE[fault.code].hint
            raise (self._explain(fault) if is_general else fault) from None
        self._after_connect()

    def close(self) -> None:
        self._session.close()

    def read_one(self, ref: TableRef) -> None:
        from .expressions import first_row

        self._session.rows(first_row(*ref))

    def _connect_args(self, password: str) -> dict[str, Any]:
        raise NotImplementedError

    def _session_statements(self) -> Sequence[str]:
        """Statements that make the session read-only and bounded."""
        raise NotImplementedError

    def cancel(self) -> None:
        connection = self._session.driver_connection
        if connection is not None:
            with suppress(Exception):
                self._cancel(connection)

    def _cancel(self, connection: Any) -> None:
        """Stop what a driver's connection does now."""
        raise NotImplementedError

    def _limit_statements(self, seconds: float | None) -> Sequence[str]:
        """Statements that limit the next ones to so many seconds; None for the usual limit."""
        raise NotImplementedError

    def _explain(self, fault: SourceFault) -> SourceFault:
        """What more can be said of why there is no connection."""
        return fault

    def _after_connect(self) -> None:
        """What else must be known or set once the session is open."""

    def _open(self) -> Any:
        """A new connection of the driver, where and what was asked for."""
        connection = self._reach(self._connect_args(self._password))
        self._take(connection)
        return connection

    def _reach(self, arguments: dict[str, Any]) -> Any:
        """Look the host up anew for each connection, so that what was checked is what is dialled:
        a driver that looked it up itself could be given another answer.
        """
        self._addresses = resolve(self._host, self._port)
        return self._dial(arguments)

    def _dial(self, arguments: dict[str, Any]) -> Any:
        """The driver's connection to one of the addresses; None for the engine to make it."""
        del arguments

    def _descriptor(self, connection: Any) -> int | None:
        """The file descriptor of a connection's socket; None where the driver hides it."""
        del connection
        return None

    def _take(self, connection: Any) -> None:
        """Take a new connection of the driver only if it is where and what was asked for."""
        try:
            self._check_peer(connection)
            _require_read_only(found=self._prepare_session(connection))
        except BaseException:
            with suppress(Exception):
                connection.close()
            raise

    def _check_peer(self, connection: Any) -> None:
        descriptor = self._descriptor(connection)
        if descriptor is not None:
            self._addresses = require_peer(descriptor, self._addresses)
            self.is_peer_checked = True

    def _prepare_session(self, connection: Any) -> bool | None:
        """Bound the session; whether it can only read now, None where nobody can say."""
        cursor = connection.cursor()
        for statement in self._session_statements():
            cursor.execute(statement)
        cursor.close()
        return None

    def _count(self, ref: TableRef) -> int | None:
        """Exact count, or None when it takes longer than allowed."""
        from .expressions import row_count

        try:
            return int(self._session.value(row_count(*ref)))
        except SourceFault as fault:
            if fault.code == "query_timeout":
                return None
            raise

    @property
    def _port(self) -> int:
        return require_port(self._spec)


def _require_read_only(*, found: bool | None) -> None:
    if found is False:
        raise SourceFault("not_read_only")


def read_cells(rows: Sequence[Row], shape: TableShape) -> list[list[Cell]]:
    """Rows as cells; lengths that stand for binary values are told as such."""
    binary = [column.type in ("binary", "geometry") for column in shape.columns]
    if not any(binary):
        return [list(row) for row in rows]
    return [
        [_binary(cell) if is_binary else cell for cell, is_binary in zip(row, binary, strict=True)]
        for row in rows
    ]


def _binary(length: Any) -> Cell:
    return None if length is None else Binary(length)


def group(rows: Sequence[Row], width: int = 1) -> Mapping[Any, list[Row]]:
    """Rows by their first cell, or by a tuple of the first cells."""
    grouped: dict[Any, list[Row]] = {}
    for row in rows:
        key = row[0] if width == 1 else row[:width]
        grouped.setdefault(key, []).append(row[width:])
    return grouped
