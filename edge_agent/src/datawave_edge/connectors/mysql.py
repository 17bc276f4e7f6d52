"""MySQL and MariaDB, read through information_schema in bulk."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from datawave_edge.entry_advice import MAY_DEMAND_CERTIFICATE, MAY_DEMAND_TLS
from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, ContainerListing, RunSettings, SourceFacts

from .address import dial
from .certificates import make_context
from .contract import Listing, Sample, TableRef, TableShape
from .driver_session import DriverSession
from .missing_grants import (
    account_of,
    find_partly_granted,
    list_mysql_grants,
    mysql_grant,
    spell_account,
)
from .mysql_catalog import LIST_SQL, MysqlCatalog
from .mysql_roles import list_revoked
from .server import (
    CANCEL_SECONDS,
    CONNECT_SECONDS,
    LOCK_SECONDS,
    ServerConnector,
    read_cells,
)
from .session import cell_limit, told_as_fault, was_cut

if TYPE_CHECKING:
    from .rare import RareCounts, RareTest

_COUNTED: Final = 200_000
_LIMITS: Final = ("max_statement_time", "max_execution_time")


class MysqlConnector(ServerConnector):
    """One MySQL or MariaDB server, or one database of it."""

    _limit_name = ""
    _only_reads: bool | None = None

    def __init__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> None:
        super().__init__(spec, password, settings)
        self._catalog = MysqlCatalog(self._session)

    def _make_session(self) -> DriverSession:
        return DriverSession(self._open, "mysql+pymysql")

    def read_facts(self) -> SourceFacts:
        version, comment = self._session.rows("SELECT version(), @@version_comment")[0]
        family = "MariaDB" if "mariadb" in f"{version}{comment}".lower() else "MySQL"
        return SourceFacts(
            server_version=f"{family} {version}"[:200],
            # A proxy in between tells of its own connection to the server, not of the agent's.
            tls=isinstance(self._session.driver_connection._sock, ssl.SSLSocket),  # noqa: SLF001 - told nowhere else
            read_only=self._only_reads,
            privileged=self._is_privileged(),
            audit_logging=self._is_audited(),
        )

    def list_tables(self) -> Listing:
        rows = self._session.rows(LIST_SQL, {"only": self._spec.database})
        schemas = [schema for schema, name, _ in rows if name is None]
        named = [(TableRef(schema, name), kind) for schema, name, kind in rows if name is not None]
        tables = [ref for ref, kind in named if kind != "SEQUENCE"]
        counts = Counter(ref.container for ref in tables)
        self._catalog.listed = counts
        sequences = Counter(ref.container for ref, kind in named if kind == "SEQUENCE")
        if self._spec.database and not schemas:
            raise SourceFault("database_missing")
        revoked = list_revoked(self._session)
        containers = [
            ContainerListing(
                name=schema,
                authoritative=schema not in revoked and self._sees_all(schema),
                tables=counts[schema],
                sequences=sequences[schema],
            )
            for schema in schemas
        ]
        # Databases without a grant are hidden, so only who may read any database sees them all.
        sees_all = "" not in revoked and self._sees_all("")
        return Listing(containers, tables, complete=not self._spec.database and sees_all)

    def plan(self, refs: Sequence[TableRef]) -> None:
        self._catalog.plan(refs)

    def describe(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        found = self._catalog.read(refs)
        # Of a view that names what is gone the catalogue tells no columns.
        return {
            ref: each if _is_whole(each) else SourceFault("view_broken")
            for ref, each in found.items()
        }

    def sample(self, shape: TableShape, limit: int) -> Sample:
        try:
            return self._sample(shape, limit)
        finally:
            if shape.kind == "view":
                self._bound_again()

    def _sample(self, shape: TableShape, limit: int) -> Sample:
        from .mysql_rows import draw_rows

        is_view = shape.kind == "view"
        is_small = shape.row_count is not None and shape.row_count <= _COUNTED
        count = self._count(shape.ref) if is_small and not is_view else None
        if not limit:
            return Sample([], count, exact=count is not None)
        rows = draw_rows(self._session, shape, limit, count)
        if len(rows) < limit and (count is None or count <= limit):
            count = len(rows)
        cut = was_cut(rows, cell_limit(limit, len(shape.columns)))
        return Sample(read_cells(rows, shape), count, exact=count is not None, cut=cut)

    def count_rare(
        self, shape: TableShape, tests: Sequence[RareTest], seconds: float
    ) -> RareCounts:
        from .mysql_rows import key_bounds
        from .rare_servers import count_mysql

        session = self._session
        return count_mysql(session, shape, tests, seconds, lambda: key_bounds(session, shape))

    def grant_hint(self, ref: TableRef) -> str:
        return mysql_grant(ref, self._find_account())

    def list_missing_grants(self, refs: Sequence[TableRef]) -> list[str]:
        return list_mysql_grants(self._session, refs)

    def list_column_grants(self, refs: Sequence[TableRef]) -> list[str]:
        account = account_of(self._session)
        return [
            mysql_grant(ref, account) for ref in sorted(find_partly_granted(self._session, refs))
        ]

    def connect_grant(self) -> str:
        database = self._spec.database
        named = "`" + database.replace("`", "``") + "`" if database else "*"
        return f"GRANT SELECT, SHOW VIEW ON {named}.* TO {self._find_account()};"

    def _find_account(self) -> str:
        """The account that the server matched: a grant to one of another host would fail.

        Who may not enter the database still signs in without one.
        """
        if self._session.driver_connection is not None:
            return account_of(self._session)
        arguments = {**self._connect_args(self._password), "database": None}
        try:
            with told_as_fault(), self._connect_within(CANCEL_SECONDS, arguments) as entered:
                cursor = entered.cursor()
                cursor.execute("SELECT current_user()")
                return spell_account(str(cursor.fetchone()[0]))
        except SourceFault:
            # Whatever keeps it out, the likeliest account is told.
            return spell_account(f"{self._spec.username}@%")

    def _explain(self, fault: SourceFault) -> SourceFault:
        if fault.code != "auth_failed":
            return fault
        # The server does not say what it missed, so that nobody learns which accounts there are.
        also = MAY_DEMAND_TLS if self._spec.tls == "disable" else MAY_DEMAND_CERTIFICATE
        return SourceFault(fault.code, hint=f"{fault.hint} {also}")

    def _sees_all(self, schema: str) -> bool:
        """Whether the role's grants show every table of a database: else absence proves nothing."""
        found = self._session.value(
            "SELECT (SELECT count(*) FROM information_schema.user_privileges"
            "  WHERE privilege_type = 'SELECT' AND grantee = :who)"
            " + (SELECT count(*) FROM information_schema.schema_privileges"
            "  WHERE privilege_type = 'SELECT' AND grantee = :who AND :schema LIKE table_schema)",
            {"who": self._grantee(), "schema": schema},
        )
        return bool(found)

    def _grantee(self) -> str:
        user, _, host = str(self._session.value("SELECT current_user()")).rpartition("@")
        return f"'{user}'@'{host}'"

    def _is_privileged(self) -> bool:
        found = self._session.value(
            "SELECT count(*) FROM information_schema.user_privileges WHERE grantee = :who"
            " AND (privilege_type IN ('SUPER', 'FILE', 'CREATE USER') OR is_grantable = 'YES')",
            {"who": self._grantee()},
        )
        return bool(found)

    def _is_audited(self) -> bool | None:
        try:
            rows = self._session.rows(
                "SHOW GLOBAL VARIABLES WHERE variable_name IN"
                " ('server_audit_logging', 'audit_log_policy', 'general_log')"
            )
        except SourceFault:
            return None
        return any(str(value).upper() not in ("OFF", "NONE", "0", "") for _, value in rows)

    def _connect_args(self, password: str) -> dict[str, Any]:
        return {
            "host": self._host,
            "port": self._port,
            "user": self._spec.username,
            # The driver would encode text as Latin-1, which the server's accounts are not told in.
            "password": password.encode("utf-8", "surrogateescape"),
            "database": self._spec.database or None,
            "charset": "utf8mb4",
            "autocommit": True,
            # A hostile server may ask for any file of this host under LOCAL.
            "local_infile": False,
            "auth_plugin_map": {"mysql_clear_password": _ClearRefused},
            "read_timeout": max(self._seconds, self._counting_seconds) + 30,
            "write_timeout": self._seconds + 30,
            "program_name": "datawave-edge",
            **_tls_args(self._spec.tls),
        }

    def _dial(self, arguments: dict[str, Any]) -> Any:
        return self._connect_within(CONNECT_SECONDS, arguments)

    def _connect_within(self, seconds: float, arguments: dict[str, Any]) -> Any:
        import pymysql

        # The name stays the driver's host: certificates are checked against it.
        connection = pymysql.connect(**arguments, defer_connect=True)
        connection.connect(dial(self._addresses, self._port, seconds))
        return connection

    def _descriptor(self, connection: Any) -> int:
        return int(connection._sock.fileno())  # noqa: SLF001 - TLS put another socket in its place

    def _prepare_session(self, connection: Any) -> bool | None:
        super()._prepare_session(connection)
        with connection.cursor() as cursor:
            # MariaDB and MySQL each call it by another name, and some releases by both.
            cursor.execute(
                "SHOW SESSION VARIABLES WHERE variable_name IN"
                " ('tx_read_only', 'transaction_read_only')"
            )
            told = [str(value).upper() for _, value in cursor.fetchall()]
        self._only_reads = set(told) <= {"ON", "1"} if told else None
        return self._only_reads

    def _session_statements(self) -> Sequence[str]:
        return (
            "SET SESSION sql_mode = ''",
            "SET SESSION TRANSACTION READ ONLY",
            # Without it a table that someone locks would be waited for through a whole day.
            f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}",
            "SET SESSION time_zone = '+00:00'",
        )

    def _after_connect(self) -> None:
        rows = self._session.rows(
            "SHOW SESSION VARIABLES WHERE variable_name IN"
            " ('max_statement_time', 'max_execution_time')"
        )
        names = {str(row[0]).lower() for row in rows}
        self._limit_name = next((each for each in _LIMITS if each in names), "")
        for statement in self._limit_statements(None):
            self._session.run(statement)

    def _bound_again(self) -> None:
        """A function that a view calls may have let the session write, or wait for ever."""
        for statement in (*self._session_statements(), *self._limit_statements(None)):
            self._session.run(statement)

    def _cancel(self, connection: Any) -> None:
        """Only another connection can; where there is no place for it, the wire is cut.

        It goes to the address of the first: behind the same name could be another server, where
        the number is somebody else's.
        """
        try:
            arguments = self._connect_args(self._password)
            with self._connect_within(CANCEL_SECONDS, arguments) as other:
                other.cursor().execute(f"KILL QUERY {connection.thread_id():d}")
        except Exception:
            connection._force_close()  # noqa: SLF001 - close() would wait to say goodbye
            raise

    def _limit_statements(self, seconds: float | None) -> Sequence[str]:
        """MariaDB counts seconds, MySQL thousandths of them."""
        if not self._limit_name:
            return ()
        chosen = self._seconds if seconds is None else max(0.001, seconds)
        unit = 1 if self._limit_name == _LIMITS[0] else 1000
        return (f"SET SESSION {self._limit_name} = {round(chosen * unit, 3):g}",)


def _is_whole(shape: TableShape | SourceFault) -> bool:
    return isinstance(shape, SourceFault) or bool(shape.columns)


class _ClearRefused:
    """A server that asks for the password itself could be anyone."""

    def __init__(self, connection: object) -> None:
        del connection

    def authenticate(self, packet: object) -> None:
        """Send nothing."""
        del packet
        raise SourceFault("auth_failed", hint="The server asks for the password in clear text.")


def _tls_args(mode: str) -> dict[str, Any]:
    if mode == "disable":
        return {"ssl_disabled": True}
    if mode in ("verify-full", "require"):
        return {"ssl": make_context(proven=mode == "verify-full")}
    return {}
