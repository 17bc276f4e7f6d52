"""The grammar of a rule and of the examples it carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from apps.compliance.facts import FACTS, MISSING, Fact, Facts, make_reader, suggest_fact

from .compiling import compile_expr
from .evaluation import evaluate
from .explaining import compile_why
from .expressions import Scope, list_operands, parse_expr
from .messages import PLACEHOLDER, list_placeholders
from .model import (
    EVIDENCES,
    LEVELS,
    OUTCOMES,
    SEVERITIES,
    Citation,
    Evidence,
    Level,
    NamedList,
    Outcome,
    Rule,
    RuleTest,
    SeverityName,
)
from .reading import Node

RULE_ID: Final = r"[A-Z][A-Z0-9-]{1,63}"
_REQUIRED = "id title citations level severity evidence require message remediation limits tests"
_SECTIONS = ("table", "source")
_TESTED: Final = ("fail", "pass")


def parse_rule(node: Node, pack_id: str, lists: Mapping[str, NamedList]) -> Rule:
    """Read a rule; its own examples must hold."""
    entries = node.take(_REQUIRED, "when")
    level = cast("Level", entries["level"].choice(LEVELS))
    scope = Scope(level, lists)
    when = parse_expr(entries["when"], scope) if "when" in entries else None
    require = parse_expr(entries["require"], scope)
    exprs = (require,) if when is None else (when, require)
    rule = Rule(
        id=entries["id"].text(pattern=RULE_ID),
        pack_id=pack_id,
        title=entries["title"].text(longest=300),
        citations=_parse_citations(entries["citations"]),
        level=level,
        severity=cast("SeverityName", entries["severity"].choice(SEVERITIES)),
        evidence=cast("Evidence", entries["evidence"].choice(EVIDENCES)),
        when=when,
        require=require,
        message=_parse_message(entries["message"], level),
        remediation=entries["remediation"].text(),
        limits=entries["limits"].text(),
        tests=_parse_tests(entries["tests"]),
        facts_used=frozenset(scope.facts),
        types_used=list_operands(exprs, "column.semantic_type"),
        categories_used=list_operands(exprs, "column.categories"),
        applies=None if when is None else compile_expr(when),
        why_applies=None if when is None else compile_why(when),
        why_holds=compile_why(require),
    )
    _run_tests(rule, entries["tests"])
    return rule


def _parse_citations(node: Node) -> tuple[Citation, ...]:
    found = []
    for item in node.items(least=1):
        entries = item.take("law ref")
        found.append(Citation(entries["law"].text(longest=80), entries["ref"].text(longest=120)))
    return tuple(found)


def _parse_message(node: Node, level: Level) -> str:
    message = node.text(longest=500)
    known = list_placeholders(level)
    for name in PLACEHOLDER.findall(message):
        if name not in known:
            raise node.fail("placeholder_unknown", f"{{{name[:80]}}} can't stand in this message")
    return message


def _parse_tests(node: Node) -> tuple[RuleTest, ...]:
    tests = tuple(_parse_test(item) for item in node.items())
    expected = {test.expect for test in tests}
    for outcome in _TESTED:
        if outcome not in expected:
            raise node.fail("tests_missing", f"a rule needs an example that expects {outcome}")
    return tests


def _parse_test(node: Node) -> RuleTest:
    entries = node.take("name facts expect")
    return RuleTest(
        entries["name"].text(longest=200),
        _parse_facts(entries["facts"]),
        cast("Outcome", entries["expect"].choice(OUTCOMES)),
    )


def _parse_facts(node: Node) -> Facts:
    """Facts of an example: sections as mappings, or single facts by their dotted names."""
    facts: dict[str, object] = {section: {} for section in _SECTIONS}
    for key, value in node.mapping().items():
        child = node.child(key, value)
        if key == "columns":
            facts[key] = [_parse_section(item, "column") for item in child.items()]
        elif key in {"column", *_SECTIONS}:
            _merge(facts, key, _parse_section(child, key))
        else:
            _put(facts, child, key)
    return facts


def _merge(facts: dict[str, object], section: str, found: dict[str, object]) -> None:
    present = facts.get(section)
    facts[section] = {**present, **found} if isinstance(present, dict) else found


def _parse_section(node: Node, section: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in node.mapping().items():
        _put({section: found}, node.child(key, value), f"{section}.{key}")
    return found


def _put(facts: dict[str, object], node: Node, name: str) -> None:
    fact = FACTS.get(name)
    if fact is None and isinstance(node.value, dict) and _is_group(name):
        for key, value in node.value.items():
            _put(facts, node.child(key, value), f"{name}.{key}")
        return
    if fact is None:
        close = suggest_fact(name)
        hint = f"; did you mean {close!r}?" if close else ""
        raise node.fail("fact_unknown", f"unknown fact {name[:80]!r}{hint}")
    _check_readable(node, fact)
    place = facts.setdefault(fact.section, {})
    for key in fact.path[:-1]:
        place = cast("dict[str, object]", place).setdefault(key, {})
    cast("dict[str, object]", place)[fact.path[-1]] = node.value


def _is_group(name: str) -> bool:
    return any(known.startswith(f"{name}.") for known in FACTS)


def _check_readable(node: Node, fact: Fact) -> None:
    if node.value == "unknown" and fact.choices:
        return
    nested: object = node.value
    for key in reversed(fact.path):
        nested = {key: nested}
    section = cast("dict[str, object]", nested)
    if make_reader(fact)({fact.section: section}, section) is MISSING:
        raise node.fail("type_wrong", f"{fact.name} is a {fact.kind} and can't have this value")


def _run_tests(rule: Rule, node: Node) -> None:
    for test, item in zip(rule.tests, node.items(), strict=True):
        outcome = evaluate(rule, test.facts).outcome
        if outcome != test.expect:
            found = f"example {test.name!r} gives {outcome}, not {test.expect}"
            raise item.fail("test_failed", found)
