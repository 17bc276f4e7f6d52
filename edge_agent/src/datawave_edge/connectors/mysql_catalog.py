"""information_schema of MySQL and MariaDB in bulk: one set of queries for a chunk of tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from datawave_edge.protocol import ColumnSnapshot, ForeignKey, Index

from .contract import TableRef, TableShape
from .server import group
from .session import Row, Session
from .types import declared_length, normal_type

# A row without a table's name stands for the database itself, which may be empty.
LIST_SQL: Final = (
    "SELECT schema_name, NULL FROM information_schema.schemata"
    " WHERE schema_name NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')"
    " AND (:only = '' OR schema_name = :only)"
    " UNION ALL SELECT table_schema, table_name FROM information_schema.tables"
    " WHERE table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')"
    " AND (:only = '' OR table_schema = :only)"
    " AND table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED', 'SEQUENCE')"
    " ORDER BY 1, 2"
)
_TABLES_SQL: Final = (
    "SELECT table_name, table_type, table_rows, data_length + index_length, table_comment"
    " FROM information_schema.tables WHERE table_schema = :schema AND table_name IN :names"
)
_COLUMNS_SQL: Final = (
    "SELECT table_name, ordinal_position, column_name, column_type, is_nullable, extra,"
    " column_default IS NOT NULL, column_comment"
    " FROM information_schema.columns WHERE table_schema = :schema AND table_name IN :names"
    " ORDER BY table_name, ordinal_position"
)
_INDEXES_SQL: Final = (
    "SELECT table_name, index_name, non_unique, column_name"
    " FROM information_schema.statistics WHERE table_schema = :schema AND table_name IN :names"
    " ORDER BY table_name, index_name, seq_in_index"
)
_KEYS_SQL: Final = (
    "SELECT table_name, constraint_name, column_name, referenced_table_schema,"
    " referenced_table_name, referenced_column_name"
    " FROM information_schema.key_column_usage WHERE table_schema = :schema"
    " AND table_name IN :names AND referenced_table_name IS NOT NULL"
    " ORDER BY table_name, constraint_name, ordinal_position"
)
_VIEWS_SQL: Final = (
    "SELECT table_name, view_definition"
    " FROM information_schema.views WHERE table_schema = :schema AND table_name IN :names"
)
# The server writes SELECT 'x' as 'x' AS `x`: without an alias the value becomes the name.
_LITERAL: Final = re.compile(r"'((?:[^'\\]|\\.|'')*)' AS `((?:[^`]|``)*)`", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)|'(?=')")


def read_schema(
    session: Session, schema: str, names: Sequence[str]
) -> Mapping[TableRef, TableShape]:
    """Structure of some tables of one database; those that are gone are left out."""
    parameters = {"schema": schema, "names": list(names)}
    tables, columns, indexes, keys, views = (
        session.rows(_with_list(statement), parameters)
        for statement in (_TABLES_SQL, _COLUMNS_SQL, _INDEXES_SQL, _KEYS_SQL, _VIEWS_SQL)
    )
    parts = [group(part) for part in (columns, indexes, keys)]
    texts = {name: _text(text) for name, text in views}
    shapes = [_shape(schema, row, *(part.get(row[0], []) for part in parts)) for row in tables]
    for shape in shapes:
        shape.unnamed = _find_unnamed(shape, texts.get(shape.ref.name))
    return {shape.ref: shape for shape in shapes}


def find_literal_names(definition: str) -> set[str]:
    """Names of a view's columns that are the text of a literal, as far as the view's text tells."""
    found = _LITERAL.findall(definition)
    pairs = ((_ESCAPED.sub(r"\1", text), name.replace("``", "`")) for text, name in found)
    return {name for text, name in pairs if name.strip() and name.strip() in text}


def _find_unnamed(shape: TableShape, definition: str | None) -> frozenset[int]:
    if definition is None:
        return frozenset()
    literals = find_literal_names(definition)
    # Without the right to see the view's text only plain names are surely none of a value.
    return frozenset(
        each.ordinal
        for each in shape.columns
        if each.name in literals or not (definition or each.name.isidentifier())
    )


def _with_list(statement: str) -> sa.TextClause:
    return sa.text(statement).bindparams(sa.bindparam("names", expanding=True))


def _shape(
    schema: str, row: Row, columns: list[Row], indexes: list[Row], keys: list[Row]
) -> TableShape:
    name, kind, rows, size, comment = row
    told, primary = _indexes(indexes)
    alone = {each.columns[0] for each in told if each.unique and len(each.columns) == 1}
    is_view = kind == "VIEW"
    return TableShape(
        ref=TableRef(schema, name),
        kind="view" if is_view else "table",
        columns=[_column(each, primary, alone) for each in columns],
        # A view's comment column says "VIEW".
        comment="" if is_view else _text(comment),
        foreign_keys=_foreign_keys(keys),
        indexes=told,
        row_count=None if rows is None else int(rows),
        size_bytes=None if size is None or is_view else int(size),
    )


def _indexes(rows: list[Row]) -> tuple[list[Index], list[str]]:
    grouped: dict[str, tuple[bool, list[str]]] = {}
    for name, non_unique, column in rows:
        grouped.setdefault(name, (not int(non_unique), []))[1].append(column or "(expression)")
    told = [Index(name=name, columns=cols, unique=u) for name, (u, cols) in grouped.items()]
    return told, grouped.get("PRIMARY", (True, []))[1]


def _foreign_keys(rows: list[Row]) -> list[ForeignKey]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(row[1:])
    return [
        ForeignKey(
            columns=[part[0] for part in parts],
            target_container=parts[0][1],
            target_name=parts[0][2],
            target_columns=[part[3] for part in parts],
            name=name,
        )
        for name, parts in grouped.items()
    ]


def _column(row: Row, primary: list[str], alone: set[str]) -> ColumnSnapshot:
    position, name, native, nullable, extra, default, comment = row
    native, extra = _text(native), _text(extra).lower()
    return ColumnSnapshot(
        name=name,
        ordinal=int(position) - 1,
        native_type=native,
        type=normal_type(native),
        nullable=nullable == "YES",
        key_position=primary.index(name) + 1 if name in primary else 0,
        unique=name in alone,
        generated="generated" in extra and "default_generated" not in extra,
        has_default=bool(default) or "auto_increment" in extra,
        max_length=declared_length(native),
        comment=_text(comment),
    )


def _text(value: Any) -> str:
    """MySQL 8 gives some of these columns as bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
