"""Verdicts: what each question makes of missing, empty and present facts, and how sure it is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from apps.compliance.evaluator import MISSING, RuleBook, evaluate, render_message
from apps.compliance.policy import Rule, load_pack, load_shipped_packs
from apps.compliance.policy.compiling import compile_expr
from apps.compliance.policy.expressions import Scope, parse_expr
from apps.compliance.policy.reading import Node

RULES = {rule.id: rule for pack in load_shipped_packs() for rule in pack.rules}
PAN = "finance.credit_card_number"


def ask(question: dict[str, object], facts: dict[str, object], level: Any = "column") -> object:
    expr = parse_expr(Node(question, ""), Scope(level, {}))
    column = facts.get("column")
    return compile_expr(expr)(facts, column if isinstance(column, dict) else None)


@pytest.mark.parametrize(
    ("fact", "op", "value", "fits", "fits_not", "when_empty"),
    [
        ("column.name", "exists", None, "a", None, False),
        ("column.nullable", "exists", None, False, None, False),
        ("column.null_rate", "exists", None, 0, None, False),
        ("column.categories", "exists", None, ["a"], None, False),
        ("column.name", "eq", "a", "a", "b", False),
        ("column.nullable", "eq", True, True, False, False),
        ("column.null_rate", "eq", 0, 0.0, 1, False),
        ("column.name", "ne", "a", "b", "a", True),
        ("column.name", "in", ["a", "b"], "b", "c", False),
        ("column.name", "not_in", ["a", "b"], "c", "b", True),
        ("column.semantic_type", "under", "health", "health.medication", "healthy", False),
        ("column.categories", "under", ["user"], ["x", "user.name"], ["username"], False),
        ("column.name", "glob", ["cust_*", "*_nm"], "cust_%{}'", "xcust_", False),
        ("column.name", "glob", "a[b]?", "abé", "a[b]x", False),
        ("column.categories", "contains", "a", ["b", "a"], ["b"], False),
        ("column.categories", "intersects", ["a", "b"], ["b", "c"], ["c"], False),
        ("column.categories", "disjoint", ["a", "b"], ["c"], ["b", "c"], True),
        ("column.categories", "subset_of", ["a", "b"], ["a"], ["a", "c"], True),
        ("column.categories", "intersects_not_in", ["a", "b"], ["a", "c"], ["a"], False),
        ("column.null_rate", "gt", 0.5, 0.6, 0.5, False),
        ("column.null_rate", "gte", 0.5, 0.5, 0.4, False),
        ("column.null_rate", "lt", 0.5, 0.4, 0.5, False),
        ("column.null_rate", "lte", 0.5, 0.5, 0.6, False),
    ],
)
def test_question_is_answered(
    *, fact: str, op: str, value: object, fits: object, fits_not: object, when_empty: bool
) -> None:
    question = {"fact": fact, "op": op} | ({} if value is None else {"value": value})
    name = fact.partition(".")[2]

    assert ask(question, {"column": {name: fits}}) is True
    assert ask(question, {"column": {name: fits_not}}) is (when_empty and fits_not is None)
    assert ask(question, {"column": {name: None}}) is when_empty
    for nothing in ({}, {"column": None}, {"column": {}}, {"column": {name: MISSING}}):
        assert ask(question, nothing) is None


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("column.nullable", 1),
        ("column.nullable", "true"),
        ("column.null_rate", True),
        ("column.null_rate", "0.5"),
        ("column.null_rate", float("nan")),
        ("column.null_rate", float("inf")),
        ("column.null_rate", 10**400),
        ("column.name", 7),
        ("column.categories", [1]),
        ("column.protection", "unknown"),
        ("column.protection", "quantum"),
    ],
)
def test_fact_is_unknown_when_its_value_makes_no_sense(fact: str, value: object) -> None:
    question = {"fact": fact, "op": "exists"}
    assert ask(question, {"column": {fact.partition(".")[2]: value}}) is None


def test_declaration_is_known_to_lack_when_its_section_is_there() -> None:
    tag = {"fact": "table.tags.retention_days", "op": "exists"}
    owner = {"fact": "table.owner", "op": "exists"}

    assert ask(tag, {"table": {}}) is False
    assert ask(tag, {"table": {"tags": {}}}) is False
    assert ask(tag, {"table": {"tags": {"retention_days": 30}}}) is True
    assert ask(owner, {"table": {}}) is False
    assert ask(tag, {}) is None
    assert ask(tag, {"table": {"tags": MISSING}}) is None
    assert ask({"fact": "table.k_min", "op": "exists"}, {"table": {}}) is None


def test_two_facts_compare_when_both_are_known() -> None:
    question = {
        "fact": "table.oldest_row_age_days",
        "op": "lte_fact",
        "value": "table.tags.retention_days",
    }

    def compare(age: object, days: object) -> object:
        table = {"oldest_row_age_days": age, "tags": {"retention_days": days}}
        return ask(question, {"table": table}, "table")

    assert compare(30, 30) is True
    assert compare(31, 30) is False
    assert compare(None, 30) is False
    assert compare(30, None) is False
    assert compare(MISSING, 30) is None


@pytest.mark.parametrize(
    ("quantifier", "n", "marks", "truth"),
    [
        ("any", None, [], False),
        ("any", None, [0, None], None),
        ("any", None, [0, None, 1], True),
        ("all", None, [], True),
        ("all", None, [1, None], None),
        ("all", None, [1, None, 0], False),
        ("none", None, [], True),
        ("none", None, [0, None], None),
        ("none", None, [None, 1], False),
        ("count", 2, [1, 1, None], True),
        ("count", 2, [1, None, 0], None),
        ("count", 2, [1, 0, 0], False),
    ],
)
def test_columns_are_counted(
    quantifier: str, n: int | None, marks: list[int | None], truth: bool | None
) -> None:
    where = {"fact": "column.null_rate", "op": "eq", "value": 1}
    question = {"columns": quantifier, "where": where} | ({} if n is None else {"n": n})
    columns = [{} if m is None else {"null_rate": m} for m in marks]

    assert ask(question, {"columns": columns}, "table") is truth
    assert ask(question, {}, "table") is None


def card(confidence: float | None = None, **more: object) -> dict[str, object]:
    sure = {} if confidence is None else {"confidence": confidence}
    return {"name": "pan", "semantic_type": PAN, **sure, **more}


def test_verdict_says_what_it_rests_on() -> None:
    facts = {
        "columns": [card(0.7), {"name": "note", "semantic_type": "text.free", "confidence": 0.2}],
        "table": {"fqn": "main.cards"},
        "source": {"name": "shop", "tags": {}},
    }
    verdict = evaluate(RULES["PCI-1252-SCOPE"], facts)

    assert (verdict.outcome, verdict.confidence) == ("fail", 0.7)
    assert verdict.facts == {"source.tags.cde": None, "columns": ["pan"]}
    assert verdict.missing == ()
    message = render_message(RULES["PCI-1252-SCOPE"], facts)
    assert message.startswith("main.cards holds card numbers (pan) outside")


def test_unknown_verdict_names_what_is_missing() -> None:
    verdict = evaluate(RULES["PCI-3312-CVV"], {"column": {"name": "cvv"}})
    assert (verdict.outcome, verdict.missing) == ("unknown", ("column.semantic_type",))

    column = {"semantic_type": "finance.card_security_code"}
    verdict = evaluate(RULES["PCI-3312-CVV"], {"column": column})
    assert (verdict.outcome, verdict.missing) == ("unknown", ("column.non_null_rows",))

    assert evaluate(RULES["PCI-1252-SCOPE"], {}).missing == ("columns",)


@pytest.mark.parametrize(
    ("columns", "confidence"),
    [
        ([card(0.6)], 0.6),
        ([card(0.6), card(0.9)], 0.9),
        ([card()], 1.0),
        ([card(float("nan"))], 0.0),
        ([card(0.9), {"semantic_type": "other", "confidence": 0.1}], 0.9),
    ],
)
def test_surest_witness_counts_when_one_is_enough(
    columns: list[dict[str, object]], confidence: float
) -> None:
    verdict = evaluate(RULES["PCI-321-RETENTION"], {"columns": columns, "table": {}})
    assert (verdict.outcome, verdict.confidence) == ("fail", confidence)


def test_least_sure_condition_counts_when_all_are_needed() -> None:
    columns = [
        {"semantic_type": "finance.card_hash", "confidence": 0.95},
        {"semantic_type": "finance.card_truncated", "confidence": 0.5},
    ]
    verdict = evaluate(RULES["PCI-351-CORRELATE"], {"columns": columns})
    assert (verdict.outcome, verdict.confidence) == ("fail", 0.5)


def test_labels_lend_no_doubt_when_a_rule_reads_none() -> None:
    facts = {"source": {"has_pan": True, "audit_logging": False}}
    assert evaluate(RULES["PCI-1021-LOG"], facts).confidence == 1.0


HOSTILE = [
    "{column.name}",
    "{0.__class__}",
    "%(x)s %s",
    "a'\"; DROP TABLE x; --",
    "x" * 5_000,
    "line\nbreak\x1b[31m\u202egnp",
    "{",
    "\\g<0>",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_name_stays_a_name_when_it_is_hostile(name: str) -> None:
    rule = RULES["PCI-3312-CVV"]
    facts = {
        "column": {
            "fqn": name,
            "name": "inner",
            "semantic_type": "finance.card_security_code",
            "non_null_rows": 3,
        }
    }
    message = render_message(rule, facts)

    shown = message.removesuffix(rule.message.removeprefix("{column.fqn}"))
    assert shown != message
    assert len(shown) <= 300
    assert shown.isprintable()
    if name.isprintable() and len(name) <= 300:
        assert shown == name


def test_message_is_readable_when_facts_are_absent() -> None:
    facts = {"columns": [card()], "table": {"fqn": "t", "grants": {"read_roles": 1_234_567}}}
    message = render_message(RULES["PCI-72-ACCESS"], facts)
    assert "every role: unknown; roles with access: 1,234,567." in message


def test_many_columns_are_shortened_in_a_message() -> None:
    columns = [{"name": f"dx{i}", "categories": ["user.health_and_medical"]} for i in range(40)]
    facts = {"columns": columns, "table": {"fqn": "t"}}

    message = render_message(RULES["GDPR-09-SPECIAL"], facts)
    verdict = evaluate(RULES["GDPR-09-SPECIAL"], facts)

    assert "dx9 and 30 more" in message
    assert len(verdict.facts["columns"]) == 20


def test_rule_without_when_applies_to_all() -> None:
    text = yaml.safe_dump(
        {
            "schema": "datawave.policy/v1",
            "pack": {"id": "a", "title": "A", "version": "1.0.0"},
            "rules": [
                {
                    "id": "A-1",
                    "title": "Every table has an owner",
                    "citations": [{"law": "ISO/IEC 27001:2022", "ref": "A.5.9"}],
                    "level": "table",
                    "severity": "low",
                    "evidence": "decisive",
                    "require": {"fact": "table.owner", "op": "exists"},
                    "message": "No owner.",
                    "remediation": "Assign one.",
                    "limits": "None.",
                    "tests": [
                        {"name": "none", "facts": {}, "expect": "fail"},
                        {"name": "one", "facts": {"table.owner": "bo"}, "expect": "pass"},
                    ],
                }
            ],
        }
    )
    rule = load_pack(text).rules[0]
    assert evaluate(rule, {"table": {"owner": ""}}).outcome == "fail"


class TestRuleBook:
    book = RuleBook(load_shipped_packs())

    def test_it_works(self) -> None:
        assert [len(self.book.list_rules(level)) for level in ("column", "table", "source")] == [
            11,
            26,
            7,
        ]

    @pytest.mark.parametrize("kind", [PAN, "finance.card_security_code", "text.free", "date", None])
    def test_left_out_rules_are_not_applicable(self, kind: str | None) -> None:
        asked = set(self.book.list_column_rules(kind))
        left: list[Rule] = [r for r in self.book.list_rules("column") if r not in asked]
        facts = {"column": {"semantic_type": kind, "categories": []}, "table": {}, "source": {}}

        assert left
        assert {evaluate(rule, facts).outcome for rule in left} == {"not_applicable"}

    def test_rule_on_a_type_is_asked_of_that_type(self) -> None:
        assert RULES["PCI-351-PAN"] in self.book.list_column_rules(PAN)
        assert RULES["PCI-351-PAN"] not in self.book.list_column_rules("date")
        assert RULES["GDPR-32-1A-CLEAR"] in self.book.list_column_rules("date")
