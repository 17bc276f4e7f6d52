"""Changes a label as a person decides, and back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from django.utils.dateparse import parse_datetime

from .models import Label, LabelDecision
from .taxonomy import find_type, sensitivity_of
from .types import DecisionKind, LabelState
from .verdicts import is_contradicted

if TYPE_CHECKING:
    from apps.rbac.models import User

STATES: Final = {
    DecisionKind.ACCEPT: LabelState.CONFIRMED,
    DecisionKind.REJECT: LabelState.REJECTED,
    DecisionKind.CHANGE: LabelState.CHANGED,
}
DECIDED_FIELDS: Final = (
    "semantic_type", "sensitivity", "personal", "confidence", "state", "decided_by", "decided_at",
    "answered_type", "answered_confidence", "conflict",
)  # fmt: skip
_KEPT: Final = (
    "semantic_type", "sensitivity", "personal", "confidence", "answered_type",
    "answered_confidence",
)  # fmt: skip


def apply_decision(
    label: Label,
    *,
    user: User,
    kind: DecisionKind,
    semantic_type: str,
    about_people: bool,
    now: dt.datetime,
) -> LabelDecision:
    """Change the label in memory and return the decision, neither saved."""
    decision = LabelDecision(
        label=label,
        kind=kind,
        user=user,
        type_before=label.semantic_type,
        type_after=_type_after(label, kind, semantic_type),
        state_before=label.state,
        before=_remember(label),
        machine_type=label.machine_type,
        machine_confidence=label.machine_confidence,
        model_version=label.model_version,
    )
    label.answered_type, label.answered_confidence = label.machine_type, label.machine_confidence
    label.conflict = False
    label.state = STATES[kind]
    label.decided_by, label.decided_at = user, now
    _say(label, kind, decision.type_after, about_people=about_people)
    return decision


def _type_after(label: Label, kind: DecisionKind, semantic_type: str) -> str:
    if kind == DecisionKind.CHANGE:
        return semantic_type
    return label.semantic_type or label.machine_type


def _say(label: Label, kind: DecisionKind, name: str, *, about_people: bool) -> None:
    if kind == DecisionKind.REJECT:
        # What it is not says nothing of what it is.
        label.personal, label.sensitivity = False, sensitivity_of("", personal=False)
        return
    if name != label.semantic_type or kind == DecisionKind.CHANGE:
        found = find_type(name)
        label.personal = found is not None and (
            found.personal or (found.contextual and about_people)
        )
        label.sensitivity = sensitivity_of(name, personal=label.personal)
    label.semantic_type, label.confidence = name, 1.0


def _remember(label: Label) -> dict[str, Any]:
    kept: dict[str, Any] = {name: getattr(label, name) for name in _KEPT}
    kept["decided_by"] = label.decided_by_id
    kept["decided_at"] = label.decided_at.isoformat() if label.decided_at else None
    return kept


def restore(label: Label, decision: LabelDecision) -> None:
    """Put the label back to what it said before the decision, not saved."""
    before = decision.before
    for name in _KEPT:
        setattr(label, name, before.get(name, getattr(label, name)))
    label.state = decision.state_before
    if label.state == LabelState.SUGGESTED and label.machine_type != label.semantic_type:
        _take_machine_verdict(label)
    label.decided_by_id = before.get("decided_by")
    stamp = before.get("decided_at")
    label.decided_at = parse_datetime(stamp) if stamp else None
    label.conflict = is_contradicted(label)


def _take_machine_verdict(label: Label) -> None:
    """A suggestion is the machine's, which may have judged again since the decision."""
    found = find_type(label.machine_type)
    label.semantic_type, label.confidence = label.machine_type, label.machine_confidence
    label.personal = found is not None and (found.personal or (found.contextual and label.personal))
    label.sensitivity = sensitivity_of(label.machine_type, personal=label.personal)
