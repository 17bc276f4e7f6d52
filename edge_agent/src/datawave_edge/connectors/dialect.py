"""Any database that has a SQLAlchemy dialect installed beside the agent and allowed to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, ContainerListing, RunSettings, SourceFacts

from .blocks import BLOCKS, Blocks, block_ranges, thin
from .contract import Listing, Sample, TableRef, TableShape
from .dialect_catalog import DialectCatalog
from .dialect_cells import FORMS, read_cells
from .dialect_names import is_plain_name, is_plain_password
from .dialect_session import DialectSession
from .dialects import load_dialect
from .engine_connector import EngineConnector
from .expressions import column_of, table_of
from .session import Row, cell_limit, document_limit, was_cut

# Tables of more rows are not counted to the end: there is no estimate that would warn of them.
_COUNTED: Final = 200_000
# Rows that are read where the database can't cut their texts.
_UNCUT_ROWS: Final = 200
# After these another wording would fare no better.
_FINAL: Final = frozenset(("connection_lost", "query_timeout", "permission_denied", "source_busy"))


class DialectConnector(EngineConnector):
    """One database, through a dialect that DataWave does not know."""

    session_type = DialectSession
    _session: DialectSession

    def __init__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> None:
        load_dialect(spec.dialect)
        _check_fields(spec, password)
        super().__init__(spec, password, settings)
        self._session.seconds = self._seconds
        self._catalog = DialectCatalog(self._session, spec.database)
        self._form = 0

    def read_facts(self) -> SourceFacts:
        version = getattr(self._session.dialect, "server_version_info", None) or ()
        numbers = ".".join(map(str, version)) if isinstance(version, list | tuple) else version
        name = self._spec.dialect.partition("+")[0]
        # What a database did with the wish to be read only, nobody can say of all of them.
        return SourceFacts(server_version=f"{name} {numbers}".strip()[:200])

    def ping(self) -> None:
        self._session.value(sa.select(sa.literal_column("1")))

    def list_tables(self) -> Listing:
        found = self._catalog.list_tables()
        # What a dialect asks, and what its database hides from a role, is not known: no listing
        # proves that a table is gone.
        containers = [
            ContainerListing(name=name, authoritative=False, tables=len(refs))
            for name, refs in found.items()
        ]
        return Listing(containers, [ref for refs in found.values() for ref in refs])

    def plan(self, refs: Sequence[TableRef]) -> None:
        self._catalog.plan(refs)

    def describe(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        return self._catalog.read(refs)

    def sample(self, shape: TableShape, limit: int) -> Sample:
        count = self._count(shape.ref) if shape.kind == "table" else None
        if not limit:
            return Sample([], count, count is not None)
        cuts = _list_cuts(shape, limit)
        rows, is_whole = self._read_rows(shape, limit, count, cuts, self._form)
        if is_whole:
            count = len(rows)
        cells = read_cells(rows, shape.columns, cuts)
        is_cut = was_cut([tuple(row) for row in cells], cell_limit(limit, len(shape.columns)))
        return Sample(cells, count, exact=count is not None, cut=is_cut)

    def grant_hint(self, ref: TableRef) -> str:
        preparer = self._session.dialect.identifier_preparer
        names = ".".join(map(preparer.quote_identifier, filter(None, ref)))
        return f"GRANT SELECT ON {names} TO {self._spec.username};"

    def _read_rows(
        self, shape: TableShape, limit: int, count: int | None, cuts: Sequence[int], form: int
    ) -> tuple[Sequence[Row], bool]:
        """Rows, and whether they are all there are, in the first wording that is understood."""
        is_last = form == len(FORMS) - 1
        cells = [
            FORMS[form](column, cut).label(f"c{place}")
            for place, (column, cut) in enumerate(zip(shape.columns, cuts, strict=True))
        ]
        try:
            most = min(limit, _UNCUT_ROWS) if is_last else limit
            found = self._read_cells(shape, cells, most, count)
        except SourceFault as fault:
            if fault.code in _FINAL or is_last:
                raise
            return self._read_rows(shape, limit, count, cuts, form + 1)
        self._form = form
        return found

    def _read_cells(
        self,
        shape: TableShape,
        cells: Sequence[sa.ColumnElement[Any]],
        most: int,
        count: int | None,
    ) -> tuple[Sequence[Row], bool]:
        source = table_of(*shape.ref)
        if shape.kind == "table" and (count is None or count > most):
            found = self._read_blocks(shape, cells, source, most)
            if found:
                return found, False
        rows = self._session.rows(sa.select(*cells).select_from(source).limit(most))
        return rows, len(rows) < most

    def _read_blocks(
        self, shape: TableShape, cells: Sequence[Any], source: sa.TableClause, limit: int
    ) -> Sequence[Row]:
        """Rows from all over a table whose key is one whole number; none of any other."""
        keys = [column for column in shape.columns if column.key_position]
        if len(keys) != 1 or keys[0].type != "integer":
            return []
        key = column_of(keys[0].name)
        ends = sa.select(sa.func.min(key), sa.func.max(key)).select_from(source)
        try:
            low, high = self._session.rows(ends)[0]
            if low is None or high - low < BLOCKS:
                return []
            ranges = block_ranges(int(low), int(high), BLOCKS, shape.ref.path)
            blocks = Blocks(cells, source, key, ranges)
            return thin(blocks.read(self._session.rows, limit, shape.ref.path), limit)
        except SourceFault as fault:
            # The first rows are worth less than those of all blocks, and more than none.
            if fault.code in _FINAL:
                raise
            return []

    def _count(self, ref: TableRef) -> int | None:
        """Exact count of a table that is not too large; None where it can't be told."""
        source = table_of(*ref)
        one: sa.ColumnElement[Any] = sa.literal_column("1")
        some = sa.select(one.label("one")).select_from(source)
        counted = sa.select(sa.func.count()).select_from(some.limit(_COUNTED + 1).subquery())
        try:
            found = int(self._session.value(counted))
        except SourceFault as fault:
            if fault.code == "connection_lost":
                raise
            return None
        return found if found <= _COUNTED else None

    def cancel(self) -> None:
        self._session.cancel()

    def _url(self) -> sa.URL:
        spec = self._spec
        return sa.URL.create(
            spec.dialect,
            username=spec.username,
            password=self._password or None,
            host=self._host,
            port=self._port,
            database=spec.database or None,
        )

    def _connect_args(self, password: str) -> dict[str, Any]:
        del password
        return {}

    def _session_statements(self) -> Sequence[str]:
        return ()

    def _limit_statements(self, seconds: float | None) -> Sequence[str]:
        del seconds
        return ()


def _check_fields(spec: ConnectionSpec, password: str) -> None:
    """Raise SourceFault for a field that some driver could read as more than it is."""
    if spec.database and not is_plain_name(spec.database):
        raise SourceFault("database_missing", hint="Give the name of the database alone.")
    if not is_plain_name(spec.username):
        raise SourceFault("auth_failed", hint="Use letters, digits and . _ $ # @ - in the user.")
    if not is_plain_password(password):
        raise SourceFault(
            "auth_failed", hint="A dialect takes no password with spaces, quotes, ; { } or \\."
        )
    if spec.tls in ("require", "verify-full"):
        raise SourceFault(
            "tls_failed",
            hint="A dialect's encryption is set up in its driver's own configuration:"
            " choose “If the server offers it” here.",
        )


def _list_cuts(shape: TableShape, limit: int) -> list[int]:
    """How many characters are read of each column's texts."""
    usual, whole = cell_limit(limit, len(shape.columns)), document_limit(limit, shape.columns)
    return [whole if column.type == "json" else usual for column in shape.columns]
