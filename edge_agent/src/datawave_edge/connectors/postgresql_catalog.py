"""PostgreSQL's catalogue in bulk: a handful of queries for hundreds of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ColumnSnapshot, ForeignKey, Grants, Index
from datawave_edge.protocol.records import DatasetKind, NormalType

from .contract import TableRef, TableShape
from .server import group
from .session import Row, Session
from .types import declared_length, normal_type

# Schemas without tables are listed too: an empty one proves that its tables are gone.
LIST_SQL: Final = (
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_namespace n"
    " LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid"
    " AND c.relkind IN ('r', 'v', 'm', 'f', 'p')"
    " WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"
    " ORDER BY n.nspname, c.relname"
)
_FIND_SQL: Final = (
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition, c.reltuples,"
    " CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_total_relation_size(c.oid)"
    "  WHEN c.relkind = 'p' THEN (SELECT"
    "  CAST(sum(pg_catalog.pg_total_relation_size(relid)) AS int8)"
    "  FROM pg_catalog.pg_partition_tree(c.oid)) END,"
    " CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid)"
    "  WHEN c.relkind = 'p' THEN (SELECT CAST(sum(pg_catalog.pg_relation_size(relid)) AS int8)"
    "  FROM pg_catalog.pg_partition_tree(c.oid)) END,"
    " pg_catalog.obj_description(c.oid, 'pg_class')"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " JOIN ROWS FROM (unnest(CAST(:schemas AS text[])), unnest(CAST(:names AS text[])))"
    " AS wanted(nspname, relname) ON wanted.nspname = n.nspname AND wanted.relname = c.relname"
    " WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')"
)
_COLUMNS_SQL: Final = (
    "SELECT a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),"
    " pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), t.oid),"
    "  CASE WHEN t.typbasetype = 0 THEN a.atttypmod ELSE t.typtypmod END),"
    " t.typtype, t.typcategory, a.attnotnull OR t.typnotnull, a.attidentity <> '',"
    " a.attgenerated <> '', a.atthasdef, pg_catalog.col_description(a.attrelid, a.attnum)"
    " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
    " WHERE a.attrelid = ANY(CAST(:oids AS oid[])) AND a.attnum > 0 AND NOT a.attisdropped"
    " ORDER BY a.attrelid, a.attnum"
)
_KEYS_SQL: Final = (
    "SELECT k.conrelid, k.contype, k.conname, k.conkey, n.nspname, c.relname,"
    " ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(num, place)"
    "  JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num"
    "  ORDER BY u.place)"
    " FROM pg_catalog.pg_constraint k"
    " LEFT JOIN pg_catalog.pg_class c ON c.oid = k.confrelid AND k.confrelid <> 0"
    " LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE k.conrelid = ANY(CAST(:oids AS oid[])) AND k.contype IN ('p', 'f')"
    " ORDER BY k.conrelid, k.conname"
)
_INDEXES_SQL: Final = (
    "SELECT i.indrelid, c.relname, i.indisunique AND i.indpred IS NULL,"
    " i.indkey::int2[], i.indnkeyatts"
    " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
    " WHERE i.indrelid = ANY(CAST(:oids AS oid[])) ORDER BY i.indrelid, c.relname"
)
_GRANTS_SQL: Final = (
    "SELECT c.oid,"
    " coalesce(bool_or(a.grantee = 0 AND a.privilege_type = 'SELECT'), false),"
    " coalesce(bool_or(a.grantee = 0 AND a.privilege_type IN"
    "  ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')), false),"
    " count(DISTINCT a.grantee) FILTER (WHERE a.grantee <> 0 AND a.privilege_type = 'SELECT'),"
    " count(DISTINCT a.grantee) FILTER (WHERE a.grantee <> 0 AND a.privilege_type IN"
    "  ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'))"
    " FROM pg_catalog.pg_class c, LATERAL pg_catalog.aclexplode("
    "  coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) AS a"
    " WHERE c.oid = ANY(CAST(:oids AS oid[])) GROUP BY c.oid"
)
_KINDS: Final[dict[str, DatasetKind]] = {
    "r": "table",
    "p": "table",
    "v": "view",
    "m": "materialized_view",
    "f": "foreign_table",
}
_CATEGORIES: Final[dict[str, NormalType]] = {
    "A": "array", "B": "boolean", "D": "datetime", "E": "enum", "G": "geometry", "I": "network",
    "N": "decimal", "S": "text", "T": "interval",
}  # fmt: skip
_BYTES_PER_ROW: Final = 130


def read_shapes(
    session: Session, refs: Sequence[TableRef]
) -> Mapping[TableRef, TableShape | SourceFault]:
    """Structure of some tables by name; those that are gone are left out."""
    found = session.rows(
        _FIND_SQL,
        {"schemas": [ref.container for ref in refs], "names": [ref.name for ref in refs]},
    )
    oids = {"oids": [row[0] for row in found]}
    parts = [
        group(session.rows(statement, oids))
        for statement in (_COLUMNS_SQL, _KEYS_SQL, _INDEXES_SQL, _GRANTS_SQL)
    ]
    return {
        TableRef(row[1], row[2]): _shape(row, *(part.get(row[0], []) for part in parts))
        for row in found
    }


def _shape(
    row: Row,
    columns: list[Row],
    keys: list[Row],
    indexes: list[Row],
    grants: list[Row],
) -> TableShape:
    _, schema, name, kind, is_partition, estimate, total_bytes, heap_bytes, comment = row
    names = {column[0]: column[1] for column in columns}
    told = [_index(each, names) for each in indexes]
    primary = next((key[2] for key in keys if key[0] == "p"), None) or []
    alone = {each.columns[0] for each in told if each.unique and len(each.columns) == 1}
    return TableShape(
        ref=TableRef(schema, name),
        kind="partition" if is_partition and kind in "rp" else _KINDS[kind],
        columns=[_column(each, primary, alone) for each in columns],
        comment=comment or "",
        foreign_keys=[_foreign_key(key, names) for key in keys if key[0] == "f"],
        indexes=told,
        row_count=_estimate(kind, estimate, heap_bytes),
        size_bytes=total_bytes,
        grants=_grants(grants),
    )


def _estimate(kind: str, estimate: float, heap_bytes: int | None) -> int | None:
    """Rows as the statistics know them; before the first ANALYZE by size."""
    if kind not in ("r", "m", "p"):
        return None
    if estimate >= 0 and not (estimate == 0 and heap_bytes):
        return int(estimate)
    return heap_bytes // _BYTES_PER_ROW if heap_bytes is not None else None


def _column(row: Row, primary: list[int], alone: set[str]) -> ColumnSnapshot:
    number, name, native, base, kind, category, not_null, identity, generated, default, comment = (
        row
    )
    return ColumnSnapshot(
        name=name,
        ordinal=number - 1,
        native_type=native,
        type=_normal_type(base, kind, category),
        nullable=not not_null,
        key_position=primary.index(number) + 1 if number in primary else 0,
        unique=name in alone,
        generated=generated or identity,
        has_default=bool(default and not generated),
        max_length=declared_length(base),
        comment=comment or "",
    )


def _normal_type(base: str, kind: str, category: str) -> NormalType:
    if kind == "e":
        return "enum"
    if category == "A":
        return "array"
    found: NormalType = normal_type(base) if kind in ("b", "d") and "." not in base else "other"
    return found if found != "other" else _CATEGORIES.get(category, "other")


def _foreign_key(row: Row, names: Mapping[int, str]) -> ForeignKey:
    _, name, numbers, schema, target, target_columns = row
    return ForeignKey(
        columns=[names[number] for number in numbers],
        target_container=schema,
        target_name=target,
        target_columns=list(target_columns),
        name=name,
    )


def _index(row: Row, names: Mapping[int, str]) -> Index:
    name, unique, numbers, key_width = row
    columns: list[Any] = [names.get(number, "(expression)") for number in numbers[:key_width]]
    return Index(name=name, columns=columns, unique=unique)


def _grants(rows: list[Row]) -> Grants:
    if not rows:
        return Grants()
    public_read, public_write, readers, writers = rows[0]
    return Grants(
        public_read=public_read,
        public_write=public_write,
        read_roles=readers,
        write_roles=writers,
    )
