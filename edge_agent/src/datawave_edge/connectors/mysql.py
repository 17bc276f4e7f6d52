"""MySQL and MariaDB, read through information_schema in bulk."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, ContainerListing, RunSettings, SourceFacts

from .address import dial
from .blocks import BLOCKS, SPARE, Blocks, block_ranges, text_ranges, thin
from .contract import Listing, Sample, TableRef, TableShape
from .missing_grants import (
    account_of,
    find_partly_granted,
    list_mysql_grants,
    mysql_grant,
    spell_account,
)
from .mysql_catalog import LIST_SQL, MysqlCatalog
from .mysql_roles import list_revoked
from .rare import RareCounts, RareTest
from .rare_servers import count_mysql
from .server import (
    CANCEL_SECONDS,
    CONNECT_SECONDS,
    LOCK_SECONDS,
    ServerConnector,
    ca_file,
    read_cells,
)
from .session import (
    cell_limit,
    column_of,
    document_limit,
    table_of,
    told_as_fault,
    was_cut,
)

_COUNTED: Final = 200_000
# Rows that a table without a key may have to be gone through for an even sample.
_DRAWN: Final = 2_000_000
_SEED: Final = 20_011
_LIMITS: Final = ("max_statement_time", "max_execution_time")
_AS_IS: Final = frozenset(("integer", "float", "boolean"))


class MysqlConnector(ServerConnector):
    """One MySQL or MariaDB server, or one database of it."""

    driver = "mysql+pymysql"
    _limit_name = ""
    _only_reads: bool | None = None

    def __init__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> None:
        super().__init__(spec, password, settings)
        self._catalog = MysqlCatalog(self._session)

    def read_facts(self) -> SourceFacts:
        version, comment = self._session.rows("SELECT version(), @@version_comment")[0]
        family = "MariaDB" if "mariadb" in f"{version}{comment}".lower() else "MySQL"
        cipher = self._session.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        return SourceFacts(
            server_version=f"{family} {version}"[:200],
            tls=bool(cipher and cipher[0][1]),
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
        is_view = shape.kind == "view"
        is_small = shape.row_count is not None and shape.row_count <= _COUNTED
        count = self._count(shape.ref) if is_small and not is_view else None
        if not limit:
            return Sample([], count, exact=count is not None)
        rows = self._sample_rows(shape, limit, count)
        if len(rows) < limit and (count is None or count <= limit):
            count = len(rows)
        cut = was_cut(rows, cell_limit(limit, len(shape.columns)))
        return Sample(read_cells(rows, shape), count, exact=count is not None, cut=cut)

    def count_rare(
        self, shape: TableShape, tests: Sequence[RareTest], seconds: float
    ) -> RareCounts:
        return count_mysql(self._session, shape, tests, seconds, lambda: self._key_bounds(shape))

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

    def _sample_rows(
        self, shape: TableShape, limit: int, count: int | None
    ) -> Sequence[tuple[Any, ...]]:
        source = table_of(shape.ref.container, shape.ref.name)
        cut = cell_limit(limit, len(shape.columns))
        whole = document_limit(limit, shape.columns)
        cells = [
            _cell(
                column.name,
                column.type,
                column.native_type,
                whole if column.type == "json" else cut,
            ).label(f"c{index}")
            for index, column in enumerate(shape.columns)
        ]
        plain = sa.select(*cells).select_from(source)
        if shape.kind == "view" or (count is not None and count <= limit):
            return self._session.rows(plain.limit(limit))
        found = self._find_blocks(shape)
        if found is not None:
            blocks = Blocks(cells, source, *found)
            return blocks.read(self._session.rows, limit, shape.ref.path)
        if shape.row_count is None or not limit < shape.row_count <= _DRAWN:
            return self._session.rows(plain.limit(limit))
        drawn = _draw(plain, limit / shape.row_count)
        return thin(self._session.rows(drawn.limit(limit * SPARE)), limit)

    def _find_blocks(
        self, shape: TableShape
    ) -> tuple[sa.ColumnElement[Any], Sequence[tuple[Any, Any]]] | None:
        """Blocks of the primary key's first column; other tables are read from their start."""
        bounds = self._key_bounds(shape)
        if bounds is not None:
            key, low, high = bounds
            return key, block_ranges(low, high, BLOCKS, shape.ref.path)
        first = next((each for each in shape.columns if each.key_position == 1), None)
        if first is None or first.type not in ("text", "uuid", "integer"):
            return None
        key, least, most = self._ends_of(shape, first.name)
        if isinstance(least, int) and isinstance(most, int) and most - least >= BLOCKS:
            return key, block_ranges(least, most, BLOCKS, shape.ref.path)
        if isinstance(least, str) and isinstance(most, str) and least < most:
            return key, text_ranges(least, most, BLOCKS)
        return None

    def _ends_of(self, shape: TableShape, name: str) -> tuple[sa.ColumnElement[Any], Any, Any]:
        key = column_of(name)
        source = table_of(shape.ref.container, shape.ref.name)
        low, high = self._session.rows(
            sa.select(sa.func.min(key), sa.func.max(key)).select_from(source)
        )[0]
        return key, low, high

    def _key_bounds(self, shape: TableShape) -> tuple[sa.ColumnElement[Any], int, int] | None:
        """Range of a primary key of one whole number."""
        keys = [column for column in shape.columns if column.key_position]
        if len(keys) != 1 or keys[0].type != "integer":
            return None
        key, low, high = self._ends_of(shape, keys[0].name)
        return (key, int(low), int(high)) if low is not None else None

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


def _draw(plain: sa.Select[Any], share: float) -> sa.Select[Any]:
    """Rows drawn from all over a table that has no key to find blocks by."""
    drawn: sa.ColumnElement[Any] = sa.func.rand(sa.literal_column(str(_SEED)))
    return plain.where(drawn < sa.literal_column(f"{share:.8f}"))


def _tls_args(mode: str) -> dict[str, Any]:
    if mode == "disable":
        return {"ssl_disabled": True}
    if mode == "verify-full":
        return {"ssl": ssl.create_default_context(cafile=ca_file() or None)}
    if mode == "require":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return {"ssl": context}
    return {}


def _cell(name: str, kind: str, native: str, cut: int) -> sa.ColumnElement[Any]:
    """A cell: numbers as they are, all else as cut text; of bytes only their length."""
    column = column_of(name)
    if native == "bit(1)":
        return column + sa.literal_column("0")
    if kind in _AS_IS:
        return column
    if kind in ("binary", "geometry"):
        return sa.func.length(column)
    text = column if kind in ("text", "enum") else sa.cast(column, sa.CHAR())
    return sa.func.left(text, sa.literal_column(str(cut)))
