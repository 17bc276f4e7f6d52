"""Judges one asset by one rule, and says in words what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from apps.compliance.facts import FACTS, MISSING, Facts, Read, Reading, Section, make_reader

from .messages import PLACEHOLDER, format_names, format_value
from .model import Outcome, Rule, Why

_MOST_COLUMNS = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an asset stands to a rule.

    `facts` are the facts it rests on, by name, with the names of the columns under "columns";
    `missing` names the facts for lack of which it is unknown. `confidence` is the lowest of the
    labels relied on, 1.0 where none was.
    """

    outcome: Outcome
    facts: dict[str, object] = field(default_factory=dict)
    confidence: float = 1.0
    missing: tuple[str, ...] = ()


def evaluate(rule: Rule, facts: Facts) -> Verdict:
    """Judge the asset in `facts`; a lack of facts gives unknown, never an error."""
    column = _subject(rule, facts)
    applies = None if rule.applies is None else rule.applies(facts, column)
    if applies is False:
        return Verdict("not_applicable")
    whys = _explain(rule, facts, column)
    return Verdict(
        _conclude(whys),
        _gather_facts(rule, facts, column, whys),
        min(why.confidence for why in whys),
        tuple(sorted(frozenset().union(*(why.missing for why in whys)))),
    )


def _subject(rule: Rule, facts: Facts) -> Section | None:
    column = facts.get("column") if rule.level == "column" else None
    return column if isinstance(column, Mapping) else None


def _explain(rule: Rule, facts: Facts, column: Section | None) -> list[Why]:
    if rule.why_applies is None:
        return [rule.why_holds(facts, column)]
    applies = rule.why_applies(facts, column)
    # While it is unknown whether the rule applies, what it requires says nothing.
    return [applies, rule.why_holds(facts, column)] if applies.truth else [applies]


def _conclude(whys: list[Why]) -> Outcome:
    truth = whys[-1].truth
    if truth is None:
        return "unknown"
    return "pass" if truth else "fail"


@lru_cache(maxsize=1024)
def _reader(name: str) -> Read:
    return make_reader(FACTS[name])


def _gather_facts(
    rule: Rule, facts: Facts, column: Section | None, whys: list[Why]
) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in sorted(rule.facts_used):
        fact = FACTS[name]
        if not fact.printable or (fact.section == "column" and column is None):
            continue
        value = _reader(name)(facts, column)
        if value is not MISSING:
            found[name] = list(value) if isinstance(value, tuple) else value
    hits = _name_hits(whys)
    return {**found, "columns": hits[:_MOST_COLUMNS]} if hits else found


def _name_hits(whys: list[Why]) -> list[str]:
    names = (str(hit.get("name") or hit.get("fqn") or "?") for why in whys for hit in why.hits)
    return list(dict.fromkeys(names))


def render_message(rule: Rule, facts: Facts) -> str:
    """The rule's message about this asset; one pass, so names can't smuggle placeholders in."""
    column = _subject(rule, facts)

    def fill(name: str) -> str:
        if name == "columns":
            return format_names(_name_hits(_explain(rule, facts, column))) or "none"
        return format_value(_read(name, facts, column))

    return PLACEHOLDER.sub(lambda match: fill(match[1]), rule.message)


def _read(name: str, facts: Facts, column: Section | None) -> Reading:
    return _reader(name)(facts, column) if name in FACTS else MISSING
