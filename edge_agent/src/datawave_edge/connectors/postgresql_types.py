"""PostgreSQL's types, each spelt once a run: domains with what they stand for, enums by count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from datawave_edge.protocol.structure import NormalType

from .postgresql_queries import TYPES_SQL
from .session import Row, Session
from .types import normal_type

# A type by its oid and modifier, such as numeric(12,2).
TypeKey = tuple[int, int]

_CATEGORIES: Final[dict[str, NormalType]] = {
    "A": "array", "B": "boolean", "D": "datetime", "E": "enum", "G": "geometry", "I": "network",
    "N": "decimal", "S": "text", "T": "interval",
}  # fmt: skip


@dataclass(frozen=True)
class PgType:
    """A type as columns have it."""

    native: str
    # What a domain stands for at last; the type itself otherwise.
    base: str
    type: NormalType
    not_null: bool = False
    is_domain: bool = False
    members: int = 0


UNKNOWN: Final = PgType(native="???", base="???", type="other")


class PgTypes:
    """Types that were met so far."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: dict[TypeKey, Row] = {}
        self._known: dict[TypeKey, PgType] = {}

    def load(self, keys: Iterable[TypeKey]) -> None:
        """Ask for those that are new, and for what the domains among them stand for."""
        wanted = set(keys) - self._rows.keys()
        while wanted:
            rows = self._session.rows(
                TYPES_SQL,
                {"oids": [oid for oid, _ in wanted], "mods": [mod for _, mod in wanted]},
            )
            self._rows.update({(row[0], row[1]): row for row in rows})
            wanted = {(row[6], row[7]) for row in rows if row[6]} - self._rows.keys()

    def get(self, oid: int, mod: int) -> PgType:
        """A type that was loaded; one that is gone meanwhile is unknown."""
        key = (oid, mod)
        if key not in self._known:
            row = self._rows.get(key)
            self._known[key] = self._make(row) if row else UNKNOWN
        return self._known[key]

    def _make(self, row: Row) -> PgType:
        _, _, native, kind, category, not_null, base_oid, base_mod, members = row
        if not base_oid:
            normal = _normal(native, kind, category)
            return PgType(native, native, normal, not_null=not_null, members=members)
        base = self.get(base_oid, base_mod)
        return replace(base, native=native, not_null=not_null or base.not_null, is_domain=True)


def _normal(native: str, kind: str, category: str) -> NormalType:
    if kind == "e":
        return "enum"
    if category == "A":
        return "array"
    if "." in native:
        return _CATEGORIES.get(category, "other")
    # By its category a name of a table, regclass, would be a number.
    return normal_type(native) if kind == "b" else "other"
