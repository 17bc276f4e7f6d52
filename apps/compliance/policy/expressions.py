"""The grammar of conditions: all, any, not, columns, and questions about single facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from apps.compliance.facts import Fact, find_fact, suggest_fact

from .model import (
    OPS,
    QUANTIFIERS,
    Columns,
    Compare,
    Every,
    Expr,
    Level,
    NamedList,
    Not,
    Op,
    Operand,
    Quantifier,
    Scalar,
    Some,
)
from .reading import Node

MAX_DEPTH: Final = 12
MAX_NODES: Final = 200
_MOST_COLUMNS = 10_000
_LONGEST_GLOB = 200
_SECTIONS: Final[Mapping[str, frozenset[str]]] = {
    "column": frozenset({"column", "table", "source"}),
    "table": frozenset({"table", "source"}),
    "source": frozenset({"source"}),
}
_WORD_LISTS = frozenset({"intersects", "intersects_not_in", "disjoint", "subset_of"})
_OPS_OF: Final[Mapping[str, frozenset[str]]] = {
    "bool": frozenset({"exists", "eq", "ne"}),
    "number": frozenset({"exists", "eq", "ne", "gt", "gte", "lt", "lte", "lte_fact"}),
    "text": frozenset({"exists", "eq", "ne", "in", "not_in", "under", "glob"}),
    "texts": frozenset({"exists", "contains", "under", "glob"}) | _WORD_LISTS,
}


@dataclass
class Scope:
    """Where an expression stands: its rule's level, the lists it may name, its size so far."""

    level: Level
    lists: Mapping[str, NamedList]
    nodes: int = 0
    in_columns: bool = False
    facts: set[str] = field(default_factory=set)

    def sections(self) -> frozenset[str]:
        """The sections whose facts may be asked here."""
        return _SECTIONS["column" if self.in_columns else self.level]


def parse_expr(node: Node, scope: Scope, depth: int = 1) -> Expr:
    """Read an expression, or raise at the first thing that is not in the grammar."""
    scope.nodes += 1
    if depth > MAX_DEPTH:
        raise node.fail("expr_too_deep", f"conditions nested more than {MAX_DEPTH} deep")
    if scope.nodes > MAX_NODES:
        raise node.fail("expr_too_big", f"a rule has more than {MAX_NODES} conditions")
    keys = node.mapping()
    for name, parse in _FORMS.items():
        if name in keys:
            return parse(node, scope, depth)
    return _parse_compare(node, scope)


def _parse_every(node: Node, scope: Scope, depth: int) -> Expr:
    return Every(_parse_parts(node.take("all")["all"], scope, depth))


def _parse_some(node: Node, scope: Scope, depth: int) -> Expr:
    return Some(_parse_parts(node.take("any")["any"], scope, depth))


def _parse_parts(node: Node, scope: Scope, depth: int) -> tuple[Expr, ...]:
    return tuple(parse_expr(part, scope, depth + 1) for part in node.items(least=1))


def _parse_not(node: Node, scope: Scope, depth: int) -> Expr:
    return Not(parse_expr(node.take("not")["not"], scope, depth + 1))


def _parse_columns(node: Node, scope: Scope, depth: int) -> Expr:
    entries = node.take("columns where", "n")
    quantifier = cast("Quantifier", entries["columns"].choice(QUANTIFIERS))
    if scope.in_columns:
        raise node.fail("columns_nested", "columns can't stand inside columns")
    if scope.level == "source":
        raise node.fail("fact_out_of_scope", "a rule on sources does not see columns")
    if (quantifier == "count") != ("n" in entries):
        raise node.fail("value_invalid", "n goes with count, and only with count")
    n = entries["n"].whole(1, _MOST_COLUMNS) if "n" in entries else 1
    scope.in_columns = True
    where = parse_expr(entries["where"], scope, depth + 1)
    scope.in_columns = False
    return Columns(quantifier, where, n)


_FORMS: Final = {
    "all": _parse_every,
    "any": _parse_some,
    "not": _parse_not,
    "columns": _parse_columns,
}


