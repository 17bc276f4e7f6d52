"""PostgreSQL, read through its system catalogue in bulk."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, ContainerListing, RunSettings, SourceFacts

from .blocks import SPARE, thin
from .contract import Listing, Sample, TableRef, TableShape
from .missing_grants import list_postgres_grants
from .postgresql_catalog import PgCatalog
from .postgresql_queries import LIST_SQL
from .postgresql_session import PostgresSession
from .rare import RareCounts, RareTest
from .rare_servers import count_postgresql
from .server import (
    APPLICATION,
    CANCEL_SECONDS,
    CONNECT_SECONDS,
    LOCK_SECONDS,
    ServerConnector,
    ca_file,
    read_cells,
)
from .session import cell_limit, column_of, document_limit, table_of, was_cut

# Tables up to this estimate are counted exactly; larger ones tell their estimate.
_COUNTED: Final = 200_000
# Up to this size every page is looked at for an even sample; beyond it whole pages are drawn.
_EVEN_BYTES: Final = 64 * 1024 * 1024
_SEED: Final = 20_011
_MARGIN: Final = 1.05
# Draws until a table's length is known.
_DRAWS: Final = 5
# The release of libpq from which an agent may refuse to send its password in clear.
_REQUIRES_AUTH: Final = 160_000
_AS_IS: Final = frozenset(("integer", "float", "boolean"))


class PostgresConnector(ServerConnector):
    """One PostgreSQL database."""

    driver = "postgresql+psycopg"
    session_type = PostgresSession
    _session: PostgresSession
    reads_ahead = True

    def __init__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> None:
        super().__init__(spec, password, settings)
        self._catalog = PgCatalog(self._session)

    def read_facts(self) -> SourceFacts:
        row = self._session.rows(
            "SELECT current_setting('server_version'), current_setting('transaction_read_only'),"
            " (SELECT rolsuper OR rolcreaterole OR rolbypassrls FROM pg_catalog.pg_roles"
            "  WHERE rolname = current_user)"
            # Who may use one of these reaches the server's files, and by them all else.
            " OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname IN"
            "  ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')"
            "  AND pg_catalog.pg_has_role(current_user, oid, 'USAGE')),"
            " (SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid())"
        )[0]
        return SourceFacts(
            server_version=f"PostgreSQL {row[0]}"[:200],
            read_only=row[1] == "on",
            privileged=row[2],
            tls=row[3],
            audit_logging=self._is_audited(),
        )

    def list_tables(self) -> Listing:
        rows = self._session.rows(LIST_SQL)
        tables = [TableRef(schema, name) for schema, name, kind in rows if kind not in (None, "S")]
        counts = Counter(ref.container for ref in tables)
        sequences = Counter(schema for schema, _, kind in rows if kind == "S")
        # The catalogue shows every schema and table to every role, so the listing is always whole.
        containers = [
            ContainerListing(
                name=name, authoritative=True, tables=counts[name], sequences=sequences[name]
            )
            for name in dict.fromkeys(schema for schema, _, _ in rows)
        ]
        return Listing(containers, tables, complete=True)

    def describe(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        return self._catalog.read(refs)

    def fingerprint(self, refs: Sequence[TableRef]) -> Mapping[TableRef, str]:
        return self._catalog.fingerprint(refs)

    def sample(self, shape: TableShape, limit: int) -> Sample:
        estimate = shape.row_count
        rows = self._sample_rows(shape, limit, estimate) if limit else []
        if limit and len(rows) < limit and (estimate is None or estimate <= limit):
            cut = was_cut(rows, cell_limit(limit, len(shape.columns)))
            return Sample(read_cells(rows, shape), len(rows), exact=True, cut=cut)
        is_small = estimate is not None and estimate <= _COUNTED
        count = self._count(shape.ref) if is_small and shape.kind != "view" else None
        return Sample(read_cells(rows, shape), count, exact=count is not None)

    def count_rare(
        self, shape: TableShape, tests: Sequence[RareTest], seconds: float
    ) -> RareCounts:
        return count_postgresql(self._session, shape, tests, seconds)

    def grant_hint(self, ref: TableRef) -> str:
        quote = self._session.dialect.identifier_preparer.quote_identifier
        schema, name, role = (
            quote(each).replace("%%", "%")
            for each in (ref.container, ref.name, self._spec.username)
        )
        return (
            f"GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {schema}.{name} TO {role};"
        )

    def list_missing_grants(self, refs: Sequence[TableRef]) -> list[str]:
        quote = self._session.dialect.identifier_preparer.quote_identifier
        return list_postgres_grants(self._session, refs, self._spec.username, quote)

    def connect_grant(self) -> str:
        quote = self._session.dialect.identifier_preparer.quote_identifier
        database, role = (quote(each) for each in (self._spec.database, self._spec.username))
        return f"GRANT CONNECT ON DATABASE {database} TO {role};".replace("%%", "%")

    def _sample_rows(
        self, shape: TableShape, limit: int, estimate: int | None
    ) -> Sequence[tuple[Any, ...]]:
        plain = self._select(shape, limit)
        if shape.kind not in ("table", "materialized_view", "partition"):
            return self._session.rows(plain.limit(limit))
        if estimate is None or estimate <= limit * 2:
            return self._session.rows(plain.limit(limit))
        rows = self._draw(shape, limit, estimate)
        # Old statistics or rows in few pages: better the first rows than hardly any.
        return rows if len(rows) >= limit // 4 else self._session.rows(plain.limit(limit))

    def _draw(self, shape: TableShape, limit: int, estimate: int) -> Sequence[tuple[Any, ...]]:
        """Rows from all over the table."""
        percent = 100.0 * _MARGIN * limit / estimate
        most = limit * SPARE
        rows: Sequence[tuple[Any, ...]] = ()
        for _ in range(_DRAWS):
            rows = self._session.rows(self._tablesample(shape, limit, percent).limit(most))
            if len(rows) < most:
                break
            # The table is longer than its statistics say, and the bound cut its end off.
            percent /= SPARE
        return thin(rows, limit)

    def _select(self, shape: TableShape, limit: int) -> sa.Select[Any]:
        source = table_of(shape.ref.container, shape.ref.name)
        return sa.select(*self._cells(shape, limit)).select_from(source)

    def _tablesample(self, shape: TableShape, limit: int, percent: float) -> sa.Select[Any]:
        source = table_of(shape.ref.container, shape.ref.name)
        percent = min(100.0, max(0.0001, percent))
        is_large = (shape.size_bytes or 0) > _EVEN_BYTES
        method = sa.func.system if is_large else sa.func.bernoulli
        sampled = source.tablesample(
            method(sa.literal_column(f"{percent:.6f}")), seed=sa.literal_column(str(_SEED))
        )
        return sa.select(*self._cells(shape, limit)).select_from(sampled)

    def _cells(self, shape: TableShape, limit: int) -> list[sa.ColumnElement[Any]]:
        cut = cell_limit(limit, len(shape.columns))
        whole = document_limit(limit, shape.columns)
        return [
            _cell(
                column.name,
                column.type,
                column.native_type,
                whole if column.type == "json" else cut,
            ).label(f"c{index}")
            for index, column in enumerate(shape.columns)
        ]

    def _is_audited(self) -> bool | None:
        try:
            found = self._session.value(
                "SELECT current_setting('shared_preload_libraries') LIKE '%pgaudit%'"
                " OR current_setting('log_statement') IN ('mod', 'all')"
            )
        except SourceFault:
            return None
        return None if found is None else bool(found)

    def _cancel(self, connection: Any) -> None:
        # A request of its own to the server, which needs no free place for a connection.
        connection.cancel_safe(timeout=CANCEL_SECONDS)

    def _limit_statements(self, seconds: float | None) -> Sequence[str]:
        chosen = self._seconds if seconds is None else seconds
        return (f"SET statement_timeout = {max(1, int(chosen * 1000))}",)

    def _connect_args(self, password: str) -> dict[str, Any]:
        _forget_libpq_settings()
        arguments: dict[str, Any] = {
            "host": self._host,
            "port": self._port,
            "dbname": self._spec.database or "postgres",
            "user": self._spec.username or "postgres",
            "password": password,
            "sslmode": self._spec.tls,
            "gssencmode": "disable",
            # A path that can never be, so that no password of another server is sent.
            "passfile": f"{os.devnull}/none",
            "connect_timeout": CONNECT_SECONDS,
            "application_name": APPLICATION,
            "client_encoding": "utf8",
            # A pooler in between may not know a statement that another connection prepared.
            "prepare_threshold": None,
        }
        if self._spec.tls == "verify-full":
            arguments["sslrootcert"] = ca_file() or "system"
        elif _libpq_version() >= _REQUIRES_AUTH:
            # Whoever answers in the server's place would read a password in clear.
            arguments["require_auth"] = "!password"
        return arguments

    def _dial(self, arguments: dict[str, Any]) -> None:
        # The name stays beside each address: certificates are checked against it.
        arguments["host"] = ",".join([self._host] * len(self._addresses))
        arguments["hostaddr"] = ",".join(address for _, address in self._addresses)

    def _descriptor(self, connection: Any) -> int:
        return int(connection.fileno())

    def _prepare_session(self, connection: Any) -> bool:
        return self._session.bind(connection, self._session_statements())

    def _engine_args(self) -> dict[str, Any]:
        return {"use_native_hstore": False}

    def _session_statements(self) -> Sequence[str]:
        milliseconds = self._seconds * 1000
        return (
            "SET default_transaction_read_only = on",
            f"SET statement_timeout = {milliseconds}",
            f"SET lock_timeout = {min(milliseconds, LOCK_SECONDS * 1000)}",
            f"SET idle_in_transaction_session_timeout = {milliseconds * 2}",
            # Type names come with their schema, and nothing of the source's is called by chance.
            "SET search_path = pg_catalog",
            "SET datestyle = 'ISO, YMD'",
            "SET timezone = 'UTC'",
            # The first rows of a large table stay the same rows.
            "SET synchronize_seqscans = off",
            "SET row_security = on",
            # To compile a catalogue query takes longer than to run it.
            "SET jit = off",
            # One process of the server's at a time, whatever it would spend on its own users.
            "SET max_parallel_workers_per_gather = 0",
        )


# libpq would follow these to another server or add options of its own.
_LIBPQ_DETOURS: Final = ("PGHOSTADDR", "PGOPTIONS", "PGSERVICE", "PGSERVICEFILE", "PGPASSFILE")


def _libpq_version() -> int:
    # Only here is it sure that the driver is installed.
    from psycopg import pq

    return pq.version()


def _forget_libpq_settings() -> None:
    """What libpq reads from the environment must not change where a source is or who signs in."""
    for name in _LIBPQ_DETOURS:
        os.environ.pop(name, None)


def _cell(name: str, kind: str, native: str, cut: int) -> sa.ColumnElement[Any]:
    """A cell: numbers as they are, all else as cut text; of bytes only their length."""
    column = column_of(name)
    if kind in _AS_IS and native != "oid":
        return column
    if kind == "binary" and native == "bytea":
        return sa.func.octet_length(column)
    text = sa.cast(column, sa.Text())
    if kind in ("binary", "geometry"):
        return sa.func.length(text)
    return sa.func.left(text, sa.literal_column(str(cut)))
