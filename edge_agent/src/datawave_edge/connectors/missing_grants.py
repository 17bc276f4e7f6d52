"""What a role lacks to read the chosen tables, as the statements that an administrator runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final, Protocol, runtime_checkable

from datawave_edge.faults import SourceFault

from .contract import TableRef
from .session import Row, Session

# So many tables without a grant that covers them are tried one by one.
_TRIED: Final = 500
_ANYTHING: Final = "1"
_ALL_COLUMNS: Final = "*"

_POSTGRES_SQL: Final = (
    "SELECT n.nspname, c.relname, pg_catalog.has_schema_privilege(n.oid, 'USAGE'),"
    " pg_catalog.has_table_privilege(c.oid, 'SELECT')"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname <> 'information_schema'"
    " AND n.nspname NOT LIKE 'pg\\_%'"
)
_IN_ORDER: Final = " ORDER BY n.nspname, c.relname"
_THIS_ONE: Final = " AND n.nspname = :schema AND c.relname = :name"
# A role that is in force grants like the account itself; MySQL before 8 knows none.
_MYSQL_ROLES_SQL: Final = "SELECT role_name FROM information_schema.enabled_roles"
_MYSQL_SQL: Final = (
    "SELECT grantee, '%' FROM information_schema.user_privileges"
    " WHERE privilege_type = 'SELECT' UNION ALL"
    " SELECT grantee, table_schema FROM information_schema.schema_privileges"
    " WHERE privilege_type = 'SELECT'"
)
_MYSQL_TABLES_SQL: Final = (
    "SELECT table_schema, table_name FROM information_schema.table_privileges"
    " WHERE privilege_type = 'SELECT' AND grantee = :who"
)


@runtime_checkable
class TellsGrants(Protocol):
    """A connector that can tell all that its role lacks."""

    def list_missing_grants(self, refs: Sequence[TableRef]) -> list[str]:
        """A statement for each grant that is missing to read these. Raises SourceFault."""

    def connect_grant(self) -> str:
        """The statement that would let the role into the database."""


@runtime_checkable
class HidesColumns(Protocol):
    """A connector whose server hides the columns that a role may not read."""

    def list_column_grants(self, refs: Sequence[TableRef]) -> list[str]:
        """A statement for each of these of which some columns are hidden. Raises SourceFault."""


def list_postgres_grants(
    session: Session, refs: Collection[TableRef], role: str, quote: Callable[[str], str]
) -> list[str]:
    """USAGE on schemas and SELECT on tables that the role lacks; one line for a whole schema."""
    wanted = set(refs)
    found = session.rows(_POSTGRES_SQL + _IN_ORDER)
    rows = [row for row in found if TableRef(row[0], row[1]) in wanted]
    return [
        statement
        for schema in dict.fromkeys(row[0] for row in rows)
        for statement in _of_schema(schema, [r for r in rows if r[0] == schema], role, quote)
    ]


def find_postgres_grants(
    session: Session, ref: TableRef, role: str, quote: Callable[[str], str]
) -> list[str]:
    """The same for one table; none where it is something behind it that refuses."""
    rows = session.rows(_POSTGRES_SQL + _THIS_ONE, {"schema": ref.container, "name": ref.name})
    return list(_of_schema(ref.container, rows, role, quote)) if rows else []


def _of_schema(
    schema: str, rows: Sequence[Row], role: str, quote: Callable[[str], str]
) -> Iterator[str]:
    if not rows[0][2]:
        yield f"GRANT USAGE ON SCHEMA {quote(schema)} TO {quote(role)};"
    lacking = [name for _, name, _, may_read in rows if not may_read]
    if len(lacking) > 1 and len(lacking) == len(rows):
        yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {quote(schema)} TO {quote(role)};"
        return
    for name in lacking:
        yield f"GRANT SELECT ON {quote(schema)}.{quote(name)} TO {quote(role)};"


def list_mysql_grants(session: Session, refs: Iterable[TableRef]) -> list[str]:
    """SELECT on tables that the account sees and may not read; what is hidden stays so."""
    account = account_of(session)
    return [
        mysql_grant(ref, account)
        for ref in _list_doubtful(session, account, refs)[:_TRIED]
        if not _may_read(session, ref)
    ]


def mysql_grant(ref: TableRef, account: str) -> str:
    """The statement that lets an account read a table, and the text of a view."""
    table = f"{_quote(ref.container)}.{_quote(ref.name)}"
    return f"GRANT SELECT, SHOW VIEW ON {table} TO {account};"


def find_partly_granted(session: Session, refs: Iterable[TableRef]) -> set[TableRef]:
    """Tables of which the account may read some columns alone, and so is told no others.

    A grant on the database or the table covers all of its columns; where the server shows neither,
    as of a role, reading all of them is tried.
    """
    account = account_of(session)
    doubtful = _list_doubtful(session, account, refs)
    if not doubtful:
        return set()
    rows = session.rows(_MYSQL_TABLES_SQL, {"who": account})
    whole = {TableRef(str(schema), str(name)) for schema, name in rows}
    return {
        ref for ref in doubtful if ref not in whole and not _may_read(session, ref, _ALL_COLUMNS)
    }


def _list_doubtful(session: Session, account: str, refs: Iterable[TableRef]) -> list[TableRef]:
    """Those that no grant on their whole database covers for sure."""
    covered = _covered_databases(session, account)
    return [ref for ref in refs if not any(_fits(ref.container, each) for each in covered)]


def account_of(session: Session) -> str:
    """The account that the server matched, which may stand for any host."""
    return spell_account(str(session.value("SELECT current_user()")))


def spell_account(told: str) -> str:
    """An account as current_user() tells it, with both its parts in quotes."""
    user, _, host = told.rpartition("@")
    return f"{_text(user)}@{_text(host)}"


def _covered_databases(session: Session, account: str) -> list[str]:
    """Databases, also as patterns, that the account or a role in force may read whole."""
    try:
        roles = [str(name) for (name,) in session.rows(_MYSQL_ROLES_SQL) if name]
    except SourceFault as fault:
        if fault.code == "connection_lost":
            raise
        roles = []
    grantees = {account, *(f"{_text(role)}@''" for role in roles), *map(_text, roles)}
    grantees |= {f"{_text(role)}@'%'" for role in roles}
    return [str(where) for grantee, where in session.rows(_MYSQL_SQL) if str(grantee) in grantees]


def _fits(database: str, pattern: str) -> bool:
    """Whether a grant's pattern is the database itself or all of them; others are tried out."""
    plain = pattern.replace("\\_", "_").replace("\\%", "%")
    return pattern == "%" or plain == database


def _may_read(session: Session, ref: TableRef, what: str = _ANYTHING) -> bool:
    """Whether the server lets the account read; what else is wrong with a table is no grant."""
    source = f"{_quote(ref.container)}.{_quote(ref.name)}"
    try:
        session.rows(f"SELECT {what} FROM {source} LIMIT 0")  # noqa: S608 - quoted above
    except SourceFault as fault:
        if fault.code == "connection_lost":
            raise
        return fault.code != "permission_denied"
    return True


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
