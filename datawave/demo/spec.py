"""How a demo table is described: columns with a maker each, and the draw that makers read."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from .numbers import card_number
from .people import Person, draw_people

Value = str | int | float | bytes | None


@dataclass
class Draw:
    """The luck of one table: its own seeded generator, its size, and the people in its rows."""

    table: str
    n: int
    rng: random.Random
    sizes: Mapping[str, int]

    @cached_property
    def people(self) -> list[Person]:
        """One person per row, so that the name, e-mail and city of a row belong together."""
        return draw_people(self.rng, self.n)

    @cached_property
    def cards(self) -> list[tuple[str, str]]:
        """A card number and its brand per row."""
        return [card_number(self.rng) for _ in range(self.n)]


Maker = Callable[[Draw], Sequence[Value]]


@dataclass(frozen=True)
class Column:
    """A column: its SQL declaration, what fills it, and what it truly holds."""

    name: str
    declaration: str
    make: Maker | None
    truth: str


@dataclass(frozen=True)
class Table:
    """A table with its rows, table constraints and the columns that get an index."""

    name: str
    rows: int
    columns: tuple[Column, ...]
    constraints: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class View:
    """A view and the truth about each of its columns."""

    name: str
    query: str
    truth: Mapping[str, str] = field(default_factory=dict)


def col(name: str, declaration: str, make: Maker | None, truth: str) -> Column:
    """Describe a column; `make` is None when the database computes it."""
    return Column(name, declaration, make, truth)
