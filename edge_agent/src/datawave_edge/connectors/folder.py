"""A folder of CSV, Parquet and JSON files as a source: read by DuckDB, never left or written."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import (
    ColumnSnapshot,
    ConnectionSpec,
    ContainerListing,
    Partitioning,
    RunSettings,
    SourceFacts,
)

from .contract import Listing, Sample, TableRef, TableShape
from .duckdb import sample_statement
from .duckdb_catalog import normal_duck_type
from .duckdb_session import DuckConnector, list_cells, literal, open_duckdb, read_cells
from .file_access import find_folder
from .folder_layout import Layout, merge_types, read_layout, relation, told_of_file
from .folder_names import Columns, FileSet, FolderFile, group_files, walk_folder
from .rare import RareCounts, RareTest, count_by_slices
from .rare_duckdb import AT_ONCE, count_statement
from .session import Row, was_cut

if TYPE_CHECKING:
    import duckdb

# Larger sets of text files are read from their start: to draw rows at random they are read whole.
_WHOLE_BYTES: Final = 256 * 1024 * 1024
_CASTS: Final = {"integer": "HUGEINT", "float": "DOUBLE", "boolean": "BOOLEAN"}


class FolderConnector(DuckConnector):
    """One folder and what is below it; each file or set of like files is a dataset."""

    def __init__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> None:
        del password
        super().__init__(settings)
        self._root = spec.database
        self._sets: dict[TableRef, FileSet] = {}
        # A file that was looked into is not again while it stays the same.
        self._layouts: dict[tuple[str, int, int], Layout | SourceFault] = {}

    def read_facts(self) -> SourceFacts:
        version = self._session.value("SELECT library_version FROM pragma_version()")
        return SourceFacts(server_version=f"Folder, read by DuckDB {version}", read_only=True)

    def list_tables(self) -> Listing:
        walk = walk_folder(find_folder(self._root))
        found = list(group_files(walk, self._columns_of))
        self._sets = {each.ref: each for each in found}
        counts = Counter(ref.container for ref in self._sets)
        containers = [
            ContainerListing(name=name, authoritative=name not in walk.unsure, tables=counts[name])
            for name in sorted(walk.containers)
        ]
        return Listing(containers, sorted(self._sets), complete=not walk.unsure)

    def describe(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        if not self._sets:
            self.list_tables()
        known = [self._sets[ref] for ref in refs if ref in self._sets]
        return {each.ref: self._describe(each) for each in known if _is_there(each)}

    def sample(self, shape: TableShape, limit: int) -> Sample:
        found, source = self._source(shape.ref)
        count = self._count(found, source)
        if not limit:
            return Sample([], count, count is not None)
        cells, cut = list_cells(shape, limit, _typed)
        rows = self._rows(sample_statement(cells, source, limit, count))
        if len(rows) < limit and (count is None or count <= limit):
            count = len(rows)
        return Sample(read_cells(rows, shape), count, count is not None, was_cut(rows, cut))

    def count_rare(
        self, shape: TableShape, tests: Sequence[RareTest], seconds: float
    ) -> RareCounts:
        _, source = self._source(shape.ref)
        columns = [_typed(each) for each in shape.columns]

        def ask(some: Sequence[RareTest], left: float) -> Sequence[int]:
            return self._rows(count_statement(source, shape, columns, some), left)[0]

        return count_by_slices(tests, seconds, ask, AT_ONCE)

    def read_one(self, ref: TableRef) -> None:
        _, source = self._source(ref)
        self._rows(f"SELECT 1 FROM {source} LIMIT 1")

    def grant_hint(self, ref: TableRef) -> str:
        del ref
        return "Let the agent's user read the file."

    def _open(self) -> duckdb.DuckDBPyConnection:
        root = find_folder(self._root)
        connection = open_duckdb(":memory:")
        # In this order: once access is cut off, nothing can be allowed any more.
        connection.execute(f"SET allowed_directories = [{literal(f'{root}{os.sep}')}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection

    def _rows(self, statement: str, seconds: float | None = None) -> list[Row]:
        try:
            return self._session.rows(statement, seconds=seconds)
        except SourceFault as fault:
            raise told_of_file(fault) from None

    def _columns_of(self, file: FolderFile) -> Columns | None:
        try:
            return self._layout(file).names
        except SourceFault as fault:
            if fault.code == "connection_lost":
                raise
            return None

    def _layout(self, file: FolderFile) -> Layout:
        try:
            stamp = Path(file.path).stat()
        except OSError:
            raise SourceFault("file_missing") from None
        key = (file.path, stamp.st_size, stamp.st_mtime_ns)
        if key not in self._layouts:
            self._layouts[key] = self._look_into(file)
        found = self._layouts[key]
        if isinstance(found, SourceFault):
            raise found
        return found

    def _look_into(self, file: FolderFile) -> Layout | SourceFault:
        if not os.access(file.path, os.R_OK):
            return SourceFault("file_unreadable")
        if not _is_text(file.path):
            return SourceFault("file_unreadable", hint="Its name is not UTF-8: rename the file.")
        try:
            return read_layout(self._session, file)
        except SourceFault as fault:
            if fault.code in ("connection_lost", "query_timeout"):
                raise
            return fault

    def _describe(self, found: FileSet) -> TableShape | SourceFault:
        try:
            layouts = [self._layout(each) for each in found.files if not self._is_broken(each)]
            if not layouts:
                self._layout(found.files[0])
        except SourceFault as fault:
            return fault
        first = layouts[0]
        columns = merge_types([each for each in layouts if each.names == first.names])
        return TableShape(
            ref=found.ref,
            kind="file",
            columns=[_column(*each) for each in enumerate(columns)],
            size_bytes=found.size,
            partitioning=_partitioning(found),
        )

    def _is_broken(self, file: FolderFile) -> bool:
        return self._columns_of(file) is None

    def _source(self, ref: TableRef) -> tuple[FileSet, str]:
        """The set and the SQL of its rows. Raises SourceFault when one of its files is broken."""
        if not self._sets:
            self.list_tables()
        found = self._sets.get(ref)
        if found is None:
            raise SourceFault("table_missing")
        return found, relation(found, {each.path: self._layout(each) for each in found.files})

    def _count(self, found: FileSet, source: str) -> int | None:
        if found.format != "parquet" and found.size > _WHOLE_BYTES:
            return None
        try:
            return int(self._rows(f"SELECT count(*) FROM {source}")[0][0])
        except SourceFault as fault:
            if fault.code == "query_timeout":
                return None
            raise


def check_folder(path: str) -> None:
    """Raise SourceFault unless the path is a folder that may be read."""
    find_folder(path)


def _is_text(path: str) -> bool:
    """Whether a path is UTF-8, the one encoding that DuckDB takes paths in."""
    try:
        return bool(path.encode())
    except UnicodeEncodeError:
        return False


def _is_there(found: FileSet) -> bool:
    return any(Path(each.path).exists() for each in found.files)


def _partitioning(found: FileSet) -> Partitioning | None:
    if found.keys:
        return Partitioning(
            strategy="folders", columns=list(found.keys), partitions=len(found.files)
        )
    if len(found.files) == 1:
        return None
    return Partitioning(strategy="files", partitions=len(found.files))


def _column(place: int, told: tuple[str, str]) -> ColumnSnapshot:
    name, native = told
    return ColumnSnapshot(
        name=name, ordinal=place, native_type=native, type=normal_duck_type(native)
    )


def _typed(column: ColumnSnapshot) -> str:
    """A column of the relation, by its place; numbers in text as numbers."""
    name = f"c{column.ordinal}"
    cast = _CASTS.get(column.type)
    return f"TRY_CAST({name} AS {cast})" if cast else name
