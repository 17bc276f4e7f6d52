"""PostgreSQL's counting pass, some pages at a time: their texts are joined and looked at as one.

To begin a regular expression costs far more than to go on with it, and every row would begin one
per column. Only the columns of pages in which something was seen are looked at row by row.
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
from .expressions import column_of, table_of
from .rare import DIGITS, LIKES, Dialect, Expression, RareTest, Scan, by_column, look
from .session import Session

_PAGES: Final = 8
# Longer texts, which may lie outside of the pages and fill the memory, are told by a sign instead.
_LONGEST: Final = 2_000
_SIGN: Final = "\x01"
_SEED: Final = 7
_PARTS: Final = 2**20
_SPECIAL: Final = re.compile(r"([^0-9A-Za-z_ @-])")
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

    def scan(self, share: float, tests: Sequence[RareTest]) -> Scan:
        """The rows of pages in which something was seen, each with what was seen where."""
        chunk = _chunks(self.shape)
        columns = by_column(tests)
        gates = {index: self._gate_name(index) for index in columns}
        seen = (
            sa.select(*(self._see(at, codes).label(gates[at]) for at, codes in columns.items()))
            .select_from(_table(self.shape))
            .where(*_within(chunk.c.page))
            .correlate(chunk)
            .lateral("seen")
        )
        rows = (
            sa.select(*(column_of(self.shape.columns[index].name) for index in columns))
            .select_from(_table(self.shape))
            .where(*_within(chunk.c.page), sa.or_(*(seen.c[name] for name in gates.values())))
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
        return Scan(source.subquery("counted"), {at: column_of(name) for at, name in gates.items()})

    def _gate_name(self, index: int) -> str:
        """A name that no column of the table has."""
        prefix = "seen"
        while any(column.name.startswith(prefix) for column in self.shape.columns):
            prefix += "_"
        return f"{prefix}{index}"

    def _see(self, index: int, codes: Sequence[str]) -> Expression:
        column = self.shape.columns[index]
        if column.type != "text":
            return sa.func.bool_or(look(self.dialect, self.shape, index, codes))
        text = self.dialect.text(column.name, column.native_type)
        # One condition, for it stands before every text; that of no value is not true.
        told = sa.case(
            (sa.func.octet_length(text) > _number(_LONGEST), sa.literal(_SIGN)), else_=text
        )
        return self.dialect.matches(sa.func.string_agg(told, sa.literal("\n")), any_of(codes))


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
    return PagedTable(shape, dialect) if sorted(scans) == ["Function", "Range"] else None


def any_of(codes: Sequence[str]) -> str:
    """One expression that is in a text if any of the cheap looks for these codes is."""
    likes = dict.fromkeys(like for code in codes for like in LIKES.get(code, ()))
    looks = [_SPECIAL.sub(r"\\\1", like.strip("%")).replace("_", ".") for like in likes]
    digits = [DIGITS] if any(code not in LIKES for code in codes) else []
    return "|".join([*looks, *digits, _SIGN])


def _table(shape: TableShape) -> sa.FromClause:
    return table_of(shape.ref.container, shape.ref.name).alias("held")


def _chunks(shape: TableShape) -> Any:
    """The first page of each piece. A statement sees no row beyond the size that it finds."""
    name = sa.func.format(
        sa.literal("%I.%I"), sa.literal(shape.ref.container), sa.literal(shape.ref.name)
    )
    size = sa.func.pg_relation_size(sa.cast(name, _Type("regclass")), type_=sa.BigInteger)
    page_size = sa.cast(sa.func.current_setting(sa.literal("block_size")), sa.BigInteger)
    series = sa.func.generate_series(
        sa.cast(_number(0), sa.BigInteger), size // page_size, _number(_PAGES)
    )
    return series.table_valued(sa.column("page", sa.BigInteger)).render_derived(name="chunk")


def _within(page: Expression) -> tuple[Expression, Expression]:
    place = sa.literal_column("held.ctid", _TID)
    return place >= _start_of(page), place < _start_of(page + _number(_PAGES))


def _start_of(page: Expression) -> Expression:
    return sa.cast(sa.func.format(sa.literal("(%s,0)"), page), _TID)


def _number(value: int) -> Expression:
    return sa.literal_column(str(value), sa.BigInteger)
