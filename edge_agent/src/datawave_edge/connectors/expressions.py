"""Tables and columns by hostile names, as expressions of SQLAlchemy that quote them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from .contract import TableShape
from .session import cell_limit, document_limit


def table_of(container: str, name: str, columns: Iterable[str] = ()) -> sa.TableClause:
    """A table by hostile names: each is quoted, whatever it holds."""
    schema = sa.quoted_name(container, quote=True) if container else None
    return sa.table(
        sa.quoted_name(name, quote=True), *(column_of(each) for each in columns), schema=schema
    )


def column_of(name: str) -> sa.ColumnClause[Any]:
    """A column by a hostile name."""
    return sa.column(sa.quoted_name(name, quote=True))


def first_row(container: str, name: str) -> sa.Select[Any]:
    """Whether there is a row, and whether it may be read."""
    return sa.select(sa.literal_column("1")).select_from(table_of(container, name)).limit(1)


def row_count(container: str, name: str) -> sa.Select[Any]:
    """Rows of a table, by going through all of them."""
    return sa.select(sa.func.count()).select_from(table_of(container, name))


def list_cells(
    shape: TableShape, limit: int, cell: Callable[[str, str, str, int], sa.ColumnElement[Any]]
) -> list[sa.ColumnElement[Any]]:
    """What is read of each column; `cell` makes it of name, type, native type and most characters.

    Of documents more is read than of other texts.
    """
    cut = cell_limit(limit, len(shape.columns))
    whole = document_limit(limit, shape.columns)
    return [
        cell(each.name, each.type, each.native_type, whole if each.type == "json" else cut).label(
            f"c{index}"
        )
        for index, each in enumerate(shape.columns)
    ]
