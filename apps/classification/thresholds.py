"""Least confidences that people set for types: below them nothing is suggested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from .judge import Evidence, Verdict
from .rules.wording import tell_share, tell_title
from .taxonomy import find_type, sensitivity_of

# The trained judge itself names nothing of which it is less sure.
LEAST: Final = 0.25
MOST: Final = 0.99


def keep_to_thresholds(
    verdicts: Sequence[Verdict], thresholds: Mapping[str, float]
) -> list[Verdict]:
    """A table's verdicts: too unsure ones abstain, and those that were held back may be named."""
    people = any(each.personal for each in verdicts)
    return [_keep(each, thresholds, people=people) for each in verdicts]


def _keep(verdict: Verdict, thresholds: Mapping[str, float], *, people: bool) -> Verdict:
    kind = verdict.semantic_type or verdict.unsure_of
    least = thresholds.get(kind)
    if least is None:
        return verdict
    if verdict.semantic_type and verdict.confidence < least:
        return _hold_back(verdict, kind, least)
    if verdict.unsure_of and verdict.confidence >= least:
        return _name(verdict, kind, least, people=people)
    return verdict


def _hold_back(verdict: Verdict, kind: str, least: float) -> Verdict:
    text = (
        f"Less sure than the {tell_share(least)} that people ask of this type: {tell_title(kind)}"
    )
    return replace(
        verdict,
        semantic_type="",
        unsure_of=kind,
        personal=False,
        sensitivity=sensitivity_of("", personal=False),
        evidence=(_tell(verdict, text, supports=False), *verdict.evidence),
    )


def _name(verdict: Verdict, kind: str, least: float, *, people: bool) -> Verdict:
    found = find_type(kind)
    personal = bool(found and (found.personal or (found.contextual and people)))
    text = f"As sure as the {tell_share(least)} that people ask of this type: {tell_title(kind)}"
    return replace(
        verdict,
        semantic_type=kind,
        unsure_of="",
        personal=personal,
        sensitivity=sensitivity_of(kind, personal=personal),
        evidence=(_tell(verdict, text, supports=True), *verdict.evidence),
    )


def _tell(verdict: Verdict, text: str, *, supports: bool) -> Evidence:
    return Evidence(supports=supports, weight=verdict.confidence, text=text)
