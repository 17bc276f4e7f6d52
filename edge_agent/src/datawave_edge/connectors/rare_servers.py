"""The counting pass on PostgreSQL and on MySQL or MariaDB: a whole table, or a share in time."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from .blocks import BLOCKS, block_ranges
from .contract import TableShape
from .expressions import column_of, table_of
from .rare import (
    Dialect,
    Expression,
    RareCounts,
    RareTest,
    Scan,
    count_by_slices,
    rare_statement,
)
from .rare_pages import find_pages
from .session import Session

# From this size on, a small share is timed first, and tells how much of the table fits the budget.
_TIMED_BYTES: Final = 512 * 1024 * 1024
_TIMED_ROWS: Final = 2_000_000
_TRIAL: Final = 0.02
_CAUTION: Final = 0.7
_PLAIN: Final = re.compile(r"text$|character[^\[]*$")
_LEAST: Final = 0.0001
_WIDE: Final = ("ucs2", "utf16", "utf16le", "utf32")

Source = Callable[[float, Sequence[RareTest]], Scan]


def count_postgresql(
    session: Session, shape: TableShape, tests: Sequence[RareTest], seconds: float
) -> RareCounts:
    """Count in one scan, or over pages drawn at random when the whole takes too long."""
    deadline = time.monotonic() + seconds
    timed = (shape.size_bytes or 0) > _TIMED_BYTES
    paged = find_pages(session, shape, POSTGRESQL)
    source = paged.scan if paged else _drawn(table_of(shape.ref.container, shape.ref.name))
    return _Count(session, shape, tests, deadline, POSTGRESQL, source, timed=timed).run()


def _drawn(table: sa.TableClause) -> Source:
    def part(share: float, tests: Sequence[RareTest]) -> Scan:
        del tests
        if share >= 1.0:
            return Scan(table)
        percent: Expression = sa.literal_column(f"{share * 100:.6f}")
        return Scan(table.tablesample(sa.func.system(percent), seed=sa.literal_column("7")))

    return part


def count_mysql(
    session: Session,
    shape: TableShape,
    tests: Sequence[RareTest],
    seconds: float,
    bounds: Callable[[], tuple[Expression, int, int] | None],
) -> RareCounts:
    """Count in one scan, or over blocks of the key when the whole takes too long."""
    table = table_of(shape.ref.container, shape.ref.name)
    is_large = (shape.row_count or 0) > _TIMED_ROWS
    found = bounds() if is_large else None
    source = _key_part(table, shape, *found) if found else _whole(table)
    deadline = time.monotonic() + seconds
    # Where a letter takes two bytes and more, no part is found among the bytes.
    dialect = _MYSQL if _is_bytewise(session, shape) else _MYSQL._replace(raw=_mysql_text)
    return _Count(session, shape, tests, deadline, dialect, source, timed=bool(found)).run()


def _is_bytewise(session: Session, shape: TableShape) -> bool:
    """Whether plain letters are single bytes in every text of the table."""
    wide = (
        sa.select(sa.func.count())
        .select_from(sa.table("COLUMNS", schema="information_schema"))
        .where(
            sa.column("TABLE_SCHEMA") == sa.literal(shape.ref.container),
            sa.column("TABLE_NAME") == sa.literal(shape.ref.name),
            sa.column("CHARACTER_SET_NAME").in_([sa.literal(each) for each in _WIDE]),
        )
    )
    return not session.value(wide)


def _whole(table: sa.TableClause) -> Source:
    return lambda share, tests: Scan(table)


def _key_part(
    table: sa.TableClause, shape: TableShape, key: Expression, low: int, high: int
) -> Source:
    def part(share: float, tests: Sequence[RareTest]) -> Scan:
        del tests
        if share >= 1.0:
            return Scan(table)
        wide = max(1, int((high - low + 1) * share / BLOCKS))
        starts = [start for start, _ in block_ranges(low, high, BLOCKS, shape.ref.path)]
        columns = [column_of(each.name) for each in shape.columns]
        parts = [
            sa.select(*columns).select_from(table).where(key >= start, key < start + wide)
            for start in starts
        ]
        return Scan(sa.union_all(*parts).subquery())

    return part


@dataclass(frozen=True)
class _Count:
    """One pass over one table."""

    session: Session
    shape: TableShape
    tests: Sequence[RareTest]
    deadline: float
    dialect: Dialect
    source: Source
    # Whether a share is tried first.
    timed: bool

    def run(self) -> RareCounts:
        share = self._choose_share()
        return dataclasses.replace(self._count_all(share), share=share)

    def _count_all(self, share: float) -> RareCounts:
        def ask(tests: Sequence[RareTest], seconds: float) -> Sequence[int]:
            statement = rare_statement(self.dialect, self.source(share, tests), self.shape, tests)
            with self.session.limited(seconds):
                return self.session.rows(statement)[0]

        return count_by_slices(self.tests, self.deadline - time.monotonic(), ask)

    def _choose_share(self) -> float:
        """The share of the table that fits the time, told from a trial."""
        if not self.timed:
            return 1.0
        began = time.monotonic()
        self._count_all(_TRIAL)
        whole = (time.monotonic() - began) / _TRIAL
        left = max(0.0, self.deadline - time.monotonic())
        return 1.0 if whole * _CAUTION <= left else max(_LEAST, _CAUTION * left / whole)


def _postgresql_text(name: str, native: str) -> Expression:
    column = column_of(name)
    text = column if _PLAIN.match(native) else sa.cast(column, sa.Text())
    # Under a collation that takes unlike texts for equal, nothing can be looked for.
    return sa.collate(text, "C")


def _postgresql_proven(
    text: Expression, pattern: str, proof: Callable[[Expression], Expression]
) -> Expression:
    found = sa.func.regexp_matches(text, sa.literal(pattern), sa.literal_column("'g'"))
    return sa.exists(
        sa.select(sa.literal_column("1"))
        .select_from(found.alias("found"))
        .where(proof(sa.literal_column("found[1]")))
    )


def _mysql_text(name: str, native: str) -> Expression:
    del native
    return sa.func.convert(column_of(name).op("USING")(sa.literal_column("utf8mb4")))


def _mysql_matches(text: Expression, pattern: str) -> Expression:
    # A collation without case would let small letters pass for capitals.
    return text.op("REGEXP", is_comparison=True)(sa.literal(f"(?-i){pattern}"))


def _mysql_proven(
    text: Expression, pattern: str, proof: Callable[[Expression], Expression]
) -> Expression:
    # Only the first match of a text is to be had; none is an empty text or no value.
    found = sa.func.regexp_substr(text, sa.literal(f"(?-i){pattern}"))
    return sa.and_(found != sa.literal_column("''"), proof(found))


def _mysql_raw(name: str, native: str) -> Expression:
    del native
    return column_of(name)


def _mysql_holds(raw: Expression, part: str) -> Expression:
    # Among bytes it is found several times sooner than among letters that have a collation.
    found = sa.func.locate(sa.cast(sa.literal(part), sa.BINARY), raw)
    return found > sa.literal_column("0")


POSTGRESQL: Final = Dialect(
    text=_postgresql_text,
    raw=_postgresql_text,
    holds=lambda raw, part: sa.func.strpos(raw, sa.literal(part)) > sa.literal_column("0"),
    matches=lambda text, pattern: text.op("~", is_comparison=True)(sa.literal(pattern)),
    proven=_postgresql_proven,
    decimal=sa.Numeric(),
)
_MYSQL: Final = Dialect(
    text=_mysql_text,
    raw=_mysql_raw,
    holds=_mysql_holds,
    matches=_mysql_matches,
    proven=_mysql_proven,
    decimal=sa.Numeric(65, 0),
)
