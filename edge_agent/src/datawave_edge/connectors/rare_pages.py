"""PostgreSQL's counting pass, some pages at a time: their texts are joined and looked at as one.

To begin a regular expression costs far more than to go on with it, and every row would begin one
per column. Only pages in which something was seen are looked at row by row, and for that alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from datawave_edge.faults import SourceFault

from .contract import TableShape
from .expressions import table_of
from .rare import Dialect, Expression, RareTest, Scan
from .rare_joined import NARROW, Joined, Sizes
from .session import Session

_PAGES: Final = 8
_SEED: Final = 7
_PARTS: Final = 2**20
_SCAN: Final = re.compile(r"\b(\w+) Scan\b")


class _Type(sa.types.UserDefinedType[Any]):
    """A type by its name; those of SQLAlchemy would bring all of its dialect."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


_TID: Final = _Type("tid")


class _Plan(sa.Executable, sa.ClauseElement):
    """What the planner would do for a statement, a line a row."""

    inherit_cache = False

    def __init__(self, statement: sa.Select[Any]) -> None:
        self.statement = statement


@compiles(_Plan)
def _explain(element: _Plan, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (COSTS OFF) {compiler.process(element.statement, **options)}"


@dataclass(frozen=True)
class PagedTable:
    """A table that can be read by ranges of its pages."""

    shape: TableShape
    dialect: Dialect
    sizes: Sizes

    def scan(self, share: float, tests: Sequence[RareTest]) -> Scan:
        """The rows of pages in which something was seen, each with what was seen where."""
        chunk = _chunks(self.shape)
        joined = Joined(self.dialect, self.shape, tests, self.sizes)
        seen = (
            sa.select(*joined.seen)
            .select_from(_table(self.shape))
            .where(*_within(chunk.c.page))
            .correlate(chunk)
            .lateral("seen")
        )
        rows = (
            sa.select(*joined.columns)
            .select_from(_table(self.shape))
            .where(*_within(chunk.c.page), sa.or_(*(bits != _number(0) for bits in seen.c)))
            .correlate(chunk, seen)
            # A fence: else the rows would be joined to the pages, and all read for each.
            .offset(sa.literal_column("0"))
            .lateral("found")
        )
        source = sa.select(*rows.c, *seen.c).select_from(chunk, seen, rows)
        if share < 1.0:
            part = sa.func.hashint8extended(chunk.c.page, _number(_SEED))
            kept = part.bitwise_and(_number(_PARTS - 1)) < _number(max(1, int(share * _PARTS)))
            source = source.where(kept)
        return Scan(source.subquery("counted"), joined.gates)


def find_pages(session: Session, shape: TableShape, dialect: Dialect) -> PagedTable | None:
    """None where ranges of pages can't be read: the planner is asked, for it knows best.

    Such are a table in parts, a storage without pages, row policies that come first, old servers.
    """
    chunk = _chunks(shape)
    counted = (
        sa.select(sa.func.count().label("n"))
        .select_from(_table(shape))
        .where(*_within(chunk.c.page))
        .correlate(chunk)
        .lateral("seen")
    )
    try:
        plan = session.rows(_Plan(sa.select(sa.func.sum(counted.c.n)).select_from(chunk, counted)))
    except SourceFault as fault:
        if fault.code == "connection_lost":
            raise
        return None
    scans = [kind for (line,) in plan for kind in _SCAN.findall(line)]
    if sorted(scans) != ["Function", "Range"]:
        return None
    return PagedTable(shape, dialect, _read_sizes(session, shape))


def _read_sizes(session: Session, shape: TableShape) -> Sizes:
    """What the catalogue tells; where it must not be read, nothing is known."""
    try:
        return Sizes(
            all_in_pages=session.value(_outside(shape)) == 0,
            narrow=frozenset(name for (name,) in session.rows(_narrow(shape))),
        )
    except SourceFault as fault:
        if fault.code == "connection_lost":
            raise
        return Sizes()


def _outside(shape: TableShape) -> sa.Select[Any]:
    """Bytes of the table that do not lie in its pages."""
    size = sa.func.pg_relation_size(sa.column("reltoastrelid"), type_=sa.BigInteger)
    table = sa.select(sa.func.coalesce(size, _number(0))).select_from(sa.table("pg_class"))
    return table.where(sa.column("oid") == _oid(shape))


def _narrow(shape: TableShape) -> sa.Select[Any]:
    """Columns whose texts are short on the average."""
    name: sa.ColumnClause[Any] = sa.column("attname")
    return (
        sa.select(name)
        .select_from(sa.table("pg_stats"))
        .where(
            sa.column("schemaname") == sa.literal(shape.ref.container),
            sa.column("tablename") == sa.literal(shape.ref.name),
            sa.column("avg_width") <= _number(NARROW),
        )
    )


def _table(shape: TableShape) -> sa.FromClause:
    return table_of(shape.ref.container, shape.ref.name).alias("held")


def _chunks(shape: TableShape) -> Any:
    """The first page of each piece. A statement sees no row beyond the size that it finds."""
    size = sa.func.pg_relation_size(_oid(shape), type_=sa.BigInteger)
    page_size = sa.cast(sa.func.current_setting(sa.literal("block_size")), sa.BigInteger)
    series = sa.func.generate_series(
        sa.cast(_number(0), sa.BigInteger), size // page_size, _number(_PAGES)
    )
    return series.table_valued(sa.column("page", sa.BigInteger)).render_derived(name="chunk")


def _oid(shape: TableShape) -> Expression:
    name = sa.func.format(
        sa.literal("%I.%I"), sa.literal(shape.ref.container), sa.literal(shape.ref.name)
    )
    return sa.cast(name, _Type("regclass"))


def _within(page: Expression) -> tuple[Expression, Expression]:
    place = sa.literal_column("held.ctid", _TID)
    return place >= _start_of(page), place < _start_of(page + _number(_PAGES))


def _start_of(page: Expression) -> Expression:
    return sa.cast(sa.func.format(sa.literal("(%s,0)"), page), _TID)


def _number(value: int) -> Expression:
    return sa.literal_column(str(value), sa.BigInteger)
