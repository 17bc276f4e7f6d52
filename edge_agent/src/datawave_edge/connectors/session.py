"""One connection that counts what it asks and speaks in fault codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from datawave_edge.faults import SourceFault, fault_of
from datawave_edge.protocol import ColumnSnapshot

from .meter import Meter

if TYPE_CHECKING:
    # It takes longer to load than a small database to read, so only who needs it does.
    import sqlalchemy as sa

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


class Session:
    """The one connection of a connector."""

    def __init__(self) -> None:
        self.meter = Meter()
        # How a dialect sets the time limit of the next statements; none where it can't.
        self.limit_statements: Callable[[float | None], Iterable[str]] = _no_limit

    @property
    def dialect(self) -> sa.Dialect:
        """The engine's dialect, for quoting."""
        raise NotImplementedError

    @property
    def is_open(self) -> bool:
        """Whether it was opened, be the connection alive or not."""
        raise NotImplementedError

    @property
    def driver_connection(self) -> Any:
        """The driver's own connection; None while there is none."""
        raise NotImplementedError

    def open(self) -> None:
        """Connect, after closing what was there."""
        raise NotImplementedError

    def close(self) -> None:
        """Close; a connection that is already broken is dropped."""
        raise NotImplementedError

    def rows(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """All rows of a statement. Text is sent with bind names such as :name."""
        if not self.is_open:
            self.open()
        with self.meter.timing(), told_as_fault():
            found = self._fetch(statement, parameters or {})
        self.meter.note_rows(len(found))
        return found

    def _fetch(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any]
    ) -> Sequence[Row]:
        raise NotImplementedError

    def run(self, statement: str) -> None:
        """Run a statement that gives no rows, such as SET."""
        with self.meter.timing(), told_as_fault():
            self._run(statement)

    def _run(self, statement: str) -> None:
        raise NotImplementedError

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
