"""The compiled evaluator against a naive one, over random rules and facts."""

from __future__ import annotations

import fnmatch
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.compliance.evaluator import evaluate, render_message
from apps.compliance.facts import FACTS
from apps.compliance.policy import load_shipped_packs
from apps.compliance.policy.compiling import compile_expr
from apps.compliance.policy.explaining import compile_why
from apps.compliance.policy.expressions import Scope, parse_expr
from apps.compliance.policy.reading import Node

WORDS = ["a", "a.b", "a.b.c", "ab", "b", "none", "masked"]
words = st.sampled_from(WORDS[:5])
word_lists = st.lists(words, min_size=1, max_size=3)
numbers = st.integers(0, 3)

TEXTS, TEXT, NUMBER, BOOL = "categories", "name", "null_rate", "nullable"
values: dict[str, st.SearchStrategy[Any]] = {
    TEXT: st.one_of(st.none(), words, st.just(7)),
    TEXTS: st.one_of(st.none(), st.lists(words, max_size=3), words),
    NUMBER: st.one_of(st.none(), numbers, st.just(True), st.just("x")),
    BOOL: st.one_of(st.none(), st.booleans(), st.just(1)),
}
columns = st.fixed_dictionaries(
    {}, optional={**values, "confidence": st.sampled_from([0.1, 0.5, 0.9])}
)
tables = st.fixed_dictionaries(
    {},
    optional={
        "k_min": values[NUMBER],
        "row_estimate": values[NUMBER],
        "owner": values[TEXT],
        "flow_regions": values[TEXTS],
        "has_pk": values[BOOL],
    },
)
facts_strategy = st.fixed_dictionaries(
    {"table": tables}, optional={"columns": st.lists(columns, max_size=4)}
)
OPS = {
    "text": ["exists", "eq", "ne", "in", "not_in", "under", "glob"],
    "texts": ["exists", "contains", "under", "glob", "intersects", "intersects_not_in",
              "disjoint", "subset_of"],
    "number": ["exists", "eq", "ne", "gt", "gte", "lt", "lte", "lte_fact"],
    "bool": ["exists", "eq", "ne"],
}  # fmt: skip
COLUMN_FACTS = [f"column.{n}" for n in values]
TABLE_FACTS = [f"table.{n}" for n in ("k_min", "row_estimate", "owner", "flow_regions", "has_pk")]


