"""PostgreSQL, read through its system catalogue in bulk."""

from __future__ import annotations

import os
import ssl
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from datawave_edge.faults import SourceFault, fault_of
from datawave_edge.protocol import ConnectionSpec, ContainerListing, RunSettings, SourceFacts

from .address import dial
from .certificates import require_proof, trusted_file
from .contract import Listing, Sample, Shapes, TableRef, TableShape
from .missing_grants import find_postgres_grants, list_postgres_grants
from .postgresql_catalog import PgCatalog
from .postgresql_queries import LIST_SQL, READABLE_SQL
from .postgresql_session import PostgresSession
from .server import (
    APPLICATION,
    CANCEL_SECONDS,
    CONNECT_SECONDS,
    LOCK_SECONDS,
    ServerConnector,
    read_cells,
)
from .session import Row, cell_limit, was_cut
from .tls_offer import postgresql_offers_tls

if TYPE_CHECKING:
    from .rare import RareCounts, RareTest

# Tables up to this estimate are counted exactly; larger ones tell their estimate.
_COUNTED: Final = 200_000
_REFUSED_BEHIND: Final = (
    "The role may read it, but not all that it uses: grant EXECUTE on the functions that it calls,"
    " and SELECT on its tables to the owner of the view."
)
# The release of libpq from which an agent may refuse to send its password in clear.
_REQUIRES_AUTH: Final = 160_000


class PostgresConnector(ServerConnector):
    """One PostgreSQL database."""

    _session: PostgresSession

    def __init__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> None:
        super().__init__(spec, password, settings)
        self._catalog = PgCatalog(self._session)

    def _make_session(self) -> PostgresSession:
        return PostgresSession(self._open)

    def read_facts(self) -> SourceFacts:
        row = self._session.rows(
            "SELECT current_setting('server_version'), current_setting('transaction_read_only'),"
            " (SELECT rolsuper OR rolcreaterole OR rolbypassrls FROM pg_catalog.pg_roles"
            "  WHERE rolname = current_user)"
            # Who may use one of these reaches the server's files, and by them all else.
            " OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname IN"
            "  ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')"
            "  AND pg_catalog.pg_has_role(current_user, oid, 'USAGE'))"
        )[0]
        return SourceFacts(
            server_version=f"PostgreSQL {row[0]}"[:200],
            read_only=row[1] == "on",
            privileged=row[2],
            # A pooler in between tells of its own connection to the server, not of the agent's.
            tls=self._session.driver_connection.pgconn.ssl_in_use,
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

    def describe(self, refs: Sequence[TableRef]) -> Shapes:
        return self.describe_later(refs)()

    def describe_later(self, refs: Sequence[TableRef]) -> Callable[[], Shapes]:
        return self._catalog.ask(refs)

    def fingerprint(self, refs: Sequence[TableRef]) -> Mapping[TableRef, str]:
        return self._catalog.fingerprint(refs)

    def sample(self, shape: TableShape, limit: int) -> Sample:
        estimate = shape.row_count
        rows = self._draw(shape, limit) if limit else []
        if limit and len(rows) < limit and (estimate is None or estimate <= limit):
            cut = was_cut(rows, cell_limit(limit, len(shape.columns)))
            return Sample(read_cells(rows, shape), len(rows), exact=True, cut=cut)
        is_small = estimate is not None and estimate <= _COUNTED
        count = self._count(shape.ref) if is_small and shape.kind != "view" else None
        return Sample(read_cells(rows, shape), count, exact=count is not None)

    def count_rare(
        self, shape: TableShape, tests: Sequence[RareTest], seconds: float
    ) -> RareCounts:
        from .rare_servers import count_postgresql

        return count_postgresql(self._session, shape, tests, seconds)

    def grant_hint(self, ref: TableRef) -> str:
        missing = find_postgres_grants(self._session, ref, self._spec.username, self._quote)
        return " ".join(missing) or _REFUSED_BEHIND

    def list_readable(self, ref: TableRef) -> Collection[str]:
        named = {"schema": ref.container, "name": ref.name}
        return {name for (name,) in self._session.rows(READABLE_SQL, named)}

    def list_missing_grants(self, refs: Sequence[TableRef]) -> list[str]:
        return list_postgres_grants(self._session, refs, self._spec.username, self._quote)

    def connect_grant(self) -> str:
        database, role = (self._quote(each) for each in (self._spec.database, self._spec.username))
        return f"GRANT CONNECT ON DATABASE {database} TO {role};"

    def _quote(self, name: str) -> str:
        # Within a statement with values the driver would halve the percent signs again.
        quoted = self._session.dialect.identifier_preparer.quote_identifier(name)
        return quoted.replace("%%", "%")

    def _explain(self, fault: SourceFault) -> SourceFault:
        """libpq does not say why it refuses a certificate, so the server is asked for it again."""
        if fault.code != "tls_failed" or self._spec.tls != "verify-full":
            return fault
        try:
            with dial(self._addresses, self._port, CONNECT_SECONDS) as dialled:
                if postgresql_offers_tls(dialled):
                    require_proof(dialled, self._host)
        except ssl.SSLError as refused:
            return fault_of(refused)
        except OSError:
            return fault
        return fault

    def _draw(self, shape: TableShape, limit: int) -> Sequence[Row]:
        from .postgresql_rows import draw_rows

        return draw_rows(self._session, shape, limit)

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
            "client_encoding": "utf8",
            # A pooler in between may not know a statement that another connection prepared.
            "prepare_threshold": None,
        }
        if self._spec.tls == "verify-full":
            # The libpq of the driver's wheel looks for the system's where no system keeps them.
            arguments["sslrootcert"] = trusted_file() or "system"
        elif _libpq_version() >= _REQUIRES_AUTH:
            # Whoever answers in the server's place would read a password in clear.
            arguments["require_auth"] = "!password"
        return arguments

    def _dial(self, arguments: dict[str, Any]) -> Any:
        import psycopg

        # The name stays beside each address: certificates are checked against it.
        arguments["host"] = ",".join([self._host] * len(self._addresses))
        arguments["hostaddr"] = ",".join(address for _, address in self._addresses)
        return psycopg.connect(**arguments, autocommit=True)

    def _descriptor(self, connection: Any) -> int:
        return int(connection.fileno())

    def _prepare_session(self, connection: Any) -> bool:
        return self._session.bind(connection, self._session_statements())

    def _session_statements(self) -> Sequence[str]:
        milliseconds = self._seconds * 1000
        return (
            # Not told at the sign-in, for a pooler would leave it to the backend's next client.
            f"SET application_name = '{APPLICATION}'",
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
