"""Asks rules of tables and sources, and keeps what came of it: failures, unknowns, four counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from apps.discovery.types import BatchTable

from .collect import Known, Section, build_table_facts
from .evaluator import RuleBook, Verdict, evaluate, render_message
from .facts import FACTS
from .policy import Rule


@dataclass(frozen=True, kw_only=True)
class Asset:
    """What a verdict is about: a field, a dataset, or the source itself."""

    source_id: int
    dataset_id: int | None = None
    field_id: int | None = None

    def make_key(self, rule: Rule) -> str:
        """The name under which a repeated check finds the same finding."""
        if self.field_id is not None:
            return f"{rule.id}:field:{self.field_id}"
        if self.dataset_id is not None:
            return f"{rule.id}:dataset:{self.dataset_id}"
        return f"{rule.id}:source:{self.source_id}"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A rule that an asset breaks."""

    rule: Rule
    asset: Asset
    message: str
    verdict: Verdict


@dataclass(kw_only=True)
class Outcomes:
    """What a check found."""

    rule_ids: set[str] = field(default_factory=set)
    dataset_ids: set[int] = field(default_factory=set)
    failures: dict[str, Failure] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    # (rule id, outcome) -> how many assets
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)


def needs_labels(rule: Rule) -> bool:
    """Whether a rule asks what columns mean, here or through what a source holds."""
    return any(_rests_on_labels(name) for name in rule.facts_used)


def _rests_on_labels(name: str) -> bool:
    return FACTS[name].from_label or name.startswith("source.has_") or name == "table.sensitivity"


def check_tables(
    book: RuleBook, tables: Iterable[BatchTable], known: Known, source_id: int
) -> Outcomes:
    """Ask the rules on tables and columns of each table."""
    outcomes = Outcomes(rule_ids={rule.id for rule in book.rules if rule.level != "source"})
    for table in tables:
        outcomes.dataset_ids.add(table.dataset_id)
        facts = build_table_facts(table, known)
        asset = Asset(source_id=source_id, dataset_id=table.dataset_id)
        for rule in book.list_rules("table"):
            _judge(outcomes, rule, facts, asset)
        _check_columns(outcomes, book, table, facts, source_id)
    return outcomes


def _check_columns(
    outcomes: Outcomes, book: RuleBook, table: BatchTable, facts: Section, source_id: int
) -> None:
    for column in cast("list[Section]", facts["columns"]):
        field_id = table.field_ids.get(str(column["name"]))
        if field_id is None:
            continue
        asset = Asset(source_id=source_id, dataset_id=table.dataset_id, field_id=field_id)
        asked = _rules_for(book, column)
        for rule in asked:
            _judge(outcomes, rule, {**facts, "column": column}, asset)
        if len(asked) < len(book.list_rules("column")):
            spared = {rule.id for rule in book.list_rules("column")} - {rule.id for rule in asked}
            outcomes.counts.update((rule_id, "not_applicable") for rule_id in spared)


def _rules_for(book: RuleBook, column: Section) -> tuple[Rule, ...]:
    if "semantic_type" not in column:
        return book.list_rules("column")
    kind = column["semantic_type"]
    return book.list_column_rules(kind if isinstance(kind, str) else None)


def check_source(book: RuleBook, source_facts: Section, source_id: int) -> Outcomes:
    """Ask the rules on the source itself."""
    rules = book.list_rules("source")
    outcomes = Outcomes(rule_ids={rule.id for rule in rules})
    for rule in rules:
        _judge(outcomes, rule, {"source": source_facts}, Asset(source_id=source_id))
    return outcomes


def _judge(outcomes: Outcomes, rule: Rule, facts: Section, asset: Asset) -> None:
    verdict = evaluate(rule, facts)
    outcomes.counts[rule.id, verdict.outcome] += 1
    if verdict.outcome == "unknown":
        outcomes.unknown.add(asset.make_key(rule))
    elif verdict.outcome == "fail":
        outcomes.failures[asset.make_key(rule)] = Failure(
            rule=rule, asset=asset, message=render_message(rule, facts), verdict=verdict
        )


def merge_outcomes(first: Outcomes, second: Outcomes) -> Outcomes:
    """Both together."""
    return Outcomes(
        rule_ids=first.rule_ids | second.rule_ids,
        dataset_ids=first.dataset_ids | second.dataset_ids,
        failures={**first.failures, **second.failures},
        unknown=first.unknown | second.unknown,
        counts=first.counts + second.counts,
    )
