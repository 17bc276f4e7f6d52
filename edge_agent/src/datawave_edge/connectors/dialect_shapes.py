"""From what an Inspector tells of a table to its shape, without the values that it repeats."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from datawave_edge.protocol import ColumnSnapshot, Constraint, DatasetKind, ForeignKey, Index
from datawave_edge.protocol.structure import IdentityKind, NormalType
from datawave_edge.sqltext import Quoting, strip_literals

from .contract import TableRef, TableShape
from .types import normal_type

# Part of the catalogue -> what the Inspector gives of it.
Told = Mapping[str, Any]
_KINDS: Final[tuple[tuple[type[sa.types.TypeEngine[Any]], NormalType], ...]] = (
    (sa.Boolean, "boolean"), (sa.Uuid, "uuid"), (sa.JSON, "json"), (sa.ARRAY, "array"),
    (sa.Interval, "interval"), (sa.DateTime, "datetime"), (sa.Date, "date"), (sa.Time, "time"),
    (sa.Integer, "integer"), (sa.Float, "float"), (sa.Numeric, "decimal"), (sa.String, "text"),
    (sa.LargeBinary, "binary"),
)  # fmt: skip
_QUOTES: Final = re.compile(r"['\"`]")
# What stands before a view's text names the person who made it.
_CREATE: Final = re.compile(r"\s*CREATE\b.*?\bVIEW\b.*?\bAS\b\s*", re.IGNORECASE | re.DOTALL)
_WORD: Final = re.compile(r'"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|([^\W\d]\w*)')


def told_name(dialect: sa.Dialect, name: str) -> str:
    """A name as the database itself spells it."""
    return str(dialect.denormalize_name(name) if dialect.requires_name_normalize else name)


def make_shape(
    ref: TableRef, kind: DatasetKind, told: Told, text: str, dialect: sa.Dialect
) -> TableShape:
    """The shape of one table of which `columns` at least is told."""
    return _Maker(ref, told, dialect).make(kind, text)


def find_quoting(dialect: sa.Dialect) -> Quoting:
    """How a dialect writes strings, as far as its names tell it."""
    marks: dict[str, Quoting] = {"`": "mysql", "[": "mssql"}
    return marks.get(dialect.identifier_preparer.initial_quote, "unknown")


class _Maker:
    """Makes the parts of one table."""

    def __init__(self, ref: TableRef, told: Told, dialect: sa.Dialect) -> None:
        self._ref = ref
        self._told = told
        self._dialect = dialect
        self._quoting = find_quoting(dialect)

    def make(self, kind: DatasetKind, text: str) -> TableShape:
        primary = self._names((self._told.get("key") or {}).get("constrained_columns"))
        unique = self._unique()
        indexes = [self._index(each) for each in self._told.get("indexes") or ()]
        enforced = [each.columns for each in indexes if each.unique and not each.partial]
        enforced += [primary, *(each.columns for each in unique)]
        alone = {columns[0] for columns in enforced if len(columns) == 1}
        columns = [
            self._column(place, each, primary, alone)
            for place, each in enumerate(self._told["columns"])
        ]
        return TableShape(
            ref=self._ref,
            kind=kind,
            columns=columns,
            comment=str((self._told.get("comment") or {}).get("text") or ""),
            foreign_keys=[self._foreign_key(each) for each in self._told.get("foreign") or ()],
            indexes=indexes,
            constraints=[*unique, *self._checks([each.name for each in columns])],
            definition=strip_literals(_CREATE.sub("", text, count=1), self._quoting),
        )

    def _column(
        self, place: int, told: Mapping[str, Any], primary: Sequence[str], alone: set[str]
    ) -> ColumnSnapshot:
        name, kind = self._name(told["name"]), told["type"]
        identity, generated = _identity(told), told.get("computed") is not None
        native = native_type(kind, self._dialect)
        length = getattr(kind, "length", None)
        return ColumnSnapshot(
            name=name,
            ordinal=place,
            native_type=native,
            type=normal_of(kind, native),
            members=len(_members(kind)),
            nullable=bool(told.get("nullable", True)),
            key_position=primary.index(name) + 1 if name in primary else 0,
            unique=name in alone,
            generated=generated,
            identity=identity,
            has_default=told.get("default") is not None and not generated,
            max_length=length if isinstance(length, int) and length > 0 else None,
            comment=str(told.get("comment") or ""),
        )

    def _unique(self) -> list[Constraint]:
        return [
            Constraint(
                kind="unique",
                name=self._name(each.get("name") or ""),
                columns=self._names(each["column_names"]),
            )
            for each in self._told.get("unique") or ()
        ]

    def _checks(self, columns: Sequence[str]) -> list[Constraint]:
        found = []
        for each in self._told.get("checks") or ():
            expression = strip_literals(str(each.get("sqltext") or ""), self._quoting)
            words = {
                self._name(quoted.replace('""', '"') or ticked.replace("``", "`") or word)
                for quoted, ticked, word in _WORD.findall(expression)
            }
            found.append(
                Constraint(
                    kind="check",
                    name=self._name(each.get("name") or ""),
                    columns=[column for column in columns if column in words],
                    expression=expression,
                )
            )
        return found

    def _index(self, told: Mapping[str, Any]) -> Index:
        options = told.get("dialect_options") or {}
        using = next((value for key, value in options.items() if key.endswith("_using")), "")
        return Index(
            name=self._name(told.get("name") or ""),
            columns=[self._name(each) if each else "(expression)" for each in told["column_names"]],
            unique=bool(told.get("unique")),
            partial=any(value for key, value in options.items() if key.endswith("_where")),
            method=str(using or "").lower()[:64],
        )

    def _foreign_key(self, told: Mapping[str, Any]) -> ForeignKey:
        schema = told.get("referred_schema")
        return ForeignKey(
            columns=self._names(told["constrained_columns"]),
            target_container=self._name(schema) if schema else self._ref.container,
            target_name=self._name(told["referred_table"]),
            target_columns=self._names(told["referred_columns"]),
            name=self._name(told.get("name") or ""),
        )

    def _name(self, name: str) -> str:
        return told_name(self._dialect, name) if name else ""

    def _names(self, names: Sequence[str | None] | None) -> list[str]:
        return [self._name(each) for each in names or () if each]


def native_type(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> str:
    """The database's own name of a type; members of an enumeration are values and stay."""
    name = getattr(kind, "name", None) if _members(kind) else None
    try:
        text = str(name or kind.compile(dialect=dialect))
    except Exception:
        text = type(kind).__name__
    return (text.partition("(")[0] if _QUOTES.search(text) else text)[:1_000]


def normal_of(kind: sa.types.TypeEngine[Any], native: str) -> NormalType:
    """The kind of a type: by its name, and where that says little by its class."""
    if _members(kind):
        return "enum"
    named = normal_type(native)
    if named not in ("other", "binary"):
        return named
    return next((normal for found, normal in _KINDS if isinstance(kind, found)), named)


def _members(kind: sa.types.TypeEngine[Any]) -> Sequence[str]:
    """Members of an ENUM, or of what MySQL calls a SET."""
    found = getattr(kind, "enums", None) or getattr(kind, "values", None)
    return found if isinstance(found, list | tuple) else ()


def _identity(told: Mapping[str, Any]) -> IdentityKind:
    if identity := told.get("identity"):
        return "always" if identity.get("always") else "default"
    return "default" if told.get("autoincrement") is True else ""
