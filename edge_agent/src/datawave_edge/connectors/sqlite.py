"""SQLite files: opened read-only, with nothing attached, loaded or created."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import (
    ConnectionSpec,
    ContainerListing,
    RunSettings,
    SourceFacts,
)

from .blocks import BLOCKS, Blocks, block_ranges
from .contract import Binary, Cell, Listing, Sample, TableRef, TableShape
from .engine_session import EngineSession
from .expressions import column_of, table_of
from .file_access import find_file, require_header
from .meter import Meter
from .rare import RareCounts, RareTest, count_by_slices
from .rare_sqlite import add_rare_function, sqlite_statement
from .session import cell_limit, document_limit, was_cut
from .sqlite_catalog import SqliteCatalog
from .sqlite_file import OpenFile, open_file

_ROWID_NAMES: Final = ("rowid", "_rowid_", "oid")
_HEADER: Final = b"SQLite format 3\x00"
# Steps of SQLite's machine between two looks at the clock.
_CLOCK_STEPS: Final = 20_000


class SqliteConnector:
    """One SQLite file."""

    def __init__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> None:
        del password
        self._path = spec.database
        self._seconds = settings.statement_timeout_seconds
        self._deadline = 0.0
        self._file: OpenFile | None = None
        engine = sa.create_engine(
            sa.URL.create("sqlite"),
            creator=self._open,
            poolclass=sa.NullPool,
            query_cache_size=0,
        )
        self._session = EngineSession(engine)

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

    def read_facts(self) -> SourceFacts:
        version = self._rows("SELECT sqlite_version()")[0][0]
        return SourceFacts(server_version=f"SQLite {version}", read_only=True)

    def list_tables(self) -> Listing:
        found = self._rows(
            "SELECT name FROM pragma_table_list WHERE schema = 'main'"
            " AND type IN ('table', 'view', 'virtual') ORDER BY name"
        )
        tables = [TableRef("", name) for (name,) in found if not name.startswith("sqlite_")]
        whole = ContainerListing(name="", authoritative=True, tables=len(tables))
        return Listing([whole], tables, complete=True)

    def describe(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        return SqliteCatalog(self._rows).read(refs)

    def sample(self, shape: TableShape, limit: int) -> Sample:
        count = None if shape.kind == "view" else self._count(shape.ref)
        if not limit:
            return Sample([], count, count is not None)
        rows = self._sample_rows(shape, limit, count)
        if len(rows) < limit and (count is None or count <= limit):
            count = len(rows)
        cut = was_cut(rows, cell_limit(limit, len(shape.columns)))
        return Sample([[_cell(e) for e in row] for row in rows], count, count is not None, cut)

    def count_rare(
        self, shape: TableShape, tests: Sequence[RareTest], seconds: float
    ) -> RareCounts:
        def ask(some: Sequence[RareTest], left: float) -> Sequence[int]:
            return self._rows(sqlite_statement(shape, some), seconds=left)[0]

        return count_by_slices(tests, seconds, ask)

    def cancel(self) -> None:
        connection = self._session.driver_connection
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.interrupt()

    def read_one(self, ref: TableRef) -> None:
        self._rows(sa.select(sa.literal(1)).select_from(table_of("", ref.name)).limit(1))

    def grant_hint(self, ref: TableRef) -> str:
        del ref
        return "Let the agent's user read the file."

    def _rows(
        self,
        statement: sa.Executable | str,
        parameters: Mapping[str, Any] | None = None,
        *,
        seconds: float | None = None,
    ) -> Sequence[tuple[Any, ...]]:
        self._deadline = time.monotonic() + (self._seconds if seconds is None else seconds)
        try:
            return self._session.rows(statement, parameters)
        finally:
            # Also after an error: a file that changes meanwhile looks like a damaged one.
            if self._file is not None:
                self._file.require_unchanged()

    def _open(self) -> sqlite3.Connection:
        self._file = open_file(check_file(self._path))
        connection = self._file.connection
        add_rare_function(connection)
        connection.set_progress_handler(self._is_late, _CLOCK_STEPS)
        return connection

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def _count(self, ref: TableRef) -> int | None:
        try:
            found = self._rows(sa.select(sa.func.count()).select_from(table_of("", ref.name)))
        except SourceFault as fault:
            if fault.code == "query_timeout":
                return None
            raise
        return int(found[0][0])

    def _sample_rows(
        self, shape: TableShape, limit: int, count: int | None
    ) -> Sequence[tuple[Any, ...]]:
        source = table_of("", shape.ref.name)
        cut = cell_limit(limit, len(shape.columns))
        whole = document_limit(limit, shape.columns)
        cells = [
            _bounded(each.name, index, whole if each.type == "json" else cut)
            for index, each in enumerate(shape.columns)
        ]
        bounds = self._rowid_bounds(shape) if count is None or count > limit else None
        if bounds is None:
            return self._rows(sa.select(*cells).select_from(source).limit(limit))
        key, low, high = bounds
        ranges = block_ranges(low, high, BLOCKS, shape.ref.name)
        return Blocks(cells, source, key, ranges).read(self._rows, limit, shape.ref.name)

    def _rowid_bounds(self, shape: TableShape) -> tuple[sa.ColumnElement[Any], int, int] | None:
        taken = {column.name.lower() for column in shape.columns}
        free = next((name for name in _ROWID_NAMES if name not in taken), None)
        if shape.kind == "view" or free is None:
            return None
        key: sa.ColumnElement[Any] = sa.literal_column(free)
        source = table_of("", shape.ref.name)
        try:
            found = self._rows(sa.select(sa.func.min(key), sa.func.max(key)).select_from(source))
        except SourceFault:
            return None  # a table WITHOUT ROWID
        low, high = found[0]
        return (key, low, high) if isinstance(low, int) and isinstance(high, int) else None


def check_file(path: str) -> Path:
    """The path of a regular SQLite file within the allowed folders. Raises SourceFault."""
    real = find_file(path)
    require_header(real, _HEADER)
    return real


def _bounded(name: str, index: int, cut: int) -> sa.ColumnElement[Any]:
    """A cell: text is cut, bytes come as zeros of their length, so they are never read."""
    column = column_of(name)
    kind = sa.func.typeof(column)
    length = sa.func.min(sa.func.length(column), 1_000_000)
    return sa.case(
        (kind == sa.literal_column("'text'"), sa.func.substr(column, 1, cut)),
        (kind == sa.literal_column("'blob'"), sa.func.zeroblob(length)),
        else_=column,
    ).label(f"c{index}")


def _cell(value: Any) -> Cell:
    return Binary(len(value)) if isinstance(value, bytes) else value
