"""SQL Server, read through its catalogue views in bulk. Not yet tested against a live server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.mssql import NVARCHAR

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, ContainerListing, RunSettings, SourceFacts
from datawave_edge.protocol.structure import NormalType

from . import mssql_queries as sql
from .address import dial
from .bulk_catalog import BulkCatalog
from .certificates import trusted_file
from .contract import Listing, Sample, TableRef, TableShape
from .engine_connector import EngineConnector
from .expressions import column_of, list_cells, table_of
from .select_session import SelectSession
from .server import (
    APPLICATION,
    CONNECT_SECONDS,
    LOCK_SECONDS,
    read_cells,
)
from .session import Row, cell_limit, was_cut
from .types import normal_type

_COUNTED: Final = 200_000
_SEED: Final = 20_011
_MARGIN: Final = 1.2
_AS_IS: Final = frozenset(("integer", "float", "boolean"))
_TYPES: Final[dict[str, NormalType]] = {
    "bit": "boolean", "smalldatetime": "datetime", "timestamp": "binary", "rowversion": "binary",
    "smallmoney": "decimal", "hierarchyid": "other", "sql_variant": "other", "sysname": "text",
    "geography": "geometry",
}  # fmt: skip


class MssqlConnector(EngineConnector):
    """One database of an SQL Server."""

    driver = "mssql+pytds"
    session_type = SelectSession

    def __init__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> None:
        super().__init__(spec, password, settings)
        self._catalog = BulkCatalog(self._session, sql.QUERIES, "mssql", normal_mssql_type)

    def read_facts(self) -> SourceFacts:
        version, privileged, may_write = self._session.rows(sql.FACTS_SQL)[0]
        return SourceFacts(
            server_version=f"SQL Server {version}"[:200],
            # There are no read-only sessions: only a role without the right to write is one.
            read_only=None if may_write else True,
            privileged=bool(privileged),
            tls=self._is_encrypted(),
        )

    def _is_encrypted(self) -> bool | None:
        try:
            found = self._session.value(sql.TLS_SQL)
        except SourceFault as fault:
            if fault.code == "connection_lost":
                raise
            return None
        return None if found is None else str(found).upper() == "TRUE"

    def list_tables(self) -> Listing:
        rows = self._session.rows(sql.LIST_SQL)
        sees_all = bool(self._session.value(sql.SEES_ALL_SQL))
        tables = [TableRef(schema, name) for schema, name, _ in rows if name is not None]
        counts = Counter(ref.container for ref in tables)
        # What the role may not see is left out of the catalogue without a word.
        shown = {schema: sees_all or bool(is_shown) for schema, _, is_shown in rows}
        containers = [
            ContainerListing(name=name, authoritative=whole, tables=counts[name])
            for name, whole in shown.items()
        ]
        return Listing(containers, tables, complete=sees_all)

    def describe(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        return self._catalog.read(refs)

    def sample(self, shape: TableShape, limit: int) -> Sample:
        is_small = shape.row_count is not None and shape.row_count <= _COUNTED
        count = self._count(shape.ref) if is_small and shape.kind == "table" else None
        rows, is_whole = self._sample_rows(shape, limit, count) if limit else ([], False)
        count = len(rows) if is_whole else count
        cut = was_cut(rows, cell_limit(limit, len(shape.columns))) if limit else False
        return Sample(read_cells(rows, shape), count, exact=count is not None, cut=cut)

    def grant_hint(self, ref: TableRef) -> str:
        schema, name, role = (
            "[" + each.replace("]", "]]") + "]"
            for each in (ref.container, ref.name, self._spec.username)
        )
        return f"GRANT SELECT ON {schema}.{name} TO {role};"

    def _sample_rows(
        self, shape: TableShape, limit: int, count: int | None
    ) -> tuple[Sequence[Row], bool]:
        """Rows, and whether they are all there are."""
        cells = list_cells(shape, limit, _cell)
        source = table_of(shape.ref.container, shape.ref.name)
        plain = sa.select(*cells).select_from(source).limit(limit)
        rows = shape.row_count if count is None else count
        if shape.kind != "table" or rows is None or rows <= limit * 2:
            return self._read_first(plain, limit)
        percent = min(100.0, max(0.0001, 100.0 * _MARGIN * limit / rows))
        drawn = source.tablesample(
            sa.func.system(sa.literal_column(f"{percent:.6f} PERCENT")),
            seed=sa.literal_column(str(_SEED)),
        )
        found = self._session.rows(sa.select(*cells).select_from(drawn).limit(limit))
        # Rows in few pages: better the first rows than hardly any.
        return (found, False) if len(found) >= limit // 4 else self._read_first(plain, limit)

    def _read_first(self, statement: sa.Select[Any], limit: int) -> tuple[Sequence[Row], bool]:
        rows = self._session.rows(statement)
        return rows, len(rows) < limit

    def _cancel(self, connection: Any) -> None:
        # The driver can't stop a statement from another thread; the server ends it with the wire.
        connection.close()

    def _limit_statements(self, seconds: float | None) -> Sequence[str]:
        del seconds
        return ()

    def _dial(self, arguments: dict[str, Any]) -> Any:
        import pytds

        dialled = dial(self._addresses, self._port, CONNECT_SECONDS)
        # The name stays the driver's server: certificates are checked against it.
        connection = pytds.connect(**{**arguments, "sock": dialled})
        if dialled.fileno() < 0:
            connection.close()
            raise SourceFault(
                "address_changed",
                hint="The server sends readers on to another host: give that one in the source.",
            )
        return connection

    def _connect_args(self, password: str) -> dict[str, Any]:
        return {
            "server": self._host,
            "port": self._port,
            "database": self._spec.database,
            "user": self._spec.username,
            "password": password,
            "appname": APPLICATION,
            "login_timeout": CONNECT_SECONDS,
            # The driver ends a statement that runs longer.
            "timeout": self._seconds,
            "autocommit": True,
            # A copy of an availability group may serve only those who say that they read.
            "readonly": True,
            "disable_connect_retry": True,
            **_tls_args(self._spec.tls),
        }

    def _session_statements(self) -> Sequence[str]:
        return (
            f"SET LOCK_TIMEOUT {LOCK_SECONDS * 1000}",
            "SET DEADLOCK_PRIORITY LOW",
            "SET DATEFORMAT ymd",
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        )


def normal_mssql_type(native: str) -> NormalType:
    """The kind of a type; some are called what is something else in other databases."""
    return _TYPES.get(native.partition("(")[0]) or normal_type(native)


def _tls_args(mode: str) -> dict[str, Any]:
    """The driver checks the certificate's signer whenever it encrypts, and the name if asked to."""
    if mode == "disable":
        return {}
    return {"cafile": trusted_file() or None, "validate_host": mode == "verify-full"}


def _cell(name: str, kind: str, native: str, cut: int) -> sa.ColumnElement[Any]:
    del native
    column = column_of(name)
    if kind in _AS_IS:
        return column
    if kind == "binary":
        return sa.func.datalength(column)
    text = sa.cast(column, NVARCHAR())
    if kind == "geometry":
        return sa.func.len(text)
    return sa.func.left(text, sa.literal_column(str(cut)))
