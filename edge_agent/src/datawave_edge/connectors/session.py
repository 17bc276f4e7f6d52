"""One SQLAlchemy connection that counts what it asks and speaks in fault codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import sqlalchemy as sa

from datawave_edge.faults import SourceFault, fault_of
from datawave_edge.protocol import ColumnSnapshot

from .meter import Meter

Row = tuple[Any, ...]

# Cells of one sample that may be in memory at once, in characters.
CELL_BUDGET: Final = 64 * 1024 * 1024
CELL_MAX: Final = 1_000
CELL_MIN: Final = 64
# Documents are read further than other texts, for what lies late in them would not be seen.
DOCUMENT_MAX: Final = 8_000


def cell_limit(rows: int, columns: int) -> int:
    """Characters read of one text, so that a wide table can't fill the memory."""
    share = CELL_BUDGET // max(1, rows * columns)
    return max(CELL_MIN, min(CELL_MAX, share))


def document_limit(rows: int, columns: Sequence[ColumnSnapshot]) -> int:
    """Characters read of one document, of what the other columns leave of the memory."""
    documents = sum(column.type == "json" for column in columns)
    usual = cell_limit(rows, len(columns))
    left = CELL_BUDGET - rows * usual * (len(columns) - documents)
    return max(usual, min(DOCUMENT_MAX, left // max(1, rows * documents)))


def was_cut(rows: Sequence[Row], limit: int) -> bool:
    """Whether any text of the rows was as long as what is read of one."""
    return any(isinstance(cell, str) and len(cell) >= limit for row in rows for cell in row)


def table_of(container: str, name: str, columns: Iterable[str] = ()) -> sa.TableClause:
    """A table by hostile names: each is quoted, whatever it holds."""
    schema = sa.quoted_name(container, quote=True) if container else None
    return sa.table(
        sa.quoted_name(name, quote=True), *(column_of(each) for each in columns), schema=schema
    )


def column_of(name: str) -> sa.ColumnClause[Any]:
    """A column by a hostile name."""
    return sa.column(sa.quoted_name(name, quote=True))


class Session:
    """The one connection of a connector."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: sa.Connection | None = None
        self.meter = Meter()
        # How a dialect sets the time limit of the next statements; none where it can't.
        self.limit_statements: Callable[[float | None], Iterable[str]] = _no_limit

    @property
    def dialect(self) -> sa.Dialect:
        """The engine's dialect, for quoting."""
        return self._engine.dialect

    @property
    def driver_connection(self) -> Any:
        """The driver's own connection; None while there is none."""
        connection = self._connection
        return None if connection is None else connection.connection.driver_connection

    def open(self) -> None:
        """Connect, after closing what was there."""
        self.close()
        with told_as_fault():
            self._connection = self._engine.connect()

    def close(self) -> None:
        """Close; a connection that is already broken is dropped."""
        if self._connection is not None:
            with suppress(Exception):
                self._connection.invalidate()
            with suppress(Exception):
                self._connection.close()
        self._connection = None

    def rows(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """All rows of a statement. Text is sent with bind names such as :name."""
        if self._connection is None:
            self.open()
        self._require_alive()
        with self.meter.timing(), told_as_fault():
            found = self._fetch(statement, parameters or {})
        self.meter.note_rows(len(found))
        return found

    def _fetch(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any]
    ) -> Sequence[Row]:
        assert self._connection is not None  # noqa: S101 - opened before
        if not isinstance(statement, str):
            found = self._connection.execute(statement, parameters).fetchall()
            return [tuple(row) for row in found]
        # Text has no types to convert by, so the driver's own rows are taken as they are.
        cursor = self._connection.execute(sa.text(statement), parameters).cursor
        return list(cursor.fetchall()) if cursor is not None else []

    def run(self, statement: str) -> None:
        """Run a statement that gives no rows, such as SET."""
        self._require_alive()
        with self.meter.timing(), told_as_fault():
            assert self._connection is not None  # noqa: S101 - only used on an open session
            self._connection.execute(sa.text(statement))

    def _require_alive(self) -> None:
        """What took the connection along has told its own fault, and what comes next tells this."""
        if self._connection is not None and self._connection.invalidated:
            raise SourceFault("connection_lost")

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Statements within may take so long, whatever the session's own limit is."""
        for statement in self.limit_statements(seconds):
            self.run(statement)
        try:
            yield
        finally:
            with suppress(SourceFault):
                for statement in self.limit_statements(None):
                    self.run(statement)

    def value(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any] | None = None
    ) -> Any:
        """First cell of the first row, or None."""
        found = self.rows(statement, parameters)
        return found[0][0] if found else None


def _no_limit(seconds: float | None) -> Iterable[str]:
    del seconds
    return ()


@contextmanager
def told_as_fault() -> Iterator[None]:
    """Turn a driver's error into a fault, and leave its text behind."""
    try:
        yield
    except Exception as error:
        raise fault_of(error) from None
