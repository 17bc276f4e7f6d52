"""Registry of recognisers with a cheap gate before each.

A value's kinds of characters and its length decide which recognisers can accept it at all, so most
of them are never called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Accepts = Callable[[str], bool]

# Kinds: 9 digit, a letter, blank; these symbols are themselves, all others are "*".
SYMBOLS: Final = "@.-:/_+(),'#%&{[\\$"
ANY: Final = ""


@dataclass(frozen=True)
class Gate:
    """What a value must look like before a recogniser is asked."""

    name: str
    accepts: Accepts
    low: int
    high: int
    needs: frozenset[str]
    only: frozenset[str]

    def lets(self, kinds: frozenset[str], length: int) -> bool:
        """Whether a value with these kinds of characters and this length may be accepted."""
        if not self.low <= length <= self.high or not self.needs <= kinds:
            return False
        return not self.only or kinds <= self.only

    def accepts_alone(self, value: str) -> bool:
        """The answer for one value, gate and recogniser together."""
        return self.lets(kinds_of(value), len(value)) and self.accepts(value)


GATES: Final[dict[str, Gate]] = {}


def recogniser(
    name: str, *, low: int = 1, high: int = 400, needs: str = ANY, only: str = ANY
) -> Callable[[Accepts], Accepts]:
    """Register a recogniser. `needs` are kinds a value must hold, `only` those it may hold."""

    def register(accepts: Accepts) -> Accepts:
        if name in GATES:
            raise ValueError(f"Two recognisers are named {name}.")
        GATES[name] = Gate(name, accepts, low, high, frozenset(needs), frozenset(only))
        return accepts

    return register


class _Kinds(dict[int, str]):
    """Kind of each character, learnt as characters come; bounded by what Unicode has."""

    def __missing__(self, code: int) -> str:
        kind = _kind_of(chr(code))
        self[code] = kind
        return kind


def _kind_of(char: str) -> str:
    if char.isdecimal():
        return "9"
    if char.isalpha():
        return "a"
    if char.isspace():
        return " "
    return char if char in SYMBOLS else "*"


_KINDS: Final = _Kinds()


def kinds_of(value: str) -> frozenset[str]:
    """The kinds of characters in a value."""
    return frozenset(value.translate(_KINDS))


@lru_cache(maxsize=20_000)
def candidates(kinds: frozenset[str], length: int) -> tuple[tuple[str, Accepts], ...]:
    """Recognisers that may accept a value of these kinds and this length."""
    return tuple((gate.name, gate.accepts) for gate in GATES.values() if gate.lets(kinds, length))


def recognise(value: str) -> list[str]:
    """Names of all recognisers that accept a value in full."""
    return [name for name, accepts in candidates(kinds_of(value), len(value)) if accepts(value)]
