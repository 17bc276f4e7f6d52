"""The counting pass on SQLite, whose database runs in this process: a function of ours counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from .contract import TableShape
from .expressions import column_of, table_of
from .rare import SHORTEST, Expression, RareTest, by_column

# A plain pattern that most rows fail, before Python is called.
_LOOKS: Final = {
    "api_key": ("*AKIA*", "*k_live_*", "*ghp_*"),
    "bcrypt": ("*$2[aby]$*",),
    "card_number": ("*[2-6][0-9][0-9][0-9]*[0-9][0-9][0-9][0-9]*[0-9][0-9][0-9][0-9]*",),
    "email": ("*@*.*",),
    "iban": ("*[A-Z][A-Z][0-9][0-9]*[0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z]*",),
    "jwt": ("*eyJ*.eyJ*",),
    "phone": ("*+[1-9]*",),
    "private_key": ("*PRIVATE KEY-*",),
    "us_ssn": ("*[0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][0-9][0-9]*",),
}
_NAME: Final = "datawave_rare"


def add_rare_function(connection: sqlite3.Connection) -> None:
    """Teach a connection the patterns."""
    connection.create_function(_NAME, 2, _is_rare, deterministic=True)


def sqlite_statement(shape: TableShape, tests: Sequence[RareTest]) -> sa.Select[Any]:
    """One scan that counts the rows of each test, in their order."""
    counts: list[Expression] = [
        sa.func.count(sa.case((_found(shape, test), 1))).label(f"n{index}")
        for index, test in enumerate(tests)
    ]
    looks = [
        _look(column_of(shape.columns[index].name), code)
        for index, codes in by_column(tests).items()
        for code in codes
    ]
    source = table_of("", shape.ref.name)
    return sa.select(*counts).select_from(source).where(sa.or_(*looks))


def _look(column: Expression, code: str) -> Expression:
    found = (column.op("GLOB", is_comparison=True)(sa.literal(each)) for each in _LOOKS[code])
    # To know that a text is too short takes a fraction of a look at it.
    return sa.and_(sa.func.length(column) >= sa.literal(SHORTEST[code]), sa.or_(*found))


def _found(shape: TableShape, test: RareTest) -> Expression:
    column = column_of(shape.columns[test.column].name)
    found = getattr(sa.func, _NAME)(sa.literal(test.code), column) == sa.literal(1)
    return sa.case((_look(column, test.code), found))


def _is_rare(code: str, cell: object) -> bool:
    from .rare_cells import find_rare

    return isinstance(cell, str | int | float) and bool(find_rare(cell, (code,)))
