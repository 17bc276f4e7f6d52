"""Structure of an SQLite file: pragmas for what they know, the text of CREATE for the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ColumnSnapshot, Constraint, DatasetKind, ForeignKey, Index
from datawave_edge.sqltext import find_checks, strip_literals

from .contract import TableRef, TableShape
from .types import declared_length, normal_type

Row = tuple[Any, ...]
Ask = Callable[[str, Mapping[str, Any] | None], Sequence[Row]]

_HIDDEN_VIRTUAL: Final = 1
_AUTOINCREMENT: Final = re.compile(r"\bAUTOINCREMENT\b", re.IGNORECASE)
_WORD: Final = re.compile(r"\"((?:[^\"]|\"\")*)\"|([^\W\d][\w$]*)")


class SqliteCatalog:
    """Reads the shapes of tables and views of one file."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._texts: dict[str, str] = {}
        self._names: set[str] = set()

    def read(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        """Structure of some tables; those that are gone are left out."""
        kinds: dict[str, str] = dict(
            self._ask("SELECT name, type FROM pragma_table_list WHERE schema = 'main'", None)
        )
        self._texts = dict(self._ask("SELECT name, sql FROM sqlite_master", None))
        self._names = {*kinds, *self._texts, *self._list_columns()}
        return {
            ref: self._shape_or_fault(ref, kinds[ref.name]) for ref in refs if ref.name in kinds
        }

    def _list_columns(self) -> set[str]:
        """Names that may stand in quotes; other texts in double quotes are strings to SQLite."""
        rows = self._ask(
            "SELECT DISTINCT x.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) x"
            " WHERE m.type = 'table'",
            None,
        )
        return {name for (name,) in rows}

    def _shape_or_fault(self, ref: TableRef, kind: str) -> TableShape | SourceFault:
        try:
            return self._shape(ref, "view" if kind == "view" else "table")
        except SourceFault as fault:
            if fault.code == "connection_lost":
                raise
            if fault.code == "table_missing":
                # The table is listed, so what is missing is one that a view names.
                return SourceFault("view_broken")
            return fault

    def _shape(self, ref: TableRef, kind: DatasetKind) -> TableShape:
        columns = self._ask("SELECT * FROM pragma_table_xinfo(:table)", {"table": ref.name})
        indexes, unique = self._indexes(ref.name)
        alone = {
            each.columns[0]
            for each in indexes
            if each.unique and not each.partial and len(each.columns) == 1
        }
        keys = [row for row in columns if row[5]]
        if len(keys) == 1:
            alone.add(keys[0][1])
        text = self._texts.get(ref.name) or ""
        counted = keys[0][1] if _AUTOINCREMENT.search(self._strip(text)) and keys else None
        return TableShape(
            ref=ref,
            kind=kind,
            columns=[_column(row, alone, counted) for row in columns if row[6] != _HIDDEN_VIRTUAL],
            foreign_keys=self._foreign_keys(ref.name),
            indexes=indexes,
            constraints=[*unique, *self._checks(text, [row[1] for row in columns])],
            definition=self._strip(text) if kind == "view" else "",
        )

    def _strip(self, text: str) -> str:
        return strip_literals(text, "sqlite", self._names)

    def _checks(self, text: str, columns: list[str]) -> list[Constraint]:
        found = find_checks(text, "sqlite", self._names)
        return [
            Constraint(kind="check", columns=_mentioned(each, columns), expression=each)
            for each in found
        ]

    def _indexes(self, table: str) -> tuple[list[Index], list[Constraint]]:
        rows = self._ask(
            'SELECT l.name, l."unique", l.partial, l.origin, i.name'
            " FROM pragma_index_list(:table) l"
            " JOIN pragma_index_info(l.name) i ORDER BY l.name, i.seqno",
            {"table": table},
        )
        grouped: dict[str, tuple[Row, list[str]]] = {}
        for row in rows:
            grouped.setdefault(row[0], (row, []))[1].append(row[4] or "(expression)")
        indexes = [
            Index(name=name, columns=columns, unique=bool(row[1]), partial=bool(row[2]))
            for name, (row, columns) in grouped.items()
        ]
        unique = [
            Constraint(kind="unique", name=name, columns=columns)
            for name, (row, columns) in grouped.items()
            if row[3] == "u"
        ]
        return indexes, unique

    def _foreign_keys(self, table: str) -> list[ForeignKey]:
        rows = self._ask(
            'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(:table)'
            " ORDER BY id, seq",
            {"table": table},
        )
        grouped: dict[int, list[tuple[str, str, str | None]]] = {}
        for number, target, origin, column in rows:
            grouped.setdefault(number, []).append((target, origin, column))
        return [self._foreign_key(parts) for parts in grouped.values()]

    def _foreign_key(self, parts: list[tuple[str, str, str | None]]) -> ForeignKey:
        target = parts[0][0]
        columns = [column for _, _, column in parts if column is not None]
        return ForeignKey(
            columns=[origin for _, origin, _ in parts],
            target_container="",
            target_name=target,
            # Without named columns a reference means the target's primary key.
            target_columns=columns if len(columns) == len(parts) else self._primary_key(target),
        )

    def _primary_key(self, table: str) -> list[str]:
        rows = self._ask(
            "SELECT name FROM pragma_table_info(:table) WHERE pk > 0 ORDER BY pk", {"table": table}
        )
        return [name for (name,) in rows]


def _mentioned(expression: str, columns: list[str]) -> list[str]:
    words = {
        (quoted.replace('""', '"') or word).lower() for quoted, word in _WORD.findall(expression)
    }
    return [each for each in columns if each.lower() in words]


def _column(row: Row, alone: set[str], counted: str | None) -> ColumnSnapshot:
    ordinal, name, native, not_null, default, key_position, hidden = row
    return ColumnSnapshot(
        name=name,
        ordinal=ordinal,
        native_type=native or "",
        type=normal_type(native or ""),
        nullable=not not_null and not key_position,
        key_position=key_position,
        unique=name in alone,
        generated=hidden > _HIDDEN_VIRTUAL,
        identity="default" if name == counted else "",
        has_default=default is not None,
        max_length=declared_length(native or ""),
    )
