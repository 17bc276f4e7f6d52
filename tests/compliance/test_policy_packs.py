"""The packs that are shipped: complete, sourced, and in the words of our own taxonomy."""

from __future__ import annotations

from collections import Counter

import pytest

from apps.classification.taxonomy import TYPES
from apps.compliance.evaluator import evaluate, render_message
from apps.compliance.policy import Pack, Rule, load_shipped_packs

PACKS = load_shipped_packs()
RULES = [rule for pack in PACKS for rule in pack.rules]


def by_id(rules: list[Rule]) -> dict[str, Rule]:
    return {rule.id: rule for rule in rules}


def test_it_works() -> None:
    assert {pack.id: len(pack.rules) for pack in PACKS} == {"gdpr": 20, "hipaa": 10, "pci_dss": 14}
    assert len(by_id(RULES)) == 44
    assert load_shipped_packs() is PACKS


@pytest.mark.parametrize("pack", PACKS, ids=lambda p: p.id)
def test_pack_says_where_it_comes_from(pack: Pack) -> None:
    assert pack.legal_as_of is not None
    assert pack.review_by is not None
    assert pack.review_by > pack.legal_as_of
    assert pack.sources
    assert all(source.startswith("https://") for source in pack.sources)
    assert pack.jurisdiction
    assert all(rule.pack_id == pack.id for rule in pack.rules)


def test_grades_and_severities_are_those_of_the_catalogue() -> None:
    assert Counter(rule.evidence for rule in RULES) == {
        "indicator": 20,
        "decisive": 14,
        "declaration": 10,
    }
    assert Counter(rule.level for rule in RULES) == {"table": 26, "column": 11, "source": 7}
    critical = {rule.id for rule in RULES if rule.severity == "critical"}
    assert {"PCI-3312-CVV", "PCI-351-PAN", "GDPR-09-SPECIAL", "GDPR-25-2-PUBLIC"} <= critical


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_rule_speaks_of_known_types_and_fits_a_finding(rule: Rule) -> None:
    assert rule.types_used <= set(TYPES)
    known = {category for kind in TYPES.values() for category in kind.categories}
    for category in rule.categories_used - {"user"}:
        assert any(k == category or k.startswith(f"{category}.") for k in known), category
    assert len(rule.id) <= 64
    assert len(rule.title) <= 300
    assert 0 < len(rule.citation) <= 300


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_message_has_no_open_placeholder_when_facts_are_few(rule: Rule) -> None:
    for example in rule.tests:
        message = render_message(rule, example.facts)
        assert "{" not in message
        assert message


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_rule_is_never_broken_when_nothing_is_known(rule: Rule) -> None:
    verdict = evaluate(rule, {})
    assert verdict.outcome == "unknown"
    assert verdict.missing


def test_every_fact_that_decides_alone_has_an_example_without_it() -> None:
    unknown = [r.id for r in RULES if all(t.expect != "unknown" for t in r.tests)]
    # These rest on declarations alone, once the columns are classified.
    assert set(unknown) == {
        "GDPR-06-1-BASIS",
        "GDPR-10-CRIMINAL",
        "GDPR-05-2-OWNER",
        "PCI-321-RETENTION",
        "PCI-1252-SCOPE",
    }
