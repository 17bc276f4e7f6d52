"""Ways to draw values: from a list, after a pattern, between bounds."""

# ruff: noqa: PLR2004 - invented data wants to be repeatable; shares are the recipe

from __future__ import annotations

import random
import string
from collections.abc import Callable
from typing import Any, Final

Luck = random.Random
# Makes one column: a function that gives the next value, with choices made once for the column.
Draw = Callable[[], Any]
Maker = Callable[[Luck, Any], Draw]


def pick(*options: str) -> Maker:
    """Any of a list, some more often than others."""

    def make(luck: Luck, _: Any) -> Draw:
        weights = [luck.random() ** 2 + 0.02 for _ in options]
        styled = [style_of(luck)(each) for each in [*options]] if luck.random() < 0.1 else options
        return lambda: luck.choices(styled, weights)[0]

    return make


def style_of(luck: Luck) -> Callable[[str], str]:
    return luck.choice((str.upper, str.lower, str.title, str))


def faked(*methods: str) -> Maker:
    """Values of one of faker's methods, chosen for the column."""

    def make(luck: Luck, fake: Any) -> Draw:
        known = [name for name in methods if hasattr(fake, name)]
        method = getattr(fake, luck.choice(known or ["word"]))
        style = style_of(luck) if luck.random() < 0.15 else str
        return lambda: style(str(method()).replace("\n", ", "))

    return make


def shaped(*patterns: str) -> Maker:
    """Text after a pattern: # digit, ? capital, ^ small letter, % hex digit, * any of letters."""

    def make(luck: Luck, _: Any) -> Draw:
        pattern = luck.choice(patterns)
        return lambda: "".join(_draw(luck, char) for char in pattern)

    return make


_DRAWN: Final = {
    "#": string.digits,
    "?": string.ascii_uppercase,
    "^": string.ascii_lowercase,
    "%": "0123456789abcdef",
    "*": string.ascii_letters + string.digits,
}


def _draw(luck: Luck, char: str) -> str:
    return luck.choice(_DRAWN[char]) if char in _DRAWN else char


def either(*makers: Maker) -> Maker:
    """One of several ways to make the column."""

    def make(luck: Luck, fake: Any) -> Draw:
        return luck.choice(makers)(luck, fake)

    return make


def whole(low: int, high: int, *, skew: bool = False) -> Maker:
    """Whole numbers between two bounds that shrink by chance."""

    def make(luck: Luck, _: Any) -> Draw:
        top = luck.randint(low + (high - low) // 4, high) if high - low > 3 else high
        if skew:
            return lambda: int(low + (top - low) * luck.random() ** 3)
        return lambda: luck.randint(low, top)

    return make


def real(low: float, high: float, places: int = 2) -> Maker:
    """Decimal numbers between two bounds."""

    def make(luck: Luck, _: Any) -> Draw:
        return lambda: round(luck.uniform(low, high), places)

    return make
