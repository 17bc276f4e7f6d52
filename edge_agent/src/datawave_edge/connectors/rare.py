"""Counts of rare, sensitive patterns over a whole table, in SQL: nothing of a row is read out.

A cheap look that most rows fail stands before the patterns, so one scan of the table serves all
its columns and patterns. Where a kind of value has check digits, they are reckoned in SQL too.
"""

from __future__ import annotations

import re
import string
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

import sqlalchemy as sa

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ColumnSnapshot

from .contract import TableShape
from .expressions import column_of

Expression = sa.ColumnElement[Any]

CARD: Final = (
    r"(?<![0-9A-Za-z_.-])(?:(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6011|65[0-9]{2})"
    r"(?:[ -]?[0-9]{4}){3}"
    r"|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5})(?![0-9A-Za-z_-])"
)
IBAN: Final = (
    r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
_SSN: Final = r"(?<![0-9-])(?!000|666|9[0-9]{2})[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9-])"
# Code -> pattern. Each is written for PostgreSQL, PCRE, ICU and Python alike.
PATTERNS: Final = {
    "api_key": r"AKIA[0-9A-Z]{16}|[rs]k_live_[0-9A-Za-z]{16,}|ghp_[0-9A-Za-z]{36}",
    "bcrypt": r"\$2[aby]\$[0-9]{2}\$[./0-9A-Za-z]{53}",
    "card_number": CARD,
    "email": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    "iban": IBAN,
    "jwt": r"eyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}",
    "phone": r"(?<![0-9A-Za-z+])\+[1-9](?:[ ().-]{0,2}[0-9]){7,14}(?![0-9])",
    "private_key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "us_ssn": _SSN,
}
# Code -> the cheap look before its pattern: one of these parts, each of which is in every value it
# stands for. To find a text in a text costs a tenth of a pattern.
PARTS: Final = {
    "api_key": ("AKIA", "k_live_", "ghp_"),
    "bcrypt": ("$2",),
    "email": ("@",),
    "jwt": ("eyJ",),
    "phone": ("+",),
    "private_key": ("PRIVATE KEY-",),
}
LIKES: Final = {"us_ssn": ("%-__-____%",)}
# Code -> what each of its values holds, with nothing that looks ahead or behind: it is slower.
SIGNS: Final = {
    "api_key": "AKIA|k_live_|ghp_",
    "bcrypt": r"\$2[aby]\$",
    "card_number": "[0-9]{4}[ -]?[0-9]{4}[0-9 -]{7}",
    "email": "@",
    "iban": "[A-Z]{2}[0-9]{2} ?[0-9A-Z]{4} ?[0-9A-Z]{4}",
    "jwt": "eyJ",
    "phone": r"\+[1-9]",
    "private_key": "PRIVATE KEY-",
    "us_ssn": "[0-9]{3}-[0-9]{2}-[0-9]{4}",
}
# The rest has nothing but digits in common.
DIGITS: Final = "[0-9]{4}[ -]?[0-9]{4}"
# The fewest characters that a value of a kind has, so that short columns are passed over.
SHORTEST: Final = {
    "api_key": 20,
    "bcrypt": 60,
    "card_number": 15,
    "email": 6,
    "iban": 15,
    "jwt": 23,
    "phone": 9,
    "private_key": 27,
    "us_ssn": 11,
}
# Whole numbers that can be a card's, so that a column of numbers costs a comparison alone.
CARD_RANGES: Final = (
    (340_000_000_000_000, 349_999_999_999_999),
    (370_000_000_000_000, 379_999_999_999_999),
    (2_221_000_000_000_000, 2_720_999_999_999_999),
    (4_000_000_000_000_000, 5_599_999_999_999_999),
    (6_011_000_000_000_000, 6_599_999_999_999_999),
)
# Types of servers whose numbers have too few digits.
_NARROW: Final = re.compile(r"(tiny|small|medium)?int(eger)?(\(\d+\))?( unsigned)?( zerofill)?")
_CARD_DIGITS: Final = 19
_DOUBLED: Final = "0246813579"
# What is looked through as a text; of arrays and types that nobody knows, those that hold texts.
TEXTS: Final = frozenset(("text", "json", "array", "other"))
# Tests of one statement: that of a very wide table would take hundreds of megabytes to make, and
# some databases would refuse it.
_AT_ONCE: Final = 400


class RareTest(NamedTuple):
    """One pattern on one column, by its place among the table's."""

    column: int
    code: str


@dataclass(frozen=True)
class RareCounts:
    """Rows in which each pattern was found, over a share of the table.

    Where time ran out, only the first `looked` tests were done.
    """

    found: dict[RareTest, int]
    looked: int
    share: float = 1.0


@runtime_checkable
class CountsRare(Protocol):
    """A connector that can count patterns where the data are."""

    def count_rare(
        self, shape: TableShape, tests: Sequence[RareTest], seconds: float
    ) -> RareCounts:
        """Count rows by pattern in about so many seconds. Raises SourceFault."""


def count_by_slices(
    tests: Sequence[RareTest],
    seconds: float,
    ask: Callable[[Sequence[RareTest], float], Sequence[int]],
    at_once: int = _AT_ONCE,
) -> RareCounts:
    """Ask for some tests at a time; `ask` is told the seconds that are left.

    Raises SourceFault: query_timeout when there was not even time for the first.
    """
    deadline = time.monotonic() + seconds
    found: dict[RareTest, int] = {}
    for start in range(0, len(tests), at_once):
        some = tests[start : start + at_once]
        try:
            counts = ask(some, _require_time(deadline))
        except SourceFault as fault:
            if fault.code != "query_timeout" or not start:
                raise
            return RareCounts(found, start)
        found.update({test: int(n) for test, n in zip(some, counts, strict=True) if n})
    return RareCounts(found, len(tests))


def _require_time(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise SourceFault("query_timeout")
    return left


class Dialect(NamedTuple):
    """How a dialect writes what the counts need."""

    # (name, native type) of a column as text, and as what is sooner searched for a part.
    text: Callable[[str, str], Expression]
    raw: Callable[[str, str], Expression]
    # (raw, part): whether the part is in it, by letters as they are.
    holds: Callable[[Expression, str], Expression]
    matches: Callable[[Expression, str], Expression]
    # (text, pattern, proof of a match): whether a match passes the proof.
    proven: Callable[[Expression, str, Callable[[Expression], Expression]], Expression]
    decimal: sa.types.TypeEngine[Any]


class Gate(NamedTuple):
    """What is true of a row if anything may be in a column of it at all, and if a code may."""

    any: Expression
    codes: Mapping[str, Expression]


class Scan(NamedTuple):
    """The rows to look at, and the gates of the columns that have any."""

    source: sa.FromClause
    gates: Mapping[int, Gate] = {}


_OPEN: Final = Gate(sa.true(), {})


def rare_statement(
    dialect: Dialect, scan: Scan, shape: TableShape, tests: Sequence[RareTest]
) -> sa.Select[Any]:
    """One scan that counts the rows of each test, in their order."""
    counts: list[Expression] = [
        sa.func.count(sa.case((_found(dialect, shape, test), 1))).label(f"n{index}")
        for index, test in enumerate(tests)
    ]
    looks = [
        _look_at(dialect, shape, column, codes, scan.gates.get(column, _OPEN))
        for column, codes in by_column(tests).items()
    ]
    return sa.select(*counts).select_from(scan.source).where(sa.or_(*looks))


def by_column(tests: Sequence[RareTest]) -> dict[int, list[str]]:
    """Codes of each column."""
    grouped: dict[int, list[str]] = {}
    for test in tests:
        grouped.setdefault(test.column, []).append(test.code)
    return grouped


def _in_card_ranges(number: Expression) -> Expression:
    return sa.or_(*(number.between(_constant(a), _constant(b)) for a, b in CARD_RANGES))


def _look_at(
    dialect: Dialect, shape: TableShape, column: int, codes: Iterable[str], gate: Gate
) -> Expression:
    """What a column of a row must pass to be worth its patterns."""
    looks = (
        sa.and_(gate.codes.get(code, sa.true()), _look(dialect, shape, RareTest(column, code)))
        for code in codes
    )
    return sa.and_(gate.any, sa.or_(*_distinct(looks)))


def is_wide(native: str) -> bool:
    """Whether a type of whole numbers has room for a card's."""
    return not _NARROW.fullmatch(native)


def _look(dialect: Dialect, shape: TableShape, test: RareTest) -> Expression:
    """What it must pass to be worth one of them."""
    column = shape.columns[test.column]
    if column.type not in TEXTS:
        if not is_wide(column.native_type):
            return sa.false()
        return column_of(column.name) >= _constant(CARD_RANGES[0][0])
    looked = _look_for(dialect, column, test.code)
    if column.type != "text":
        return looked
    # The length is known without reading on: a name or a code is not searched for what is longer.
    size = sa.func.octet_length(dialect.raw(column.name, column.native_type))
    return sa.and_(size >= _constant(SHORTEST[test.code]), looked)


def _look_for(dialect: Dialect, column: ColumnSnapshot, code: str) -> Expression:
    if code in PARTS:
        raw = dialect.raw(column.name, column.native_type)
        return sa.or_(*(dialect.holds(raw, part) for part in PARTS[code]))
    text = dialect.text(column.name, column.native_type)
    if code not in LIKES:
        return dialect.matches(text, DIGITS)
    return sa.or_(*(text.like(_constant(each)) for each in LIKES[code]))


def _distinct(looks: Iterable[Expression]) -> list[Expression]:
    """Cards and accounts share a look."""
    kept: list[Expression] = []
    for each in looks:
        if not any(each.compare(other) for other in kept):
            kept.append(each)
    return kept


def _found(dialect: Dialect, shape: TableShape, test: RareTest) -> Expression:
    column = shape.columns[test.column]
    if column.type not in TEXTS:
        if not is_wide(column.native_type):
            return sa.false()
        number = column_of(column.name)
        digits = sa.cast(sa.cast(number, sa.BigInteger), sa.String(40))
        return sa.case((_in_card_ranges(number), _luhn(digits)))
    text = dialect.text(column.name, column.native_type)
    return sa.case((_look_for(dialect, column, test.code), _proven(dialect, text, test.code)))


def _proven(dialect: Dialect, text: Expression, code: str) -> Expression:
    if code == "card_number":
        return dialect.proven(text, CARD, _luhn)
    if code == "iban":
        return dialect.proven(text, IBAN, lambda found: _mod97(found, dialect.decimal))
    return dialect.matches(text, PATTERNS[code])


def _luhn(found: Expression) -> Expression:
    """The check digit of cards: every second digit from the right counts double."""
    padded = sa.func.lpad(_without(found, " ", "-"), _constant(_CARD_DIGITS), _constant("0"))
    one = _constant(1)
    total: Expression = _constant(0)
    for place in range(1, _CARD_DIGITS + 1):
        digit: Expression = sa.func.substr(padded, _constant(_CARD_DIGITS + 1 - place), one)
        if place % 2 == 0:
            digit = sa.func.substr(_constant(_DOUBLED), sa.cast(digit, sa.Integer) + one, one)
        total = total + sa.cast(digit, sa.Integer)
    return sa.func.mod(total, _constant(10)) == _constant(0)


def _mod97(found: Expression, decimal: sa.types.TypeEngine[Any]) -> Expression:
    """The check digits of an IBAN: turned round and in digits, it is 1 modulo 97."""
    plain = _without(found, " ")
    country = sa.func.substr(plain, _constant(1), _constant(4))
    turned: Expression = sa.func.concat(sa.func.substr(plain, _constant(5)), country)
    for value, letter in enumerate(string.ascii_uppercase, start=10):
        turned = sa.func.replace(turned, _constant(letter), _constant(str(value)))
    # Shorter ones would be counted or not by what else is in their row.
    is_long = sa.func.length(plain) >= _constant(SHORTEST["iban"])
    return sa.and_(is_long, sa.func.mod(sa.cast(turned, decimal), _constant(97)) == _constant(1))


def _without(text: Expression, *signs: str) -> Expression:
    for sign in signs:
        text = sa.func.replace(text, _constant(sign), _constant(""))
    return text


def _constant(value: int | str) -> Expression:
    """A constant of ours as SQL: a bind for each would make a statement of thousands."""
    if isinstance(value, int):
        return sa.literal_column(str(value), sa.BigInteger)
    return sa.literal_column(f"'{value}'", sa.String)
