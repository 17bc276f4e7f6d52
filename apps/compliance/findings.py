"""Brings findings in step with what a check found; what a person decided stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from apps.discovery.types import DatasetState, FieldState

from .checks import Failure, Outcomes
from .models import Finding, FindingChange, RuleTally
from .policy import Pack
from .types import ACTIVE_STATES, FindingState

CHUNK: Final = 400
# What a later check may change in a finding.
_CONTENT: Final = (
    "pack_version", "title", "citation", "severity", "evidence_grade", "message", "remediation",
    "limits", "confidence", "facts",
)  # fmt: skip
_WRITTEN: Final = (*_CONTENT, "state", "fixed_at", "decided_by_id", "decided_at")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Whose findings a check may change."""

    source_id: int
    # None: all of the source.
    dataset_ids: frozenset[int] | None = None


def sync_findings(outcomes: Outcomes, scope: Scope, packs: Mapping[str, Pack]) -> set[str]:
    """Open, keep, reopen or fix findings; the keys of those that are active afterwards."""
    now = timezone.now()
    held = {finding.key: finding for finding in _list_held(outcomes, scope)}
    fresh = [
        _make(key, failure, packs, now)
        for key, failure in outcomes.failures.items()
        if key not in held
    ]
    Finding.objects.bulk_create(fresh, batch_size=CHUNK, ignore_conflicts=True)
    _write_held(list(held.values()), outcomes, packs, now)
    return {f.key for f in [*fresh, *held.values()] if f.state in ACTIVE_STATES}


def _write_held(
    held: list[Finding], outcomes: Outcomes, packs: Mapping[str, Pack], now: datetime
) -> None:
    changes, written = [], []
    for finding in held:
        before, state = _read_written(finding), finding.state
        _bring_up_to_date(finding, outcomes, packs, now)
        if before != _read_written(finding):
            written.append(finding)
        if finding.state != state:
            changes.append(_note_change(finding, state))
    names = [name.removesuffix("_id") for name in _WRITTEN]
    Finding.objects.bulk_update(written, names, batch_size=CHUNK)
    FindingChange.objects.bulk_create(changes, batch_size=CHUNK)
    # Most findings are only seen once more, which is one statement for all.
    seen = [finding.pk for finding in held if finding.last_seen_at == now]
    for chunk in iter_chunks(seen):
        Finding.objects.filter(pk__in=chunk).update(last_seen_at=now)


def _read_written(finding: Finding) -> list[object]:
    return [getattr(finding, name) for name in _WRITTEN]


def _list_held(outcomes: Outcomes, scope: Scope) -> Iterable[Finding]:
    findings = Finding.objects.filter(source_id=scope.source_id)
    if scope.dataset_ids is not None:
        findings = findings.filter(dataset_id__in=scope.dataset_ids)
    return findings.filter(rule_id__in=outcomes.rule_ids).select_related("dataset", "field")


def _bring_up_to_date(
    finding: Finding, outcomes: Outcomes, packs: Mapping[str, Pack], now: datetime
) -> None:
    failure = outcomes.failures.get(finding.key)
    if failure is not None:
        _see_again(finding, failure, packs, now)
    elif finding.key not in outcomes.unknown and _was_looked_at(finding, outcomes):
        _fix(finding, now)


def _see_again(
    finding: Finding, failure: Failure, packs: Mapping[str, Pack], now: datetime
) -> None:
    for name, value in _describe(failure, packs).items():
        setattr(finding, name, value)
    finding.last_seen_at = now
    undecided = finding.state in (FindingState.OPEN, FindingState.REVIEW) and not finding.decided_at
    if finding.state == FindingState.FIXED:
        finding.fixed_at = finding.decided_at = finding.decided_by = None
        undecided = True
    if undecided:
        finding.state = _first_state(failure, packs)


def _fix(finding: Finding, now: datetime) -> None:
    # A false positive that passes may fail again tomorrow, and is still false then.
    if finding.state in ACTIVE_STATES:
        finding.state = FindingState.FIXED
        finding.fixed_at = now


def _was_looked_at(finding: Finding, outcomes: Outcomes) -> bool:
    if finding.dataset is None:
        return True
    if finding.dataset.state == DatasetState.DROPPED:
        return True
    if finding.field is not None and finding.field.state == FieldState.REMOVED:
        return True
    return finding.dataset_id in outcomes.dataset_ids


def _note_change(finding: Finding, before: str) -> FindingChange:
    return FindingChange(finding=finding, state_before=before, state_after=finding.state)


def _make(key: str, failure: Failure, packs: Mapping[str, Pack], now: datetime) -> Finding:
    return Finding(
        key=key,
        source_id=failure.asset.source_id,
        dataset_id=failure.asset.dataset_id,
        field_id=failure.asset.field_id,
        rule_id=failure.rule.id,
        pack_id=failure.rule.pack_id,
        state=_first_state(failure, packs),
        last_seen_at=now,
        **_describe(failure, packs),
    )


def _describe(failure: Failure, packs: Mapping[str, Pack]) -> dict[str, Any]:
    rule = failure.rule
    return {
        "pack_version": packs[rule.pack_id].version,
        "title": rule.title[:300],
        "citation": rule.citation[:300],
        "severity": rule.severity,
        "evidence_grade": rule.evidence,
        "message": failure.message,
        "remediation": rule.remediation,
        "limits": rule.limits,
        "confidence": failure.verdict.confidence,
        "facts": failure.verdict.facts,
    }


def _first_state(failure: Failure, packs: Mapping[str, Pack]) -> FindingState:
    least = packs[failure.rule.pack_id].defaults.min_confidence
    return FindingState.OPEN if failure.verdict.confidence >= least else FindingState.REVIEW


def withdraw_findings(source_id: int, known_rules: Collection[str]) -> None:
    """Close findings of rules that a newer version of their pack no longer has."""
    now = timezone.now()
    findings = Finding.objects.filter(source_id=source_id).exclude(state=FindingState.FIXED)
    for finding in findings.exclude(rule_id__in=known_rules):
        FindingChange.objects.create(
            finding=finding,
            state_before=finding.state,
            state_after=FindingState.FIXED,
            note=f"{finding.rule_id} is no longer a rule of its pack.",
        )
        Finding.objects.filter(pk=finding.pk).update(state=FindingState.FIXED, fixed_at=now)


def save_tallies(
    outcomes: Outcomes, source_id: int, pack_of: Mapping[str, str], began: datetime
) -> None:
    """Write the four counts of each rule over the whole source, as of when the check began."""
    tallies = [_make_tally(outcomes, source_id, r, pack_of[r], began) for r in outcomes.rule_ids]
    RuleTally.objects.bulk_create(
        tallies,
        update_conflicts=True,
        unique_fields=["source", "rule_id"],
        update_fields=["pack_id", "passed", "failed", "unknown", "not_applicable", "checked_at"],
    )
    RuleTally.objects.filter(source_id=source_id).exclude(rule_id__in=outcomes.rule_ids).delete()


def _make_tally(
    outcomes: Outcomes, source_id: int, rule_id: str, pack_id: str, now: datetime
) -> RuleTally:
    return RuleTally(
        source_id=source_id,
        rule_id=rule_id,
        pack_id=pack_id,
        passed=outcomes.counts[rule_id, "pass"],
        failed=outcomes.counts[rule_id, "fail"],
        unknown=outcomes.counts[rule_id, "unknown"],
        not_applicable=outcomes.counts[rule_id, "not_applicable"],
        checked_at=now,
    )


def iter_chunks(ids: list[int]) -> Iterator[list[int]]:
    """Ids, few enough at a time for every engine's limit of parameters."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
