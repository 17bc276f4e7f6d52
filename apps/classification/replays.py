"""What a replay finds: labels that would say something else than they do."""

from __future__ import annotations

from .judge import Verdict
from .models import Label, Replay, ReplayChange
from .types import DECIDED_STATES
from .verdicts import Judged, is_contradicted


def compare(replay: Replay, judged: Judged) -> int:
    """Note each label that would change; returns how many."""
    changes = [
        _note(replay, label, verdict)
        for label, verdict in _pair(judged)
        if _differs(label, verdict)
    ]
    ReplayChange.objects.bulk_create(changes)
    return len(changes)


def _pair(judged: Judged) -> list[tuple[Label, Verdict]]:
    verdicts = {each.field_id: each.verdict for each in judged.columns}
    labels = Label.objects.filter(field__in=list(verdicts), field__state="active")
    return [(label, verdicts[label.field_id]) for label in labels.order_by("pk")]


def _differs(label: Label, verdict: Verdict) -> bool:
    if label.state in DECIDED_STATES:
        return label.machine_type != verdict.semantic_type
    told = ("semantic_type", "sensitivity", "personal")
    return any(getattr(label, name) != getattr(verdict, name) for name in told)


def _note(replay: Replay, label: Label, verdict: Verdict) -> ReplayChange:
    decided = label.state in DECIDED_STATES
    return ReplayChange(
        replay=replay,
        label=label,
        decided=decided,
        type_before=label.machine_type,
        type_after=verdict.semantic_type,
        confidence_before=label.machine_confidence,
        confidence_after=verdict.confidence,
        sensitivity_before=label.sensitivity,
        # What a person decided keeps its sensitivity, whatever the machine thinks.
        sensitivity_after=label.sensitivity if decided else verdict.sensitivity,
        personal_before=label.personal,
        personal_after=label.personal if decided else verdict.personal,
    )


def count_contradicted(judged: Judged) -> int:
    """Decisions that the verdicts would newly contradict."""
    number = 0
    for label, verdict in _pair(judged):
        was = label.conflict
        label.machine_type = verdict.semantic_type
        label.machine_confidence = verdict.confidence
        number += is_contradicted(label) and not was
    return number
