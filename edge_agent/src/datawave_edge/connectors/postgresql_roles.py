"""Who may reach a table on PostgreSQL, with membership in roles followed; counts alone leave."""

from __future__ import annotations

from collections import defaultdict

from datawave_edge.protocol import Grants

from .postgresql_queries import LOGINS_SQL, MEMBERS_SQL
from .session import Row, Session

_PUBLIC = 0


class PgRoles:
    """The server's roles, read once a run."""

    def __init__(self, session: Session) -> None:
        roles = session.rows(LOGINS_SQL)
        self._logins = {oid for oid, signs_in, *_ in roles if signs_in}
        self._read_all = frozenset(oid for oid, _, reads, _ in roles if reads)
        self._write_all = frozenset(oid for oid, *_, writes in roles if writes)
        self._members: dict[int, set[int]] = defaultdict(set)
        for role, member in session.rows(MEMBERS_SQL):
            self._members[role].add(member)
        self._counted: dict[frozenset[int], int] = {}

    def count_logins(self, roles: frozenset[int]) -> int:
        """Sign-ins among the roles and whoever is a member of them, over any number of steps."""
        if _PUBLIC in roles:
            return len(self._logins)
        if roles not in self._counted:
            self._counted[roles] = len(self._reach(roles) & self._logins)
        return self._counted[roles]

    def resolve(self, rows: list[Row]) -> Grants:
        """Grants of one table from rows of grantee, may read, may write."""
        readers = frozenset(grantee for grantee, reads, _ in rows if reads)
        writers = frozenset(grantee for grantee, _, writes in rows if writes)
        return Grants(
            public_read=_PUBLIC in readers,
            public_write=_PUBLIC in writers,
            read_roles=len(readers - {_PUBLIC}),
            write_roles=len(writers - {_PUBLIC}),
            read_logins=self.count_logins(readers | self._read_all),
            write_logins=self.count_logins(writers | self._write_all),
        )

    def _reach(self, roles: frozenset[int]) -> set[int]:
        reached: set[int] = set()
        ahead = list(roles)
        while ahead:
            role = ahead.pop()
            if role not in reached:
                reached.add(role)
                ahead += self._members.get(role, ())
        return reached
