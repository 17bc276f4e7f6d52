"""DuckDB in this process: one connection that can only select, bounded in time and memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ColumnSnapshot, RunSettings

from .contract import Binary, Cell, TableShape
from .meter import Meter
from .session import Row, cell_limit, document_limit, told_as_fault

if TYPE_CHECKING:
    import duckdb

# Nothing is fetched, loaded, spilled to disk or looked up in this program's own variables.
CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": "200MB",
    "temp_directory": "",
    # One thread is gentle, and gives the same sample again.
    "threads": "1",
}
_LENGTH_ONLY: Final = frozenset(("binary", "geometry"))
_AS_IS: Final = frozenset(("integer", "float", "boolean"))


class DuckSession:
    """The one connection of a connector to DuckDB."""

    def __init__(self, connect: Callable[[], duckdb.DuckDBPyConnection], seconds: float) -> None:
        self._connect = connect
        self._seconds = seconds
        self._connection: duckdb.DuckDBPyConnection | None = None
        self.meter = Meter()

    def open(self) -> None:
        """Connect, after closing what was there."""
        self.close()
        with told_as_fault():
            self._connection = self._connect()

    def close(self) -> None:
        """Close; never raises."""
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
        self._connection = None

    def rows(
        self, statement: str, parameters: Sequence[Any] = (), seconds: float | None = None
    ) -> list[Row]:
        """All rows of a SELECT; `?` stands for a parameter."""
        if self._connection is None:
            self.open()
        assert self._connection is not None  # noqa: S101 - opened above
        _require_select(statement)
        with self.meter.timing(), told_as_fault(), self._limited(seconds):
            found = self._connection.execute(statement, list(parameters)).fetchall()
        self.meter.note_rows(len(found))
        return found

    def run(self, statement: str) -> None:
        """Run a SELECT for its effect alone: that it can be read."""
        self.rows(statement)

    def value(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        """First cell of the first row, or None."""
        found = self.rows(statement, parameters)
        return found[0][0] if found else None

    def cancel(self) -> None:
        """Stop what runs now, from another thread."""
        if self._connection is not None:
            with suppress(Exception):
                self._connection.interrupt()

    @contextmanager
    def _limited(self, seconds: float | None) -> Iterator[None]:
        """DuckDB has no limit of its own, so a clock beside it interrupts."""
        clock = threading.Timer(self._seconds if seconds is None else seconds, self.cancel)
        clock.daemon = True
        clock.start()
        try:
            yield
        finally:
            clock.cancel()


class DuckConnector:
    """What the connectors have in common that read through DuckDB."""

    def __init__(self, settings: RunSettings) -> None:
        self._seconds = settings.statement_timeout_seconds
        self._session = DuckSession(self._open, self._seconds)

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
        self._session.open()

    def close(self) -> None:
        self._session.close()

    def cancel(self) -> None:
        self._session.cancel()

    def _open(self) -> duckdb.DuckDBPyConnection:
        raise NotImplementedError


def open_duckdb(database: str, **more: str) -> duckdb.DuckDBPyConnection:
    """A connection that reaches nothing but the database. Raises SourceFault without the driver."""
    try:
        import duckdb
    except ModuleNotFoundError:
        raise SourceFault("driver_missing") from None
    return duckdb.connect(database, read_only=database != ":memory:", config={**CONFIG, **more})


def _require_select(statement: str) -> None:
    """Refuse whatever is not one SELECT: COPY would write where files may be read."""
    import duckdb

    with told_as_fault():
        found = duckdb.extract_statements(statement)
    if len(found) != 1 or found[0].type != duckdb.StatementType.SELECT:
        raise SourceFault("permission_denied", hint="The session can only read.")


def quote(name: str) -> str:
    """An identifier, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text, whatever it holds."""
    return "'" + text.replace("'", "''") + "'"


def list_cells(
    shape: TableShape, limit: int, sql_of: Callable[[ColumnSnapshot], str]
) -> tuple[str, int]:
    """What is read of each column, as SQL, and how many characters of a usual text."""
    cut = cell_limit(limit, len(shape.columns))
    whole = document_limit(limit, shape.columns)
    cells = [
        _cell(sql_of(each), each.type, each.native_type, whole if each.type == "json" else cut)
        for each in shape.columns
    ]
    return ", ".join(cells), cut


def _cell(column: str, kind: str, native: str, cut: int) -> str:
    """Numbers as they are, else cut text; of bytes only their length."""
    if kind in _AS_IS:
        return column
    if kind == "binary":
        return f"octet_length({column})"
    if kind == "geometry":
        return f"length(CAST({column} AS VARCHAR))"
    # As JSON, nested values are opened on this host and looked at one by one.
    is_nested = kind == "array" or native.startswith(("STRUCT", "MAP"))
    text = f"to_json({column})" if is_nested else column
    return f"left(CAST({text} AS VARCHAR), {cut})"


def read_cells(rows: Sequence[Row], shape: TableShape) -> list[list[Cell]]:
    """Rows as cells; a length that stands for a binary value is told as such."""
    lengths = [each.type in _LENGTH_ONLY for each in shape.columns]
    return [
        [
            Binary(each) if is_length and each is not None else each
            for each, is_length in zip(row, lengths, strict=True)
        ]
        for row in rows
    ]
