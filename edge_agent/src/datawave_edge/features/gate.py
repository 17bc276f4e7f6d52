"""Registry of recognisers with a cheap gate before each.

A value's kinds of characters and its length decide which recognisers can accept it at all, so most
of them are never called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Accepts = Callable[[str], bool]

# Kinds: 9 digit, a letter, blank; these symbols are themselves, all others are "*".
SYMBOLS: Final = "@.-:/_+(),'#%&{[\\$*=;!?]}|\"<>~^`"
ANY: Final = ""
# Values are looked at this far; recognisers of long texts look on by themselves.
LOOKED: Final = 256
_KEPT: Final = 64


@dataclass(frozen=True, eq=False)
class Gate:
    """What a value must look like before a recogniser is asked."""

    name: str
    accepts: Accepts
    low: int
    high: int
    needs: frozenset[str]
    only: frozenset[str]
    one_of: frozenset[str]
    # What the value's pattern must look like, as `AA99` is that of `DE12`.
    looks: re.Pattern[str] | None
    # Whether the pattern decides alone, and whether a hit is chance one time in ten.
    certain: bool = False
    weak: bool = False
    # Lower-case texts that it accepts, where it is nothing but a list.
    words: frozenset[str] = frozenset()

    def lets(self, kinds: frozenset[str], length: int) -> bool:
        """Whether a value with these kinds of characters and this length may be accepted."""
        if not self.low <= length <= self.high or not self.needs <= kinds:
            return False
        if self.one_of and not self.one_of & kinds:
            return False
        return not self.only or kinds <= self.only

    def accepts_alone(self, value: str) -> bool:
        """The answer for one value, gate and recogniser together."""
        return self.name in recognise(value)


GATES: Final[dict[str, Gate]] = {}


def word_list(
    name: str, words: frozenset[str], *, low: int, high: int, needs: str = ANY, only: str = ANY
) -> None:
    """Register a recogniser of the texts on a list, in any case."""
    sets = (frozenset(needs), frozenset(only), frozenset[str]())
    _add(Gate(name, lambda v: v.lower() in words, low, high, *sets, None, words=words))


def _add(gate: Gate) -> None:
    if gate.name in GATES:
        raise ValueError(f"Two recognisers are named {gate.name}.")
    GATES[gate.name] = gate


def recogniser(
    name: str,
    *,
    low: int = 1,
    high: int = 400,
    needs: str = ANY,
    only: str = ANY,
    one_of: str = ANY,
    looks: str = ANY,
    certain: bool = False,
    weak: bool = False,
) -> Callable[[Accepts], Accepts]:
    """Register a recogniser. `needs` are kinds a value must hold, `only` those it may hold."""

    def register(accepts: Accepts) -> Accepts:
        pattern = re.compile(looks) if looks else None
        sets = (frozenset(needs), frozenset(only), frozenset(one_of))
        _add(Gate(name, accepts, low, high, *sets, pattern, certain, weak))
        return accepts

    return register


class _Classes(dict[int, str]):
    """Class of each character, learnt as characters come; bounded by what Unicode has."""

    def __missing__(self, code: int) -> str:
        kind = _class_of(chr(code))
        self[code] = kind
        return kind


def _class_of(char: str) -> str:
    if char.isdecimal():
        return "9"
    if char.isalpha():
        return "A" if char.isupper() else "a"
    if char == PART:
        return PART
    if char.isspace():
        return " "
    return char if char in SYMBOLS else "x"


# Parts values when many are translated at once.
PART: Final = "\x00"
CLASSES: Final = _Classes()
for _code in range(128):
    CLASSES[_code] = _class_of(chr(_code))


def pattern_of(value: str) -> str:
    """The value with a class in place of each character: 9, A, a, blank, a sign, or x."""
    return value[:LOOKED].translate(CLASSES).replace(PART, "x")


def patterns_of(values: Iterable[str]) -> list[str]:
    """Patterns of many values in one pass."""
    cut = [value[:LOOKED] for value in values]
    found = PART.join(cut).translate(CLASSES).split(PART)
    return found if len(found) == len(cut) else [pattern_of(value) for value in cut]


@dataclass(frozen=True, eq=False)
class Plan:
    """What a pattern already says of a value, and who must still be asked."""

    sure: tuple[str, ...]
    asked: tuple[Gate, ...]


def plan_for(pattern: str, length: int) -> Plan:
    """The plan for values of a pattern; those of short patterns are remembered."""
    return _plan(pattern, length) if length > _KEPT else _kept_plan(pattern)


@lru_cache(maxsize=50_000)
def _kept_plan(pattern: str) -> Plan:
    return _plan(pattern, len(pattern))


def _plan(pattern: str, length: int) -> Plan:
    gates = [
        gate
        for gate in _candidates(_kinds_of(pattern), length)
        if gate.looks is None or gate.looks.fullmatch(pattern)
    ]
    return Plan(
        sure=tuple(gate.name for gate in gates if gate.certain),
        asked=tuple(gate for gate in gates if not gate.certain),
    )


def _kinds_of(pattern: str) -> frozenset[str]:
    kinds = set(pattern)
    for other, kind in (("A", "a"), ("x", "*")):
        if other in kinds:
            kinds.discard(other)
            kinds.add(kind)
    return frozenset(kinds)


@lru_cache(maxsize=20_000)
def _candidates(kinds: frozenset[str], length: int) -> tuple[Gate, ...]:
    """Recognisers that may accept a value of these kinds and this length."""
    return tuple(gate for gate in GATES.values() if gate.lets(kinds, length))


def recognise(value: str) -> list[str]:
    """Names of all recognisers that accept a value in full."""
    plan = plan_for(pattern_of(value), len(value))
    return [*plan.sure, *(gate.name for gate in plan.asked if gate.accepts(value))]
