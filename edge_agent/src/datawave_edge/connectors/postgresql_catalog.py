"""PostgreSQL's catalogue in bulk: a handful of queries for hundreds of tables."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

import msgspec

from datawave_edge.protocol import (
    ColumnSnapshot,
    Constraint,
    DatasetKind,
    DatasetName,
    ForeignKey,
    Grants,
    Index,
    Partitioning,
)
from datawave_edge.protocol import Sequence as SequenceName
from datawave_edge.protocol.structure import IdentityKind
from datawave_edge.sqltext import strip_literals

from . import postgresql_queries as sql
from .contract import Shapes, TableRef, TableShape
from .postgresql_roles import PgRoles
from .postgresql_types import PgTypes, TypeKey
from .server import group
from .session import Row, Session
from .types import declared_length

_KINDS: Final[dict[str, DatasetKind]] = {
    "r": "table",
    "p": "table",
    "v": "view",
    "m": "materialized_view",
    "f": "foreign_table",
}
_STRATEGIES: Final = {"r": "range", "l": "list", "h": "hash"}
_IDENTITIES: Final[dict[str, IdentityKind]] = {"a": "always", "d": "default"}
_BYTES_PER_ROW: Final = 130


class _Parts(NamedTuple):
    """What else the catalogue says of one table, as rows, in the order of the queries."""

    columns: list[Row]
    comments: list[Row]
    constraints: list[Row]
    indexes: list[Row]
    parents: list[Row]
    partitioned: list[Row]
    sequences: list[Row]


class PgCatalog:
    """Reads structure; types and roles are read once and kept for the run."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._types = PgTypes(session)
        self._roles: PgRoles | None = None

    def ask(self, refs: Sequence[TableRef]) -> Callable[[], Shapes]:
        """Read some tables by name; what comes back makes their structure, without those gone."""
        found = self._session.rows(self._queries.find, _names(refs))
        oids = _oids(found)
        parts = [self._session.rows(each, oids) for each in self._queries.told]
        self._types.load({(row[3], row[4]) for row in parts[0]})
        granted = self._ask_grants(oids)
        return lambda: self._make(found, parts, granted)

    def _make(
        self, found: Sequence[Row], told: Sequence[Sequence[Row]], granted: Sequence[Row]
    ) -> Shapes:
        hashes: dict[int, int] = {row[0]: row[-1] for row in found}
        parts = [_take(rows, hashes) for rows in told]
        grants = self._resolve(hashes, granted)
        return {
            TableRef(row[1], row[2]): self._shape(
                (*row[:-1], hashes[row[0]]),
                _Parts(*(each.get(row[0], []) for each in parts)),
                grants[row[0]],
            )
            for row in found
        }

    def fingerprint(self, refs: Sequence[TableRef]) -> Mapping[TableRef, str]:
        """What `read` would put on the shapes, without reading what they are made of."""
        found = self._session.rows(self._queries.find_hashed, _names(refs))
        oids = _oids(found)
        hashes: Counter[int] = Counter()
        types: dict[int, list[TypeKey]] = defaultdict(list)
        for oid, met, hashed in self._session.rows(self._queries.hashed, oids):
            hashes[oid] += int(hashed)
            if met is not None:
                types[oid].append(_type_key(met))
        self._types.load(key for keys in types.values() for key in keys)
        grants = self._resolve((row[0] for row in found), self._ask_grants(oids))
        return {
            TableRef(schema, name): self._print(own + hashes[oid], types[oid], grants[oid])
            for oid, schema, name, own in found
        }

    @cached_property
    def _queries(self) -> sql.Queries:
        return sql.choose_queries(int(self._session.value("SHOW server_version_num")))

    def _ask_grants(self, oids: Mapping[str, Any]) -> Sequence[Row]:
        self._roles = self._roles or PgRoles(self._session)
        return self._session.rows(sql.GRANTS_SQL, oids)

    def _resolve(self, oids: Iterable[int], granted: Sequence[Row]) -> dict[int, Grants]:
        """Who may reach each table; columns with grants of their own are not counted here."""
        assert self._roles is not None  # noqa: S101 - known before any grant
        roles, rows = self._roles, group(granted)
        return {oid: roles.resolve(rows.get(oid, [])) for oid in oids}

    def _print(self, hashed: int, types: Iterable[TypeKey], grants: Grants) -> str:
        met = {(oid, mod) for oid, mod in types if oid >= sql.FIRST_OWN_OID}
        own = [(key, self._types.get(*key)) for key in sorted(met)]
        return hashlib.sha256(repr((hashed, own, grants)).encode()).hexdigest()

    def _shape(self, row: Row, parts: _Parts, grants: Grants) -> TableShape:
        _, schema, name, kind, is_partition, secured, estimate, heap, definition, size, hashed = row
        columns = parts.columns
        names = {column[0]: column[1] for column in columns}
        indexes = [_index(each, names) for each in parts.indexes]
        return TableShape(
            ref=TableRef(schema, name),
            kind="partition" if is_partition and kind in "rp" else _KINDS[kind],
            columns=self._columns(parts, indexes),
            comment=next((text for number, text in parts.comments if not number), ""),
            foreign_keys=[_foreign_key(key, names) for key in parts.constraints if key[0] == "f"],
            indexes=indexes,
            constraints=[
                _constraint(key, names) for key in parts.constraints if key[0] in _CONSTRAINTS
            ],
            sequences=[SequenceName(name=each, column=of or "") for each, of in parts.sequences],
            parents=[DatasetName(container=where, name=of) for where, of, _ in parts.parents],
            partitioning=_partitioning(parts.partitioned, names),
            has_parts_listed=kind == "p",
            definition=strip_literals(definition or "", "postgresql"),
            row_security=secured,
            row_count=_estimate(kind, estimate, heap),
            size_bytes=size,
            grants=msgspec.structs.replace(
                grants, column_grants=sum(column[8] for column in columns)
            ),
            fingerprint=self._print(hashed, _type_keys(columns), grants),
        )

    def _columns(self, parts: _Parts, indexes: list[Index]) -> list[ColumnSnapshot]:
        comments: dict[int, str] = dict(parts.comments)
        primary = next((key[2] for key in parts.constraints if key[0] == "p"), None) or []
        alone = {
            each.columns[0]
            for each in indexes
            if each.unique and not each.partial and len(each.columns) == 1
        }
        return [
            self._column(row, primary, comments.get(row[0]) or "", unique=row[1] in alone)
            for row in parts.columns
        ]

    def _column(
        self, row: Row, primary: list[int], comment: str, *, unique: bool
    ) -> ColumnSnapshot:
        number, name, type_oid, type_mod, not_null, identity, generated, default, _ = row
        kind = self._types.get(type_oid, type_mod)
        return ColumnSnapshot(
            name=name,
            ordinal=number - 1,
            native_type=kind.native,
            type=kind.type,
            base_type=kind.base if kind.is_domain else "",
            members=kind.members,
            nullable=not (not_null or kind.not_null),
            key_position=primary.index(number) + 1 if number in primary else 0,
            unique=unique,
            generated=generated or bool(identity),
            identity=_IDENTITIES.get(identity, ""),
            has_default=bool(default and not generated),
            max_length=declared_length(kind.base),
            comment=comment,
        )


