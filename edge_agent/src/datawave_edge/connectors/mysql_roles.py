"""Who may reach a table on MySQL and MariaDB, as far as this role may see it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import Grants

from .contract import TableRef
from .session import Row, Session

_WRITES: Final = frozenset(("INSERT", "UPDATE", "DELETE"))
_PRIVILEGES: Final = ("SELECT", *sorted(_WRITES))
_GRANTS_SQL: Final = (
    "SELECT grantee, '', '', privilege_type FROM information_schema.user_privileges"
    " WHERE privilege_type IN :wanted UNION ALL"
    " SELECT grantee, table_schema, '', privilege_type FROM information_schema.schema_privileges"
    " WHERE privilege_type IN :wanted UNION ALL"
    " SELECT grantee, table_schema, table_name, privilege_type"
    " FROM information_schema.table_privileges WHERE privilege_type IN :wanted"
)
_COLUMNS_SQL: Final = (
    "SELECT table_schema, table_name, count(DISTINCT column_name)"
    " FROM information_schema.column_privileges GROUP BY 1, 2"
)
# Role and member; the first table is MariaDB's, the second MySQL's.
_MEMBERS_SQL: Final = (
    (
        "SELECT concat('''', role, '''@'''''), concat('''', user, '''@''', host, '''')"
        " FROM mysql.roles_mapping"
    ),
    (
        "SELECT concat('''', from_user, '''@''', from_host, ''''),"
        " concat('''', to_user, '''@''', to_host, '''') FROM mysql.role_edges"
    ),
)
# Every account has a row at least, and no role.
_LOGINS_SQL: Final = "SELECT count(DISTINCT grantee) FROM information_schema.user_privileges"
# Whoever signs in has what MariaDB grants to this role.
_PUBLIC: Final = "'PUBLIC'@''"
_ANY: Final = ("", "")
# A database that MySQL 8 takes out of a grant on all of them.
_REVOKED: Final = re.compile(r"REVOKE .* ON `((?:[^`]|``)+)`\.\*", re.DOTALL)


class MysqlRoles:
    """Grants of the whole server, read once a run; nothing where this role can't see them."""

    def __init__(self, session: Session) -> None:
        self._members: dict[str, set[str]] = defaultdict(set)
        self._by_place: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        self._columns: dict[TableRef, int] = {}
        members = _first_rows(session, _MEMBERS_SQL)
        self.known = members is not None
        if members is None:
            return
        for role, member in members:
            self._members[_text(role)].add(_text(member))
        held = session.rows(_GRANTS_SQL, {"wanted": _PRIVILEGES})
        for grantee, schema, name, privilege in held:
            self._by_place[_text(schema), _text(name)].append((_text(grantee), _text(privilege)))
        for schema, name, count in session.rows(_COLUMNS_SQL):
            self._columns[TableRef(_text(schema), _text(name))] = int(count)
        self._logins = int(session.value(_LOGINS_SQL) or 0)
        self._patterns = {
            schema: _like(schema) for schema, name in self._by_place if schema and not name
        }

    def resolve(self, ref: TableRef) -> Grants | None:
        """Grants of one table; None when they can't be seen."""
        if not self.known:
            return None
        held = [*self._by_place.get(_ANY, ()), *self._by_place.get((ref.container, ref.name), ())]
        for schema, pattern in self._patterns.items():
            if pattern.fullmatch(ref.container):
                held += self._by_place[schema, ""]
        readers = {grantee for grantee, privilege in held if privilege == "SELECT"}
        writers = {grantee for grantee, privilege in held if privilege in _WRITES}
        return Grants(
            public_read=_PUBLIC in readers,
            public_write=_PUBLIC in writers,
            read_roles=len(readers - {_PUBLIC}),
            write_roles=len(writers - {_PUBLIC}),
            read_logins=self._count_logins(readers),
            write_logins=self._count_logins(writers),
            column_grants=self._columns.get(ref, 0),
        )

    def _count_logins(self, roles: Collection[str]) -> int:
        if _PUBLIC in roles:
            return self._logins
        reached: set[str] = set()
        ahead = list(roles)
        while ahead:
            role = ahead.pop()
            if role not in reached:
                reached.add(role)
                ahead += self._members.get(role, ())
        return len(reached - self._members.keys() - {each for each in reached if _is_role(each)})


def list_revoked(session: Session) -> frozenset[str]:
    """Databases that a grant on all of them leaves out here; with them "", for all is not true.

    information_schema tells the grant alone, as if nothing had been taken out of it.
    """
    # MariaDB and old servers have no such thing.
    held = _first_rows(session, ("SELECT @@partial_revokes",))
    if not held or not held[0][0]:
        return frozenset()
    grants = _first_rows(session, ("SHOW GRANTS",))
    if grants is None:
        return frozenset([""])
    revokes = [line for (line,) in grants if _text(line).startswith("REVOKE")]
    found = [_REVOKED.match(_text(line)) for line in revokes]
    named = [match[1].replace("``", "`") for match in found if match]
    return frozenset(["", *named] if revokes else [])


def _first_rows(session: Session, statements: Iterable[str]) -> list[Row] | None:
    for statement in statements:
        try:
            return list(session.rows(statement))
        except SourceFault as fault:
            if fault.code == "connection_lost":
                raise
    return None


def _is_role(grantee: str) -> bool:
    return grantee.endswith("@''")


def _like(pattern: str) -> re.Pattern[str]:
    """A database's name in a grant is a pattern of LIKE."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(p) or re.escape(p[-1]) for p in parts), re.DOTALL)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
