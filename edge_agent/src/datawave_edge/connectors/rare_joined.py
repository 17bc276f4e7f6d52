"""What many texts joined to one may hold: the cheap half of PostgreSQL's counting pass.

Each group of codes has a bit, and a text its bits. One expression tells most texts from those that
have any; what it costs to tell the groups apart is spent on the others alone.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from .contract import TableShape
from .expressions import column_of
from .rare import (
    CARD_RANGES,
    LIKES,
    PARTS,
    SHORTEST,
    SIGNS,
    TEXTS,
    Dialect,
    Expression,
    Gate,
    RareTest,
    by_column,
    is_wide,
)

# One sign is found far sooner than an expression.
_ONE: Final = ("email", "phone")
_GROUPS: Final = (
    ("email",),
    ("phone",),
    ("us_ssn",),
    ("card_number", "iban"),
    ("api_key", "bcrypt", "jwt", "private_key"),
)
# Below this size no text has the digits of a card.
_WIDE: Final = SHORTEST["card_number"]
# Of columns with so many bytes on the average, most texts are that short.
NARROW: Final = 16
_NUMBERS: Final = "numbers"
# Stands for a text that is too long to be joined, and may hold anything.
_LONG: Final = "\x01"
# Longer texts may lie outside of the pages and fill the memory.
_LONGEST: Final = 2_000


class Sizes(NamedTuple):
    """What is known of the sizes of a table's texts."""

    # Whether none lies outside of the pages, where it may be of any length.
    all_in_pages: bool = False
    # Columns whose texts are mostly too short for a card's number.
    narrow: frozenset[str] = frozenset()


class Joined:
    """What a piece of a table must be asked for, and by test what is then true of its rows."""

    def __init__(
        self, dialect: Dialect, shape: TableShape, tests: Sequence[RareTest], sizes: Sizes
    ) -> None:
        self._dialect = dialect
        self._shape = shape
        self._sizes = sizes
        self._codes = by_column(tests)
        self._prefix = self._find_prefix()

    @property
    def columns(self) -> list[Expression]:
        """The columns that are looked at."""
        return [column_of(self._shape.columns[index].name) for index in self._codes]

    @property
    def seen(self) -> list[sa.Label[Any]]:
        """Aggregates over the rows of a piece, each the bits of a column."""
        texts = [
            self._see(index, codes).label(f"{self._prefix}{index}")
            for index, codes in self._codes.items()
            if self._is_text(index)
        ]
        return [*texts, self._see_numbers().label(f"{self._prefix}{_NUMBERS}")]

    @property
    def gates(self) -> dict[int, Gate]:
        """By column, what is true of the rows of a piece in which something was seen."""
        return {index: self._gate(index, codes) for index, codes in self._codes.items()}

    def _gate(self, index: int, codes: Collection[str]) -> Gate:
        if not self._is_text(index):
            return Gate(column_of(f"{self._prefix}{_NUMBERS}") != _number(0), {})
        bits = column_of(f"{self._prefix}{index}")
        by_code = {code: bits.bitwise_and(_number(_bit(code))) != _number(0) for code in codes}
        return Gate(bits != _number(0), by_code)

    def _is_text(self, index: int) -> bool:
        return self._shape.columns[index].type in TEXTS

    def _find_prefix(self) -> str:
        """How no name of the table's columns begins."""
        prefix = "seen"
        while any(column.name.startswith(prefix) for column in self._shape.columns):
            prefix += "_"
        return prefix

    def _see_numbers(self) -> Expression:
        """Whether any number may be a card's: one question a row."""
        columns = [self._shape.columns[index] for index in self._codes if not self._is_text(index)]
        may_be = [
            column_of(each.name) >= _number(CARD_RANGES[0][0])
            for each in columns
            if is_wide(each.native_type)
        ]
        return _case(sa.func.bool_or(sa.or_(*may_be)), _number(1)) if may_be else _number(0)

    def _see(self, index: int, codes: Collection[str]) -> Expression:
        told, has_long = self._told(index)
        joined = sa.func.string_agg(told, sa.literal("\n"))
        text = _Text(self._dialect, joined, (_LONG,) if has_long else ())
        column = self._shape.columns[index]
        if column.type != "text" or column.name not in self._sizes.narrow:
            return text.bits(codes, text.has(codes))
        size = sa.func.octet_length(self._dialect.raw(column.name, column.native_type))
        longer = replace(text, joined=joined.filter(size >= _number(_WIDE)))
        return text.bits(codes, _has_by_size(text, longer, codes))

    def _told(self, index: int) -> tuple[Expression, bool]:
        """A text, or a sign where it is long; and whether there may be such signs."""
        column = self._shape.columns[index]
        text = self._dialect.text(column.name, column.native_type)
        is_short = column.max_length is not None and column.max_length <= _LONGEST
        if self._sizes.all_in_pages or is_short:
            return text, False
        size = sa.func.octet_length(self._dialect.raw(column.name, column.native_type))
        if column.type != "text":
            # To make a text of a document takes long, so its own size must do.
            size = sa.func.pg_column_size(column_of(column.name))
        # One condition, for it stands before every text; that of no value is not true.
        return sa.case((size > _number(_LONGEST), sa.literal(_LONG)), else_=text), True


@dataclass(frozen=True)
class _Text:
    """Texts joined to one, and the signs that stand for what was too long."""

    dialect: Dialect
    joined: Expression
    long: Sequence[str]

    def bits(self, codes: Collection[str], any_: Expression) -> Expression:
        """The bits of the codes of which a value may be in it, `any_` if none at all is."""
        groups = [[code for code in group if code in codes] for group in _GROUPS]
        single = [some for some in groups if some and some[0] in _ONE]
        others = [some for some in groups if some and some[0] not in _ONE]
        flags = self._flags(single)
        if others:
            rest = [code for some in others for code in some]
            flags.append(_case(self.has(rest), _sum(self._flags(others))))
        return _case(any_, _sum(flags))

    def _flags(self, groups: Sequence[Sequence[str]]) -> list[Expression]:
        return [_case(self.has(some), _number(_bit(some[0]))) for some in groups]

    def has(self, codes: Collection[str]) -> Expression:
        """Whether a value of one of the codes may be in it."""
        if len(codes) == 1 and (code := next(iter(codes))) in _ONE:
            parts = (*PARTS[code], *self.long)
            return sa.or_(*(self.dialect.holds(self.joined, part) for part in parts))
        return self.dialect.matches(
            self.joined, "|".join([*(SIGNS[code] for code in codes), *self.long])
        )


def _has_by_size(text: _Text, longer: _Text, codes: Collection[str]) -> Expression:
    """The same of mostly short texts: the longer ones alone are searched for what is long."""
    short = [code for code in codes if SHORTEST[code] < _WIDE]
    found = [text.has([code]) for code in short if code in _ONE]
    likes = [like for code in short if code not in _ONE for like in LIKES[code]]
    found += [text.joined.like(sa.literal(like)) for like in likes]
    long = [code for code in codes if code not in short]
    return sa.or_(*found, longer.has(long)) if long or longer.long else sa.or_(*found)


def _bit(code: str) -> int:
    """That of the code's group."""
    return 1 << next(place for place, group in enumerate(_GROUPS) if code in group)


def _case(condition: Expression, bits: Expression) -> Expression:
    return sa.case((condition, bits), else_=_number(0))


def _sum(bits: Sequence[Expression]) -> Expression:
    return functools.reduce(operator.add, bits)


def _number(value: int) -> Expression:
    return sa.literal_column(str(value), sa.BigInteger)
