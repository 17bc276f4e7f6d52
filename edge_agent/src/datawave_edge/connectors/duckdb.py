"""DuckDB files: opened read-only, with nothing attached, loaded, fetched or written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, ContainerListing, RunSettings, SourceFacts

from .contract import Listing, Sample, TableRef, TableShape
from .duckdb_catalog import DuckCatalog
from .duckdb_session import DuckConnector, list_cells, open_duckdb, quote, read_cells
from .file_access import find_file, require_header
from .rare import RareCounts, RareTest, count_by_slices
from .rare_duckdb import AT_ONCE, count_statement
from .session import was_cut

if TYPE_CHECKING:
    import duckdb

_MAGIC: Final = b"DUCK"
_MAGIC_AT: Final = 8
_LIST_SQL: Final = (
    "SELECT schema_name, table_name FROM duckdb_tables()"
    " WHERE NOT internal AND NOT temporary AND database_name = current_database()"
    " UNION ALL SELECT schema_name, view_name FROM duckdb_views()"
    " WHERE NOT internal AND NOT temporary AND database_name = current_database() ORDER BY 1, 2"
)
_SCHEMAS_SQL: Final = (
    "SELECT s.schema_name, (SELECT count(*) FROM duckdb_sequences() q"
    " WHERE q.schema_name = s.schema_name AND NOT q.temporary) FROM duckdb_schemas() s"
    " WHERE s.schema_name NOT IN ('information_schema', 'pg_catalog')"
    " AND s.database_name = current_database() ORDER BY 1"
)
# Larger tables are read in part: blocks drawn at random, and of these again some rows.
WHOLE_ROWS: Final = 1_000_000
BLOCK_ROWS: Final = 100_000
SEED: Final = 20_011


class DuckdbConnector(DuckConnector):
    """One DuckDB file."""

    def __init__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> None:
        del password
        super().__init__(settings)
        self._path = spec.database

    def read_facts(self) -> SourceFacts:
        version = self._session.value("SELECT library_version FROM pragma_version()")
        return SourceFacts(server_version=f"DuckDB {version}", read_only=True)

    def list_tables(self) -> Listing:
        tables = [TableRef(schema, name) for schema, name in self._session.rows(_LIST_SQL)]
        counts = Counter(ref.container for ref in tables)
        containers = [
            ContainerListing(
                name=name, authoritative=True, tables=counts[name], sequences=sequences
            )
            for name, sequences in self._session.rows(_SCHEMAS_SQL)
        ]
        return Listing(containers, tables, complete=True)

    def describe(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        return DuckCatalog(self._session).read(refs)

    def sample(self, shape: TableShape, limit: int) -> Sample:
        count = None if shape.kind == "view" else self._count(shape.ref)
        if not limit:
            return Sample([], count, count is not None)
        cells, cut = list_cells(shape, limit, lambda column: quote(column.name))
        rows = self._session.rows(sample_statement(cells, _source(shape.ref), limit, count))
        if len(rows) < limit and (count is None or count <= limit):
            count = len(rows)
        return Sample(read_cells(rows, shape), count, count is not None, was_cut(rows, cut))

    def count_rare(
        self, shape: TableShape, tests: Sequence[RareTest], seconds: float
    ) -> RareCounts:
        columns = [quote(each.name) for each in shape.columns]

        def ask(some: Sequence[RareTest], left: float) -> Sequence[int]:
            statement = count_statement(_source(shape.ref), shape, columns, some)
            return self._session.rows(statement, seconds=left)[0]

        return count_by_slices(tests, seconds, ask, AT_ONCE)

    def read_one(self, ref: TableRef) -> None:
        self._session.rows(f"SELECT 1 FROM {_source(ref)} LIMIT 1")

    def grant_hint(self, ref: TableRef) -> str:
        del ref
        return "Let the agent's user read the file."

    def _open(self) -> duckdb.DuckDBPyConnection:
        path = check_file(self._path)
        return open_duckdb(str(path), enable_external_access="false", lock_configuration="true")

    def _count(self, ref: TableRef) -> int | None:
        try:
            return int(self._session.value(f"SELECT count(*) FROM {_source(ref)}"))
        except SourceFault as fault:
            if fault.code == "query_timeout":
                return None
            raise


def check_file(path: str) -> Path:
    """The path of a DuckDB file within the allowed folders. Raises SourceFault."""
    real = find_file(path)
    require_header(real, _MAGIC, at=_MAGIC_AT)
    return real


def sample_statement(cells: str, source: str, limit: int, count: int | None) -> str:
    """Rows drawn at random, the same ones while the data stay the same."""
    if count is None or count <= limit:
        return f"SELECT {cells} FROM {source} LIMIT {limit}"
    if count > WHOLE_ROWS:
        percent = max(0.01, 100.0 * BLOCK_ROWS / count)
        drawn = f"TABLESAMPLE system({percent:.4f} PERCENT) REPEATABLE ({SEED})"
        source = f"(SELECT * FROM {source} {drawn})"
    inner = f"SELECT * FROM {source} USING SAMPLE reservoir({limit} ROWS) REPEATABLE ({SEED})"
    return f"SELECT {cells} FROM ({inner})"


def _source(ref: TableRef) -> str:
    return f"{quote(ref.container)}.{quote(ref.name)}"