@st.composite
def questions(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    name = draw(st.sampled_from(names))
    kind = FACTS[name].kind
    op = draw(st.sampled_from(OPS[kind]))
    if op == "exists":
        return {"fact": name, "op": op}
    if op == "lte_fact":
        return {"fact": name, "op": op, "value": "table.row_estimate"}
    if op in {"eq", "ne", "gt", "gte", "lt", "lte", "contains"}:
        single = {"text": words, "texts": words, "number": numbers, "bool": st.booleans()}
        return {"fact": name, "op": op, "value": draw(single[kind])}
    return {"fact": name, "op": op, "value": draw(word_lists)}


def grow(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda part: st.one_of(
            st.builds(lambda p: {"not": p}, part),
            st.builds(lambda p: {"all": p}, st.lists(part, min_size=1, max_size=3)),
            st.builds(lambda p: {"any": p}, st.lists(part, min_size=1, max_size=3)),
        ),
        max_leaves=6,
    )


inner = grow(questions([*COLUMN_FACTS, *TABLE_FACTS]))
quantified = st.one_of(
    st.builds(lambda q, w: {"columns": q, "where": w}, st.sampled_from(["any", "all", "none"]),
              inner),
    st.builds(lambda n, w: {"columns": "count", "n": n, "where": w}, st.integers(1, 3), inner),
)  # fmt: skip
exprs = grow(st.one_of(questions(TABLE_FACTS), quantified))

# The naive one: 1 is true, 0 false, ½ unknown; all is min, any is max, not is 1 - x.
UNKNOWN = 0.5


def naive(expr: dict[str, Any], facts: dict[str, Any], column: dict[str, Any]) -> float:
    if "all" in expr:
        return min(naive(p, facts, column) for p in expr["all"])
    if "any" in expr:
        return max(naive(p, facts, column) for p in expr["any"])
    if "not" in expr:
        return 1 - naive(expr["not"], facts, column)
    if "columns" in expr:
        return naive_columns(expr, facts)
    return naive_question(expr, facts, column)


def naive_columns(expr: dict[str, Any], facts: dict[str, Any]) -> float:
    if "columns" not in facts:
        return UNKNOWN
    truths = sorted((naive(expr["where"], facts, c) for c in facts["columns"]), reverse=True)
    if expr["columns"] == "all":
        return min(truths, default=1)
    if expr["columns"] == "none":
        return 1 - max(truths, default=0)
    n = expr.get("n", 1)
    return truths[n - 1] if len(truths) >= n else 0


def naive_value(name: str, facts: dict[str, Any], column: dict[str, Any]) -> Any:
    section, _, key = name.partition(".")
    place = column if section == "column" else facts[section]
    value = place.get(key, None if name == "table.owner" else KeyError)
    kind = FACTS[name].kind
    if value is None or value == [] or value is KeyError:
        return value if value is KeyError else None
    if kind == "texts" and isinstance(value, str):
        return [value]
    fits = {"text": str, "texts": list, "number": int, "bool": bool}[kind]
    return value if isinstance(value, fits) and type(value) is fits else KeyError


def naive_question(expr: dict[str, Any], facts: dict[str, Any], column: dict[str, Any]) -> float:
    value, op, wanted = (
        naive_value(expr["fact"], facts, column),
        expr["op"],
        expr.get("value"),
    )
    if op == "lte_fact":
        wanted = naive_value("table.row_estimate", facts, column)
        if KeyError in (value, wanted):
            return UNKNOWN
        return float(value is not None and wanted is not None and value <= wanted)
    if value is KeyError:
        return UNKNOWN
    if value is None:
        return float(op in {"ne", "not_in", "disjoint", "subset_of"})
    found = value if isinstance(value, list) else [value]
    answers = {
        "exists": lambda: True,
        "eq": lambda: value == wanted,
        "ne": lambda: value != wanted,
        "in": lambda: value in wanted,
        "not_in": lambda: value not in wanted,
        "contains": lambda: wanted in value,
        "gt": lambda: value > wanted,
        "gte": lambda: value >= wanted,
        "lt": lambda: value < wanted,
        "lte": lambda: value <= wanted,
        "under": lambda: any(f == w or f.startswith(w + ".") for f in found for w in wanted),
        "glob": lambda: any(fnmatch.fnmatchcase(f, w) for f in found for w in wanted),
        "intersects": lambda: bool(set(found) & set(wanted)),
        "disjoint": lambda: not set(found) & set(wanted),
        "subset_of": lambda: set(found) <= set(wanted),
        "intersects_not_in": lambda: bool(set(found) - set(wanted)),
    }
    return float(answers[op]())


TRUTHS = {1.0: True, 0.0: False, UNKNOWN: None}


def compiled(raw: dict[str, Any]) -> Any:
    return parse_expr(Node(raw, ""), Scope("table", {}))


@settings(max_examples=400, deadline=None)
@given(exprs, facts_strategy)
def test_truth_is_that_of_the_naive_evaluator(raw: dict[str, Any], facts: dict[str, Any]) -> None:
    expr = compiled(raw)
    expected = TRUTHS[naive(raw, facts, {})]

    assert compile_expr(expr)(facts, None) is expected
    why = compile_why(expr)(facts, None)
    assert why.truth is expected
    assert bool(why.missing) is (expected is None)
    sure = [c.get("confidence", 1.0) for c in facts.get("columns", ())]
    assert why.confidence in {1.0, *sure}


@settings(max_examples=300, deadline=None)
@given(exprs, facts_strategy, st.data())
def test_known_answer_stands_when_more_becomes_known(
    raw: dict[str, Any], facts: dict[str, Any], data: st.DataObject
) -> None:
    test = compile_expr(compiled(raw))
    before = test(facts, None)
    fuller = data.draw(tables)
    more = {**facts, "table": {**fuller, **facts["table"]}}
    # An owner is a declaration: its absence is known already.
    if "owner" not in facts["table"]:
        more["table"].pop("owner", None)

    after = test(more, None)
    assert before is None or after is before


junk = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**400), 10**400),
        st.floats(),
        st.text(max_size=3),
        st.binary(max_size=2),
        st.builds(object),
    ),
    lambda part: st.one_of(
        st.lists(part, max_size=3), st.dictionaries(st.text(max_size=3), part, max_size=3)
    ),
    max_leaves=4,
)


def section(name: str) -> st.SearchStrategy[Any]:
    keys = [fact.path[0] for fact in FACTS.values() if fact.section == name]
    return st.one_of(junk, st.dictionaries(st.sampled_from(keys), junk, max_size=8))


anything = st.fixed_dictionaries(
    {},
    optional={
        "column": section("column"),
        "columns": st.one_of(junk, st.lists(section("column"), max_size=3)),
        "table": section("table"),
        "source": section("source"),
    },
)
RULES = [rule for pack in load_shipped_packs() for rule in pack.rules]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(RULES), anything)
def test_verdict_is_reached_when_facts_are_nonsense(rule: Any, facts: dict[str, Any]) -> None:
    verdict = evaluate(rule, facts)
    assert verdict.outcome in {"pass", "fail", "unknown", "not_applicable"}
    assert (verdict.outcome == "unknown") is bool(verdict.missing)
    assert 0 <= verdict.confidence <= 1
    assert render_message(rule, facts).isprintable()