def _names(refs: Sequence[TableRef]) -> dict[str, str]:
    return {
        "schemas": _spell_array(ref.container for ref in refs),
        "names": _spell_array(ref.name for ref in refs),
    }


def _oids(found: Sequence[Row]) -> dict[str, str]:
    return {"oids": _spell_array(str(row[0]) for row in found)}


def _spell_array(texts: Iterable[str]) -> str:
    """As the server spells an array: the driver would take each element apart by itself."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{each}"' for each in quoted) + "}"


def _take(rows: Sequence[Row], hashes: dict[int, int]) -> dict[int, list[Row]]:
    """Rows by table, with the hash that ends each added to the table's."""
    grouped: dict[int, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(row[1:-1])
        # A table that was made meanwhile has rows and was not found.
        if row[0] in hashes:
            hashes[row[0]] += row[-1]
    return grouped


def _type_key(met: str) -> TypeKey:
    oid, _, mod = met.partition(" ")
    return int(oid), int(mod)


def _type_keys(columns: Iterable[Row]) -> Iterator[TypeKey]:
    return ((row[2], row[3]) for row in columns)


def _estimate(kind: str, estimate: float, heap_bytes: int | None) -> int | None:
    """Rows as the statistics know them; before the first ANALYZE by size."""
    if kind not in ("r", "m", "p"):
        return None
    if estimate >= 0 and not (estimate == 0 and heap_bytes):
        return int(estimate)
    return heap_bytes // _BYTES_PER_ROW if heap_bytes is not None else None


def _foreign_key(row: Row, names: Mapping[int, str]) -> ForeignKey:
    _, name, numbers, schema, target, target_columns, _ = row
    return ForeignKey(
        columns=[names[number] for number in numbers],
        target_container=schema,
        target_name=target,
        target_columns=list(target_columns or []),
        name=name,
    )


_CONSTRAINTS: Final[dict[str, Any]] = {"u": "unique", "c": "check", "x": "exclusion"}


def _constraint(row: Row, names: Mapping[int, str]) -> Constraint:
    kind, name, numbers, *_, expression = row
    return Constraint(
        kind=_CONSTRAINTS[kind],
        name=name,
        columns=_named(numbers or [], names),
        expression=strip_literals(expression or "", "postgresql"),
    )


def _index(row: Row, names: Mapping[int, str]) -> Index:
    name, unique, partial, method, numbers, width = row
    columns = _named(numbers[:width], names)
    return Index(name=name, columns=columns, unique=unique, partial=partial, method=method)


def _partitioning(rows: list[Row], names: Mapping[int, str]) -> Partitioning | None:
    if not rows:
        return None
    strategy, numbers, count = rows[0]
    return Partitioning(
        strategy=_STRATEGIES.get(strategy, "other"),
        columns=_named(numbers, names),
        partitions=count,
    )


def _named(numbers: Sequence[int], names: Mapping[int, str]) -> list[str]:
    return [names.get(number, "(expression)") for number in numbers]
