"""Turns expressions into functions that also say why: confidence, columns, missing facts.

A truth needs only its surest witness: where one of many columns is enough, the confidence is
that of the surest; where all are needed, that of the least sure. A truth that rests on no column
being found rests on no label either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from apps.compliance.facts import MISSING, Facts, Section

from .compiling import compile_compare, list_columns
from .model import Columns, Compare, Every, Explain, Expr, Not, Why


def compile_why(expr: Expr) -> Explain:
    """A function like that of `compile_expr` whose answer carries its reasons."""
    if isinstance(expr, Compare):
        return _explain_compare(expr)
    if isinstance(expr, Not):
        return _explain_not(expr)
    if isinstance(expr, Columns):
        return _explain_columns(expr)
    parts = tuple(compile_why(part) for part in expr.parts)
    # One false part settles an `all`, one true part an `any`.
    settling = not isinstance(expr, Every)
    return lambda facts, column: _combine([p(facts, column) for p in parts], settling=settling)


def _explain_compare(expr: Compare) -> Explain:
    test = compile_compare(expr)
    lacking = frozenset({expr.fact.name})

    def explain(facts: Facts, column: Section | None) -> Why:
        truth = test(facts, column)
        confidence = _confidence(column) if expr.fact.from_label else 1.0
        return Why(truth, confidence, missing=lacking if truth is None else frozenset())

    return explain


def _confidence(column: Section | None) -> float:
    """The confidence of a column's label: certain unless said, worthless if said as nonsense."""
    value = None if column is None else column.get("confidence")
    if value is None or value is MISSING:
        return 1.0
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else 0.0


def _explain_not(expr: Not) -> Explain:
    part = compile_why(expr.part)
    return lambda facts, column: _negate(part(facts, column))


def _negate(why: Why) -> Why:
    return why if why.truth is None else replace(why, truth=not why.truth)


def _combine(whys: list[Why], *, settling: bool) -> Why:
    settled = [why for why in whys if why.truth is settling]
    if settled:
        return Why(settling, max(why.confidence for why in settled), _join_hits(settled))
    unknown = [why for why in whys if why.truth is None]
    confidence = min(why.confidence for why in whys)
    if unknown:
        return Why(None, confidence, _join_hits(whys), _join_missing(unknown))
    return Why(not settling, confidence, _join_hits(whys))


def _join_hits(whys: Iterable[Why]) -> tuple[Section, ...]:
    found = {id(hit): hit for why in whys for hit in why.hits}
    return tuple(found.values())


def _join_missing(whys: Iterable[Why]) -> frozenset[str]:
    return frozenset().union(*(why.missing for why in whys))


def _explain_columns(expr: Columns) -> Explain:
    where = compile_why(expr.where)

    def explain(facts: Facts, _: Section | None) -> Why:
        columns = list_columns(facts)
        if columns is None:
            return Why(None, missing=frozenset({"columns"}))
        return _quantify(expr, columns, [where(facts, column) for column in columns])

    return explain


def _quantify(expr: Columns, columns: list[Section], whys: list[Why]) -> Why:
    if expr.quantifier == "all":
        return _need_every(columns, whys)
    found = _need_some(columns, whys, expr.n)
    return _negate(found) if expr.quantifier == "none" else found


def _need_some(columns: list[Section], whys: list[Why], n: int) -> Why:
    hits = tuple(c for c, why in zip(columns, whys, strict=True) if why.truth)
    if len(hits) >= n:
        surest = sorted((why.confidence for why in whys if why.truth), reverse=True)
        return Why(True, surest[n - 1], hits)  # noqa: FBT003 - a truth, no switch
    unknown = [why for why in whys if why.truth is None]
    if len(hits) + len(unknown) < n:
        return Why(False)  # noqa: FBT003 - a truth, no switch
    return Why(None, hits=hits, missing=_join_missing(unknown))


def _need_every(columns: list[Section], whys: list[Why]) -> Why:
    wrong = tuple(c for c, why in zip(columns, whys, strict=True) if why.truth is False)
    if wrong:
        surest = max(why.confidence for why in whys if why.truth is False)
        return Why(False, surest, wrong)  # noqa: FBT003 - a truth, no switch
    unknown = [why for why in whys if why.truth is None]
    if unknown:
        return Why(None, missing=_join_missing(unknown))
    return Why(True, min((why.confidence for why in whys), default=1.0))  # noqa: FBT003 - a truth, no switch
