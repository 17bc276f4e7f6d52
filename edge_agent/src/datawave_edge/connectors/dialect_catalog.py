"""Structure by SQLAlchemy's Inspector, many tables at once, as far as a dialect tells it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import Inspector, ObjectKind, ObjectScope

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import DatasetKind

from .contract import TableRef, TableShape
from .dialect_session import DialectSession
from .dialect_shapes import Told, make_shape, told_name

Part = Literal["columns", "key", "foreign", "unique", "checks", "indexes", "comment"]
# Tables that are asked for at once: few enough for every limit of parameters.
_AT_ONCE: Final = 100
_METHODS: Final[dict[Part, str]] = {
    "columns": "get_multi_columns",
    "key": "get_multi_pk_constraint",
    "foreign": "get_multi_foreign_keys",
    "unique": "get_multi_unique_constraints",
    "checks": "get_multi_check_constraints",
    "indexes": "get_multi_indexes",
    "comment": "get_multi_table_comment",
}
_VIEWS: Final[dict[DatasetKind, str]] = {
    "view": "get_view_names",
    "materialized_view": "get_materialized_view_names",
}
# Of the server itself, wherever they are found.
_SYSTEM: Final = frozenset(
    ("crdb_internal", "information_schema", "mysql", "nullid", "performance_schema",
     "pg_catalog", "pg_extension", "pg_internal", "pg_toast", "sqlj", "sys", "syscat", "sysfun",
     "sysibm", "sysibmadm", "sysibminternal", "sysibmts", "sysproc", "syspublic", "sysstat",
     "systools")
)  # fmt: skip


class DialectCatalog:
    """Lists and describes what a dialect shows."""

    def __init__(self, session: DialectSession, database: str) -> None:
        self._session = session
        self._database = database
        self._views: dict[TableRef, DatasetKind] = {}
        self._lacks: set[str] = set()
        self._planned: list[TableRef] = []
        self._ahead: dict[TableRef, TableShape | SourceFault] = {}

    def list_tables(self) -> Mapping[str, list[TableRef]]:
        """Datasets by container, in a steady order."""
        self._views, found = {}, {}
        for container in self._list_containers():
            names = self._names(container, "get_table_names")
            for kind, method in _VIEWS.items():
                views = self._names(container, method)
                self._views |= {TableRef(container, name): kind for name in views}
                names |= views
            found[container] = [TableRef(container, name) for name in sorted(names)]
        return found

    def plan(self, refs: Sequence[TableRef]) -> None:
        """These will be asked for, in this order."""
        self._planned = list(refs)

    def read(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        """Structure of some tables; those that are gone are left out."""
        if len(refs) == 1:
            return self._read_container(refs[0].container, refs)
        missing = [ref for ref in refs if ref not in self._ahead]
        if missing:
            # What was planned last but not yet read; refs that nobody planned come first.
            start = self._planned.index(missing[0]) if missing[0] in self._planned else 0
            wanted = dict.fromkeys([*missing, *self._planned[start : start + _AT_ONCE]])
            for container in dict.fromkeys(ref.container for ref in wanted):
                those = [ref for ref in wanted if ref.container == container]
                self._ahead |= self._read_container(container, those)
        return {ref: self._ahead.pop(ref) for ref in refs if ref in self._ahead}

    def _list_containers(self) -> list[str]:
        names = self._try("get_schema_names", lambda told: list(told.get_schema_names()))
        home = self._ask(lambda told: told.default_schema_name) or ""
        if not names:
            return [self._told(home)]
        # Where the database itself is the schema, the others are other databases.
        if home and home == self._database:
            return [self._told(home)]
        shown = {self._told(name) for name in names if name.lower() not in _SYSTEM}
        return sorted(shown)

    def _names(self, container: str, method: str) -> set[str]:
        asked = self._asked(container)
        found = self._try(method, lambda told: list(getattr(told, method)(schema=asked)))
        return {self._told(name) for name in found or ()}

    def _read_container(
        self, container: str, refs: Sequence[TableRef]
    ) -> dict[TableRef, TableShape | SourceFault]:
        parts = {part: self._read_part(part, container, refs) for part in _METHODS}
        shapes: dict[TableRef, TableShape | SourceFault] = {}
        for ref in refs:
            told: Told = {part: found[ref] for part, found in parts.items() if ref in found}
            fault = next((each for each in told.values() if isinstance(each, SourceFault)), None)
            if fault is not None:
                shapes[ref] = fault
            elif "columns" in told:
                shapes[ref] = self._shape(ref, told)
        return shapes

    def _read_part(
        self, part: Part, container: str, refs: Sequence[TableRef]
    ) -> Mapping[TableRef, Any]:
        """What is told of all tables at once; where that fails, of each, with its own fault."""
        try:
            return self._ask_part(part, container, refs)
        except SourceFault as fault:
            if fault.code == "connection_lost":
                raise
            if len(refs) == 1:
                return {refs[0]: fault}
        told: dict[TableRef, Any] = {}
        for ref in refs:
            told |= self._read_part(part, container, [ref])
        return told

    def _ask_part(
        self, part: Part, container: str, refs: Sequence[TableRef]
    ) -> Mapping[TableRef, Any]:
        broken: dict[tuple[str | None, str], Exception] = {}
        asked = {
            "schema": self._asked(container),
            "filter_names": [self._asked(ref.name) for ref in refs],
            "kind": ObjectKind.ANY,
            "scope": ObjectScope.ANY,
            "unreflectable": broken,
        }
        found = self._try(_METHODS[part], lambda told: getattr(told, _METHODS[part])(**asked))
        told = dict(found or {}) | dict.fromkeys(broken, SourceFault("view_broken"))
        return {TableRef(container, self._told(name)): value for (_, name), value in told.items()}

    def _shape(self, ref: TableRef, told: Told) -> TableShape | SourceFault:
        kind = self._views.get(ref, "table")
        columns: Sequence[ReflectedColumn] = told["columns"]
        if not columns:
            return SourceFault("view_broken" if kind != "table" else "unsupported")
        text = "" if kind == "table" else self._read_text(ref)
        return make_shape(ref, kind, told, text, self._session.dialect)

    def _read_text(self, ref: TableRef) -> str:
        name, schema = self._asked(ref.name) or "", self._asked(ref.container)
        found = self._try(
            "get_view_definition", lambda told: told.get_view_definition(name, schema=schema)
        )
        return str(found or "")

    # What is asked, in names as the dialect has them.

    def _try(self, method: str, work: Callable[[Inspector], Any]) -> Any:
        """The answer; None where the dialect gives none to such a question."""
        if method in self._lacks:
            return None
        try:
            return self._ask(work)
        except _Lacking:
            self._lacks.add(method)
            return None

    def _ask(self, work: Callable[[Inspector], Any]) -> Any:
        def inspect(connection: sa.Connection) -> Any:
            try:
                with _unwarned():
                    return work(sa.inspect(connection))
            except NotImplementedError:
                raise _Lacking from None

        return self._session.ask(inspect)

    def _told(self, name: str) -> str:
        return told_name(self._session.dialect, name)

    def _asked(self, name: str) -> str | None:
        dialect = self._session.dialect
        if not name:
            return None
        return dialect.normalize_name(name) if dialect.requires_name_normalize else name


class _Lacking(SourceFault):
    """The dialect has no answer to such a question."""

    def __init__(self) -> None:
        super().__init__("unsupported")


@contextmanager
def _unwarned() -> Iterator[None]:
    """A dialect warns of types that it does not know; these are told as "other"."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