def _parse_compare(node: Node, scope: Scope) -> Compare:
    entries = node.take("fact op", "value")
    fact = _parse_fact(entries["fact"], scope)
    op = entries["op"].text()
    if op not in OPS:
        raise entries["op"].fail("op_unknown", f"unknown op {op[:40]!r}; known: {', '.join(OPS)}")
    if op not in _OPS_OF[fact.kind]:
        raise entries["op"].fail("op_not_for_fact", f"{op} can't be asked of {fact.name}")
    if (op == "exists") == ("value" in entries):
        raise node.fail("value_invalid", "exists takes no value, every other op needs one")
    value = None if op == "exists" else _parse_value(entries["value"], fact, op, scope)
    return Compare(fact, cast("Op", op), value)


def _parse_fact(node: Node, scope: Scope) -> Fact:
    name = node.text()
    fact = find_fact(name)
    if fact is None:
        close = suggest_fact(name)
        hint = f"; did you mean {close!r}?" if close else ""
        raise node.fail("fact_unknown", f"unknown fact {name[:80]!r}{hint}")
    if fact.section not in scope.sections():
        raise node.fail("fact_out_of_scope", f"{name} is not known where this condition stands")
    scope.facts.add(name)
    return fact


def _parse_value(node: Node, fact: Fact, op: str, scope: Scope) -> Operand:
    if op == "lte_fact":
        other = _parse_fact(node, scope)
        if other.kind != "number":
            raise node.fail("type_wrong", f"{other.name} is no number")
        return other
    if op in {"in", "not_in"} or op in _WORD_LISTS:
        return _check_words(node, _parse_words(node, scope), fact)
    if op in {"under", "glob"}:
        words = (node.text(),) if isinstance(node.value, str) else node.texts(least=1)
        if any(len(word) > _LONGEST_GLOB for word in words):
            raise node.fail("value_invalid", f"a pattern has at most {_LONGEST_GLOB} characters")
        return words
    return _check_scalar(node, fact)


def _parse_words(node: Node, scope: Scope) -> tuple[str, ...]:
    if not isinstance(node.value, str):
        return node.texts(least=1)
    name = node.value.removeprefix("@")
    if not node.value.startswith("@"):
        raise node.fail("type_wrong", "expected a list, or @name of one")
    if name not in scope.lists:
        raise node.fail("list_unknown", f"there is no list {name[:80]!r}")
    return scope.lists[name].values


def _check_words(node: Node, words: tuple[str, ...], fact: Fact) -> tuple[str, ...]:
    strange = [w for w in words if fact.choices and w not in fact.choices]
    if strange:
        known = ", ".join(sorted(fact.choices))
        raise node.fail("value_invalid", f"{fact.name} is never {strange[0]!r}; it is {known}")
    return words


_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "bool": (bool,),
    "number": (int, float),
    "text": (str,),
    "texts": (str,),
}


def _check_scalar(node: Node, fact: Fact) -> Scalar:
    value = node.scalar()
    if isinstance(value, bool) != (fact.kind == "bool") or not isinstance(value, _KINDS[fact.kind]):
        raise node.fail("type_wrong", f"{fact.name} holds a {fact.kind}, this is something else")
    if isinstance(value, str):
        _check_words(node, (value,), fact)
    return value


def walk_expr(expr: Expr) -> Iterator[Compare]:
    """Every question about a fact in an expression."""
    if isinstance(expr, Compare):
        yield expr
    elif isinstance(expr, Not):
        yield from walk_expr(expr.part)
    elif isinstance(expr, Columns):
        yield from walk_expr(expr.where)
    else:
        for part in expr.parts:
            yield from walk_expr(part)


def list_operands(exprs: tuple[Expr, ...], fact: str) -> frozenset[str]:
    """The words that expressions compare a fact with, patterns left out."""
    questions = (
        q for expr in exprs for q in walk_expr(expr) if q.fact.name == fact and q.op != "glob"
    )
    return frozenset(
        word
        for question in questions
        for word in (question.value if isinstance(question.value, tuple) else (question.value,))
        if isinstance(word, str)
    )
