"""DuckDB's catalogue in bulk: tables, columns, constraints, indexes and views of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ColumnSnapshot, Constraint, ForeignKey, Index
from datawave_edge.protocol import Sequence as SequenceName
from datawave_edge.protocol.structure import NormalType
from datawave_edge.sqltext import strip_literals

from .contract import TableRef, TableShape
from .duckdb_session import DuckSession
from .server import group
from .session import Row
from .types import normal_type

_HERE: Final = "database_name = current_database() AND NOT internal"
_TABLES_SQL: Final = (
    "SELECT schema_name, table_name, comment, estimated_size, NULL FROM duckdb_tables()"
    f" WHERE {_HERE} AND NOT temporary"
    " UNION ALL SELECT schema_name, view_name, comment, NULL, sql FROM duckdb_views()"
    f" WHERE {_HERE} AND NOT temporary"
)
_COLUMNS_SQL: Final = (
    "SELECT schema_name, table_name, column_index, column_name, data_type, is_nullable,"
    " column_default, is_generated, comment FROM duckdb_columns()"
    f" WHERE {_HERE} ORDER BY schema_name, table_name, column_index"
)
_CONSTRAINTS_SQL: Final = (
    "SELECT schema_name, table_name, constraint_type, constraint_name, constraint_column_names,"
    " expression, referenced_table, referenced_column_names FROM duckdb_constraints()"
    " WHERE database_name = current_database() ORDER BY schema_name, table_name, constraint_index"
)
_INDEXES_SQL: Final = (
    "SELECT schema_name, table_name, index_name, is_unique, expressions FROM duckdb_indexes()"
    " WHERE database_name = current_database() ORDER BY schema_name, table_name, index_name"
)
_MEMBER: Final = re.compile(r"'(?:[^']|'')*'")
_ITEM: Final = re.compile(r"'\"((?:[^\"]|\"\")*)\"'|'[^']*'|([\w$]+)")
_NUMBERED: Final = re.compile(r"nextval\('\"?([^'\"]+)\"?'")
_NESTED: Final = re.compile(r"STRUCT|MAP|UNION")
_LISTED: Final = re.compile(r"\[\d*\]$")


class DuckCatalog:
    """Reads structure of one file, all at once: its catalogue is in memory."""

    def __init__(self, session: DuckSession) -> None:
        self._session = session

    def read(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        """Structure of some tables; those that are gone are left out."""
        wanted = set(refs)
        columns, constraints, indexes = (
            group(self._session.rows(statement), width=2)
            for statement in (_COLUMNS_SQL, _CONSTRAINTS_SQL, _INDEXES_SQL)
        )
        shapes: dict[TableRef, TableShape | SourceFault] = {}
        for schema, name, *more in self._session.rows(_TABLES_SQL):
            ref = TableRef(schema, name)
            if ref in wanted:
                parts = (part.get(ref, []) for part in (columns, constraints, indexes))
                shapes[ref] = _shape(ref, tuple(more), *parts)
        return shapes


def _shape(
    ref: TableRef, row: Row, columns: list[Row], constraints: list[Row], indexes: list[Row]
) -> TableShape:
    comment, estimate, text = row
    primary = next((list(each[2]) for each in constraints if each[0] == "PRIMARY KEY"), [])
    kept = [_index(each) for each in indexes]
    alone = {each[2][0] for each in constraints if each[0] == "UNIQUE" and len(each[2]) == 1}
    alone |= {each.columns[0] for each in kept if each.unique and len(each.columns) == 1}
    alone |= set(primary) if len(primary) == 1 else set()
    return TableShape(
        ref=ref,
        kind="table" if text is None else "view",
        columns=[_column(each, primary, alone) for each in columns],
        comment=comment or "",
        foreign_keys=[_foreign_key(ref, each) for each in constraints if each[0] == "FOREIGN KEY"],
        indexes=kept,
        constraints=[_constraint(each) for each in constraints if each[0] in ("UNIQUE", "CHECK")],
        sequences=[
            SequenceName(name=found, column=each[1])
            for each in columns
            if (found := _sequence(each[4]))
        ],
        definition=strip_literals(text or "", "postgresql"),
        row_count=estimate,
    )


def _column(row: Row, primary: list[str], alone: set[str]) -> ColumnSnapshot:
    index, name, native, nullable, default, generated, comment = row
    return ColumnSnapshot(
        name=name,
        ordinal=index - 1,
        native_type=native,
        type=normal_duck_type(native),
        members=len(_MEMBER.findall(native)) if native.startswith("ENUM(") else 0,
        nullable=nullable,
        key_position=primary.index(name) + 1 if name in primary else 0,
        unique=name in alone,
        generated=generated,
        identity="default" if _sequence(default) else "",
        has_default=default is not None and not generated,
        comment=comment or "",
    )


def normal_duck_type(native: str) -> NormalType:
    """The kind of a type: nested ones first, for they name the types within."""
    if _LISTED.search(native):
        return "array"
    if _NESTED.match(native):
        return "json"
    return "text" if native == "BIT" else normal_type(native)


def _sequence(default: Any) -> str:
    found = _NUMBERED.search(default or "")
    return found[1] if found else ""


def _foreign_key(ref: TableRef, row: Row) -> ForeignKey:
    _, name, columns, _, target, target_columns = row
    return ForeignKey(
        columns=list(columns),
        # A key can't leave its schema.
        target_container=ref.container,
        target_name=target,
        target_columns=list(target_columns),
        name=name or "",
    )


def _constraint(row: Row) -> Constraint:
    kind, name, columns, expression, *_ = row
    return Constraint(
        kind="check" if kind == "CHECK" else "unique",
        name=name or "",
        columns=list(dict.fromkeys(columns)),
        expression=strip_literals(expression or "", "postgresql"),
    )


def _index(row: Row) -> Index:
    """The catalogue lists an index's columns as text; what is no plain name is an expression."""
    name, unique, expressions = row
    items = _ITEM.findall(expressions or "")
    columns = [quoted.replace('""', '"') or plain or "(expression)" for quoted, plain in items]
    return Index(name=name, columns=columns or ["(expression)"], unique=unique, method="art")
