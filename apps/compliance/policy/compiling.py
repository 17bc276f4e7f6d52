"""Turns expressions into functions. Logic is Kleene's: unknown spreads only where it matters."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from apps.compliance.facts import MISSING, Fact, Facts, Reading, Section, make_reader

from .model import Columns, Compare, Every, Expr, Not, Test, Truth

# What an operator says of a value that is known, be it known to be empty.
_Judge = Callable[[Reading], Truth]


def compile_expr(expr: Expr) -> Test:
    """A function of the facts, and of the column under the eye, that gives True, False or None."""
    if isinstance(expr, Compare):
        return compile_compare(expr)
    if isinstance(expr, Not):
        return _negate(compile_expr(expr.part))
    if isinstance(expr, Columns):
        return _compile_columns(expr)
    parts = tuple(compile_expr(part) for part in expr.parts)
    return _conjoin(parts) if isinstance(expr, Every) else _disjoin(parts)


def _negate(part: Test) -> Test:
    def negation(facts: Facts, column: Section | None) -> Truth:
        truth = part(facts, column)
        return None if truth is None else not truth

    return negation


def _conjoin(parts: tuple[Test, ...]) -> Test:
    def conjunction(facts: Facts, column: Section | None) -> Truth:
        unknown = False
        for part in parts:
            truth = part(facts, column)
            if truth is False:
                return False
            unknown = unknown or truth is None
        return None if unknown else True

    return conjunction


def _disjoin(parts: tuple[Test, ...]) -> Test:
    def disjunction(facts: Facts, column: Section | None) -> Truth:
        unknown = False
        for part in parts:
            truth = part(facts, column)
            if truth is True:
                return True
            unknown = unknown or truth is None
        return None if unknown else False

    return disjunction


def list_columns(facts: Facts) -> list[Section] | None:
    """The table's columns, or None when they are not known."""
    columns = facts.get("columns", MISSING)
    if not isinstance(columns, list | tuple):
        return None
    return [c if isinstance(c, Mapping) else {} for c in columns]


def _compile_columns(expr: Columns) -> Test:
    where = compile_expr(expr.where)
    decide = _QUANTIFIERS.get(expr.quantifier) or _at_least(expr.n)

    def quantified(facts: Facts, _: Section | None) -> Truth:
        columns = list_columns(facts)
        if columns is None:
            return None
        return decide(where(facts, column) for column in columns)

    return quantified


def _any(truths: Iterable[Truth]) -> Truth:
    unknown = False
    for truth in truths:
        if truth:
            return True
        unknown = unknown or truth is None
    return None if unknown else False


def _all(truths: Iterable[Truth]) -> Truth:
    unknown = False
    for truth in truths:
        if truth is False:
            return False
        unknown = unknown or truth is None
    return None if unknown else True


def _none(truths: Iterable[Truth]) -> Truth:
    found = _any(truths)
    return None if found is None else not found


def _at_least(n: int) -> Callable[[Iterable[Truth]], Truth]:
    def decide(truths: Iterable[Truth]) -> Truth:
        known = list(truths)
        if known.count(True) >= n:
            return True
        return False if len(known) - known.count(False) < n else None

    return decide


_QUANTIFIERS: Final = {"any": _any, "all": _all, "none": _none}


def compile_compare(expr: Compare) -> Test:
    read = make_reader(expr.fact)
    if isinstance(expr.value, Fact):
        return _compile_lte_fact(expr.fact, expr.value)
    judge = _make_judge(expr)

    def comparison(facts: Facts, column: Section | None) -> Truth:
        value = read(facts, column)
        return None if value is MISSING else judge(value)

    return comparison


def _compile_lte_fact(left: Fact, right: Fact) -> Test:
    read_left, read_right = make_reader(left), make_reader(right)

    def comparison(facts: Facts, column: Section | None) -> Truth:
        small, large = read_left(facts, column), read_right(facts, column)
        if small is MISSING or large is MISSING:
            return None
        if isinstance(small, int | float) and isinstance(large, int | float):
            return small <= large
        return False

    return comparison


def _make_judge(expr: Compare) -> _Judge:
    value = expr.value
    if expr.op == "exists":
        return lambda v: v is not None and v != ()
    if expr.op in _ORDERINGS and isinstance(value, int | float):
        return _order(expr.op, value)
    if expr.op == "eq":
        return lambda v: v == value
    if expr.op == "ne":
        return lambda v: v != value
    if expr.op == "contains":
        return lambda v: isinstance(v, tuple) and value in v
    words = value if isinstance(value, tuple) else (str(value),)
    return _JUDGES[expr.op](words)


def _order(op: str, bound: float) -> _Judge:
    holds = _ORDERINGS[op]
    return lambda v: isinstance(v, int | float) and holds(v, bound)


_ORDERINGS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def _is_in(words: tuple[str, ...]) -> _Judge:
    known = frozenset(words)
    return lambda v: v in known


def _is_not_in(words: tuple[str, ...]) -> _Judge:
    known = frozenset(words)
    return lambda v: v not in known


def _under(roots: tuple[str, ...]) -> _Judge:
    exact = frozenset(roots)
    stems = tuple(f"{root}." for root in roots)
    return lambda v: any(w in exact or w.startswith(stems) for w in _words(v))


def _glob(patterns: tuple[str, ...]) -> _Judge:
    matches = [re.compile(fnmatch.translate(p)).match for p in patterns]
    return lambda v: any(match(w) is not None for w in _words(v) for match in matches)


def _words(value: Reading) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, str) else ()


def _intersects(words: tuple[str, ...]) -> _Judge:
    known = frozenset(words)
    return lambda v: not known.isdisjoint(_words(v))


def _disjoint(words: tuple[str, ...]) -> _Judge:
    known = frozenset(words)
    return lambda v: known.isdisjoint(_words(v))


def _subset_of(words: tuple[str, ...]) -> _Judge:
    known = frozenset(words)
    return lambda v: known.issuperset(_words(v))


def _intersects_not_in(words: tuple[str, ...]) -> _Judge:
    known = frozenset(words)
    return lambda v: not known.issuperset(_words(v))


_JUDGES: Final[Mapping[str, Callable[[tuple[str, ...]], _Judge]]] = {
    "in": _is_in,
    "not_in": _is_not_in,
    "under": _under,
    "glob": _glob,
    "intersects": _intersects,
    "disjoint": _disjoint,
    "subset_of": _subset_of,
    "intersects_not_in": _intersects_not_in,
}
