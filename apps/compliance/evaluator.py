"""Judges assets by the rules of policy packs: which rules to ask of what, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable

from .facts import MISSING, Facts
from .policy import Pack, Rule
from .policy.evaluation import Verdict, evaluate, render_message
from .policy.model import Compare, Every, Expr, Level

__all__ = ["MISSING", "Facts", "RuleBook", "Verdict", "evaluate", "render_message"]


class RuleBook:
    """The rules of some packs, by level; those on columns also by the types they can apply to."""

    def __init__(self, packs: Iterable[Pack]) -> None:
        self.packs = tuple(packs)
        self.rules = tuple(rule for pack in self.packs for rule in pack.rules)
        self._by_level: dict[str, tuple[Rule, ...]] = {
            level: tuple(rule for rule in self.rules if rule.level == level)
            for level in ("column", "table", "source")
        }
        self._types = {rule.id: _required_types(rule.when) for rule in self._by_level["column"]}
        self._by_type: dict[str, tuple[Rule, ...]] = {}

    def list_rules(self, level: Level) -> tuple[Rule, ...]:
        """All rules of a level."""
        return self._by_level[level]

    def list_column_rules(self, semantic_type: str | None) -> tuple[Rule, ...]:
        """The column rules that can apply to a type; the others are not applicable to it.

        Only for a type that is known: ask `list_rules("column")` of an unclassified column.
        """
        key = semantic_type or ""
        if key not in self._by_type:
            self._by_type[key] = tuple(
                rule for rule in self._by_level["column"] if self._may_apply(rule, key)
            )
        return self._by_type[key]

    def _may_apply(self, rule: Rule, semantic_type: str) -> bool:
        types = self._types[rule.id]
        return types is None or semantic_type in types


def _required_types(expr: Expr | None) -> frozenset[str] | None:
    """The only types with which the condition can hold, or None when any may do."""
    if isinstance(expr, Every):
        known = [types for types in map(_required_types, expr.parts) if types is not None]
        return frozenset.intersection(*known) if known else None
    if not isinstance(expr, Compare) or expr.fact.name != "column.semantic_type":
        return None
    if expr.op == "in" and isinstance(expr.value, tuple):
        return frozenset(expr.value)
    return frozenset({str(expr.value)}) if expr.op == "eq" else None
