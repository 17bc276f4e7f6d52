"""Oracle, read through its ALL_ views in bulk. Not yet tested against a live server."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, ContainerListing, RunSettings, SourceFacts
from datawave_edge.protocol.structure import NormalType

from . import oracle_queries as sql
from .address import dial
from .bulk_catalog import BulkCatalog
from .certificates import make_context
from .contract import Listing, Sample, TableRef, TableShape
from .engine_connector import EngineConnector
from .expressions import column_of, list_cells, table_of
from .select_session import SelectSession
from .server import APPLICATION, CONNECT_SECONDS, read_cells
from .session import Row, cell_limit, was_cut
from .types import normal_type

_COUNTED: Final = 200_000
_SEED: Final = 20_011
_MARGIN: Final = 1.2
_AS_IS: Final = frozenset(("integer", "float", "boolean"))
_SERVICE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.$#-]{0,127}")
_TYPES: Final[dict[str, NormalType]] = {
    # A DATE of Oracle has a time.
    "DATE": "datetime", "BINARY_FLOAT": "float", "BINARY_DOUBLE": "float", "RAW": "binary",
    "LONG RAW": "binary", "BFILE": "binary", "LONG": "text", "ROWID": "other", "UROWID": "other",
    "SDO_GEOMETRY": "geometry", "XMLTYPE": "text", "NUMBER": "decimal",
}  # fmt: skip
_WHOLE: Final = re.compile(r"NUMBER\(\d+,0\)")
# Kinds that no function can cut or measure: only whether there is a value is told.
_OPAQUE: Final = frozenset(("LONG", "LONG RAW", "BFILE", "XMLTYPE", "SDO_GEOMETRY"))


class OracleConnector(EngineConnector):
    """One service of an Oracle database."""

    driver = "oracle+oracledb"
    session_type = SelectSession

    def __init__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> None:
        if not is_service(spec.database):
            raise SourceFault("database_missing", hint="Give the name of the service alone.")
        super().__init__(spec, password, settings)
        self._catalog = BulkCatalog(self._session, sql.QUERIES, "oracle", normal_oracle_type)

    def read_facts(self) -> SourceFacts:
        version, privileged, protocol, _ = self._session.rows(sql.FACTS_SQL)[0]
        return SourceFacts(
            server_version=f"Oracle {version}"[:200],
            read_only=True,
            privileged=bool(privileged),
            tls=None if protocol is None else str(protocol).lower() == "tcps",
        )

    def list_tables(self) -> Listing:
        rows = self._session.rows(sql.LIST_SQL)
        sees_all = bool(self._session.value(sql.SEES_ALL_SQL))
        own = str(self._session.value("SELECT SYS_CONTEXT('USERENV', 'SESSION_USER') FROM dual"))
        tables = [TableRef(schema, name) for schema, name in rows if name is not None]
        counts = Counter(ref.container for ref in tables)
        # Of other schemas the views show only what the role may read.
        containers = [
            ContainerListing(name=name, authoritative=sees_all or name == own, tables=counts[name])
            for name in dict.fromkeys(schema for schema, _ in rows)
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

    def ping(self) -> None:
        self._session.value("SELECT 1 FROM dual")

    def grant_hint(self, ref: TableRef) -> str:
        schema, name, role = (
            '"' + each.replace('"', "") + '"'
            for each in (ref.container, ref.name, self._spec.username.upper())
        )
        return f"GRANT READ ON {schema}.{name} TO {role};"

    def _sample_rows(
        self, shape: TableShape, limit: int, count: int | None
    ) -> tuple[Sequence[Row], bool]:
        """Rows, and whether they are all there are."""
        cells = list_cells(shape, limit, _cell)
        plain = sa.select(*cells).select_from(table_of(*shape.ref)).limit(limit)
        rows = shape.row_count if count is None else count
        if shape.kind != "table" or rows is None or rows <= limit * 2:
            return self._read_first(plain, limit)
        drawn = self._sampled(shape.ref, min(99.0, max(0.0001, 100.0 * _MARGIN * limit / rows)))
        found = self._session.rows(sa.select(*cells).select_from(drawn).limit(limit))
        # Old statistics: better the first rows than hardly any.
        return (found, False) if len(found) >= limit // 4 else self._read_first(plain, limit)

    def _read_first(self, statement: sa.Select[Any], limit: int) -> tuple[Sequence[Row], bool]:
        rows = self._session.rows(statement)
        return rows, len(rows) < limit

    def _sampled(self, ref: TableRef, percent: float) -> sa.TableClause:
        quote = self._session.dialect.identifier_preparer.quote_identifier
        names = ".".join(map(quote, ref))
        drawn = f"{names} SAMPLE ({percent:.6f}) SEED ({_SEED})"
        return sa.table(sa.quoted_name(drawn, quote=False))

    def _cancel(self, connection: Any) -> None:
        connection.cancel()

    def _limit_statements(self, seconds: float | None) -> Sequence[str]:
        del seconds
        return ()

    def _dial(self, arguments: dict[str, Any]) -> Any:
        import oracledb

        # A certificate is checked against the name, and proves more than an address.
        if self._spec.tls != "verify-full":
            arguments = {**arguments, "host": self._find_answering()}
        # No connect string: fields alone say where the database is.
        params = oracledb.ConnectParams(**arguments)
        connection = oracledb.connect(params=params)
        connection.call_timeout = self._seconds * 1000
        return connection

    def _find_answering(self) -> str:
        """The driver takes one host and no socket."""
        with dial(self._addresses, self._port, CONNECT_SECONDS) as dialled:
            return str(dialled.getpeername()[0])

    def _connect_args(self, password: str) -> dict[str, Any]:
        secure = self._spec.tls in ("require", "verify-full")
        return {
            "host": self._host,
            "port": self._port,
            "service_name": self._spec.database,
            "user": self._spec.username,
            "password": password,
            "protocol": "tcps" if secure else "tcp",
            "tcp_connect_timeout": CONNECT_SECONDS,
            "retry_count": 0,
            "program": APPLICATION,
            **(_tls_args(self._spec.tls) if secure else {}),
        }

    def _session_statements(self) -> Sequence[str]:
        return (
            "ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS'",
            "ALTER SESSION SET NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS'",
            "ALTER SESSION SET NLS_TIMESTAMP_TZ_FORMAT = 'YYYY-MM-DD HH24:MI:SS TZH:TZM'",
            "ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,'",
        )

    def _after_connect(self) -> None:
        session = self._session
        assert isinstance(session, SelectSession)  # noqa: S101 - made of session_type
        session.set_up("SET TRANSACTION READ ONLY")


def is_service(name: str) -> bool:
    """Whether a text is the name of a service and nothing that a connect string could hold."""
    return bool(_SERVICE.fullmatch(name))


def normal_oracle_type(native: str) -> NormalType:
    """The kind of a type as Oracle calls it."""
    if _WHOLE.fullmatch(native):
        return "integer"
    return _TYPES.get(native.partition("(")[0]) or normal_type(native)


def _tls_args(mode: str) -> dict[str, Any]:
    context = make_context(proven=mode != "require")
    return {"ssl_context": context, "ssl_server_dn_match": mode == "verify-full"}


def _cell(name: str, kind: str, native: str, cut: int) -> sa.ColumnElement[Any]:
    column = column_of(name)
    if kind in _AS_IS:
        return column
    if native in _OPAQUE:
        return sa.case((column.is_not(None), sa.literal_column("''")))
    if native == "BLOB":
        return sa.func.dbms_lob.getlength(column)
    if kind == "binary":
        return sa.func.length(sa.func.rawtohex(column)) / sa.literal_column("2")
    if native in ("CLOB", "NCLOB"):
        return sa.func.to_char(_cut(column, cut))
    return _cut(column if kind == "text" else sa.func.to_char(column), cut)


def _cut(text: sa.ColumnElement[Any], cut: int) -> sa.ColumnElement[Any]:
    return sa.func.substr(text, sa.literal_column("1"), sa.literal_column(str(cut)))
