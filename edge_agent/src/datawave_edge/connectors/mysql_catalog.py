"""information_schema of MySQL and MariaDB in bulk: one set of queries for a whole database.

The server goes through all tables of a database for each such query, so a database is read at once
and handed out in pieces. Where few of its tables are wanted they are asked for by name: it opens no
others then.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ColumnSnapshot, Constraint, ForeignKey, Index, Partitioning
from datawave_edge.protocol.structure import NormalType
from datawave_edge.sqltext import strip_literals

from .contract import TableRef, TableShape
from .missing_grants import find_partly_granted
from .mysql_roles import MysqlRoles
from .server import group
from .session import Row, Session
from .types import declared_length, normal_type

# A row without a table's name stands for the database itself, which may be empty.
LIST_SQL: Final = (
    "SELECT schema_name, NULL, NULL FROM information_schema.schemata"
    " WHERE schema_name NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')"
    " AND (:only = '' OR schema_name = :only)"
    " UNION ALL SELECT table_schema, table_name, table_type FROM information_schema.tables"
    " WHERE table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')"
    " AND (:only = '' OR table_schema = :only)"
    " AND table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED', 'SEQUENCE')"
    " ORDER BY 1, 2"
)
_TABLES_SQL: Final = (
    "SELECT table_name, table_type, table_rows, data_length + index_length, table_comment"
    " FROM information_schema.tables WHERE table_schema = :schema"
)
_COLUMNS_SQL: Final = (
    "SELECT table_name, ordinal_position, column_name, column_type, is_nullable, extra,"
    # MariaDB writes NULL where there is no default, and puts a text of that name in quotes.
    " column_default IS NOT NULL"
    " AND (column_default <> 'NULL' OR locate('MariaDB', version()) = 0), column_comment"
    " FROM information_schema.columns WHERE table_schema = :schema"
)
_INDEXES_SQL: Final = (
    "SELECT table_name, index_name, non_unique, column_name, index_type"
    " FROM information_schema.statistics WHERE table_schema = :schema"
)
_KEYS_SQL: Final = (
    "SELECT table_name, constraint_name, column_name, referenced_table_schema,"
    " referenced_table_name, referenced_column_name"
    " FROM information_schema.key_column_usage WHERE table_schema = :schema"
    " AND referenced_table_name IS NOT NULL"
)
_VIEWS_SQL: Final = (
    "SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = :schema"
)
_PARTITIONS_SQL: Final = (
    "SELECT table_name, partition_method, partition_expression, partition_name"
    " FROM information_schema.partitions WHERE table_schema = :schema"
    " AND partition_name IS NOT NULL"
)
# MariaDB says whose check it is; MySQL 8 has the table in another view; before that are none.
_CHECKS_SQL: Final = (
    (
        "SELECT table_name, constraint_name, check_clause FROM information_schema.check_constraints"
        " WHERE constraint_schema = :schema"
    ),
    (
        "SELECT t.table_name, c.constraint_name, c.check_clause"
        " FROM information_schema.check_constraints c"
        " JOIN information_schema.table_constraints t"
        " ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name"
        " AND t.constraint_type = 'CHECK' WHERE c.constraint_schema = :schema"
    ),
)
# Fewer than one in so many tables are asked for by name, some hundreds at a time.
_FEW: Final = 4
_PORTION: Final = 300
_ORDER: Final = {
    **dict.fromkeys(_CHECKS_SQL, " ORDER BY 1, 2"),
    _COLUMNS_SQL: " ORDER BY table_name, ordinal_position",
    _INDEXES_SQL: " ORDER BY table_name, index_name, seq_in_index",
    _KEYS_SQL: " ORDER BY table_name, constraint_name, ordinal_position",
    _PARTITIONS_SQL: " ORDER BY table_name, partition_ordinal_position",
}
_MEMBER: Final = re.compile(r"'(?:[^'\\]|''|\\.)*'", re.DOTALL)
_NAMES_ONLY: Final = re.compile(r"\s*`(?:[^`]|``)*`(?:\s*,\s*`(?:[^`]|``)*`)*\s*")
_NAME: Final = re.compile(r"`((?:[^`]|``)*)`")
# The server writes SELECT 'x' as 'x' AS `x`: without an alias the value becomes the name.
_LITERAL: Final = re.compile(r"'((?:[^'\\]|\\.|'')*)' AS `((?:[^`]|``)*)`", re.DOTALL)
# MariaDB's JSON is a text with this check.
_DOCUMENT: Final = re.compile(r"json_valid\(`((?:[^`]|``)*)`\)")
_ESCAPED: Final = re.compile(r"\\(.)|'(?=')")


class MysqlCatalog:
    """Reads structure, a database at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._roles: MysqlRoles | None = None
        self._read: set[str] = set()
        # What was read and not yet asked for.
        self._ahead: dict[TableRef, TableShape] = {}
        # How many tables each database has, and those of it that will be asked for.
        self.listed: Mapping[str, int] = {}
        self._wanted: Mapping[str, set[str]] = {}

    def plan(self, refs: Sequence[TableRef]) -> None:
        """These tables will be asked for."""
        wanted: dict[str, set[str]] = {}
        for ref in refs:
            wanted.setdefault(ref.container, set()).add(ref.name)
        self._wanted = wanted

    def read(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        """Structure of some tables; those that are gone are left out."""
        if len(refs) == 1:
            found = self._read_schema(refs[0].container, [refs[0].name])
            return {ref: found[ref] for ref in refs if ref in found}
        for schema in sorted({ref.container for ref in refs} - self._read):
            for names in self._choose(schema):
                self._ahead.update(self._read_schema(schema, names))
            self._read.add(schema)
        return {ref: self._ahead.pop(ref) for ref in refs if ref in self._ahead}

    def _choose(self, schema: str) -> Iterator[Sequence[str]]:
        """The names to ask for, in portions; one without names for all there are."""
        wanted = sorted(self._wanted.get(schema, ()))
        if not wanted or len(wanted) * _FEW > self.listed.get(schema, 0):
            wanted = []
            yield wanted
        for start in range(0, len(wanted), _PORTION):
            yield wanted[start : start + _PORTION]

    def _read_schema(self, schema: str, names: Sequence[str]) -> dict[TableRef, TableShape]:
        self._roles = self._roles or MysqlRoles(self._session)
        tables, *rest, views = (
            self._ask(statement, schema, names)
            for statement in (
                _TABLES_SQL, _COLUMNS_SQL, _INDEXES_SQL, _KEYS_SQL, _PARTITIONS_SQL, _VIEWS_SQL,
            )
        )  # fmt: skip
        parts = [group(part) for part in (*rest, self._ask_checks(schema, names))]
        texts = {of: _text(text) for of, text in views}
        shapes = {}
        for row in tables:
            if row[1] == "SEQUENCE":
                continue
            shape = _shape(schema, row, *(part.get(row[0], []) for part in parts))
            definition = texts.get(shape.ref.name)
            shape.unnamed = _find_unnamed(shape, definition)
            shape.definition = strip_literals(definition or "", "mysql")
            shape.grants = self._roles.resolve(shape.ref)
            shapes[shape.ref] = shape
        for ref in find_partly_granted(self._session, shapes):
            shapes[ref].columns_hidden = True
        return shapes

    def _ask(self, statement: str, schema: str, names: Sequence[str]) -> Sequence[Row]:
        order = _ORDER.get(statement, "")
        if not names:
            return self._session.rows(f"{statement}{order}", {"schema": schema})
        return self._session.rows(
            f"{statement} AND CAST(table_name AS BINARY) IN :names{order}",
            {"schema": schema, "names": names},
        )

    def _ask_checks(self, schema: str, names: Sequence[str]) -> Sequence[Row]:
        for statement in _CHECKS_SQL:
            try:
                return self._ask(statement, schema, names)
            except SourceFault as fault:
                if fault.code == "connection_lost":
                    raise
        return []


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


def _shape(
    schema: str, row: Row, columns: list[Row], indexes: list[Row], *others: list[Row]
) -> TableShape:
    name, kind, rows, size, comment = row
    keys, partitions, checks = others
    told, primary = _indexes(indexes)
    alone = {each.columns[0] for each in told if each.unique and len(each.columns) == 1}
    documents = _find_documents(checks)
    is_view = kind == "VIEW"
    return TableShape(
        ref=TableRef(schema, name),
        kind="view" if is_view else "table",
        columns=[_column(each, primary, alone, documents) for each in columns],
        # A view's comment column says "VIEW".
        comment="" if is_view else _text(comment),
        foreign_keys=_foreign_keys(keys),
        indexes=told,
        constraints=[*_unique(told), *(_check(each, columns) for each in checks)],
        partitioning=_partitioning(partitions),
        row_count=None if rows is None else int(rows),
        size_bytes=None if size is None or is_view else int(size),
    )


def _indexes(rows: list[Row]) -> tuple[list[Index], list[str]]:
    grouped: dict[str, tuple[Row, list[str]]] = {}
    for row in rows:
        grouped.setdefault(row[0], (row, []))[1].append(row[2] or "(expression)")
    told = [
        Index(name=name, columns=cols, unique=not int(row[1]), method=_text(row[3]).lower())
        for name, (row, cols) in grouped.items()
    ]
    return told, next((each.columns for each in told if each.name == "PRIMARY"), [])


def _unique(indexes: list[Index]) -> list[Constraint]:
    return [
        Constraint(kind="unique", name=each.name, columns=each.columns)
        for each in indexes
        if each.unique and each.name != "PRIMARY"
    ]


def _check(row: Row, columns: list[Row]) -> Constraint:
    name, clause = row
    text = _text(clause)
    # MySQL escapes the quotes of a clause once more.
    text = (
        text.replace("\\'", "'") if "\\'" in text and "'" not in text.replace("\\'", "") else text
    )
    expression = strip_literals(text, "mysql")
    named = {each.replace("``", "`") for each in _NAME.findall(expression)}
    return Constraint(
        kind="check",
        name=name,
        columns=[column[1] for column in columns if column[1] in named],
        expression=expression,
    )


def _partitioning(rows: list[Row]) -> Partitioning | None:
    if not rows:
        return None
    method, expression = _text(rows[0][0]), _text(rows[0][1])
    plain = _NAMES_ONLY.fullmatch(expression)
    return Partitioning(
        strategy=method.lower()[:40],
        columns=[each.replace("``", "`") for each in _NAME.findall(expression)] if plain else [],
        # A partition that is split again comes once for each of its parts.
        partitions=len({row[2] for row in rows}),
    )


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


def _find_documents(checks: list[Row]) -> set[str]:
    found = (_DOCUMENT.fullmatch(_text(clause)) for _, clause in checks)
    return {match[1].replace("``", "`") for match in found if match}


def _column(
    row: Row, primary: list[str], alone: set[str], documents: Collection[str]
) -> ColumnSnapshot:
    position, name, native, nullable, extra, default, comment = row
    native, extra = _text(native), _text(extra).lower()
    return ColumnSnapshot(
        name=name,
        ordinal=int(position) - 1,
        native_type=native,
        type=_kind(native, is_document=name in documents),
        members=_count_members(native),
        identity="default" if "auto_increment" in extra else "",
        nullable=nullable == "YES",
        key_position=primary.index(name) + 1 if name in primary else 0,
        unique=name in alone,
        generated="generated" in extra and "default_generated" not in extra,
        has_default=bool(default) or "auto_increment" in extra,
        max_length=declared_length(native),
        comment=_text(comment),
    )


def _kind(native: str, *, is_document: bool) -> NormalType:
    if is_document and native == "longtext":
        return "json"
    # One bit is how many write yes and no; several are flags, read by their length alone.
    return "boolean" if native == "bit(1)" else normal_type(native)


def _count_members(native: str) -> int:
    return len(_MEMBER.findall(native)) if native.startswith(("enum(", "set(")) else 0


def _text(value: Any) -> str:
    """MySQL 8 gives some of these columns as bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
