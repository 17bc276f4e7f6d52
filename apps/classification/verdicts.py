"""Turns verdicts into labels; what people decided stays as it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from .judge import Verdict
from .models import Label
from .rules import wording
from .types import DECIDED_STATES, LabelState

# So sure must the judge be to contradict a person.
CONFLICT_FROM: Final = 0.8
_MACHINE_FIELDS: Final = (
    "machine_type", "machine_confidence", "evidence", "model_version", "judged_at",
)  # fmt: skip
_LABEL_FIELDS: Final = (
    "semantic_type", "sensitivity", "personal", "confidence", *_MACHINE_FIELDS,
)  # fmt: skip


def save_verdicts(
    verdicts: Mapping[int, Verdict], *, version: str, now: dt.datetime
) -> list[Label]:
    """Write one label for each field id, in a constant number of queries."""
    # Locked, so that a decision made meanwhile is not overwritten.
    held = Label.objects.select_for_update().filter(field__in=list(verdicts))
    decided = {each.field_id: each for each in held if each.state in DECIDED_STATES}
    fresh = [
        _make_label(field_id, verdict, version, now)
        for field_id, verdict in verdicts.items()
        if field_id not in decided
    ]
    Label.objects.bulk_create(
        fresh, update_conflicts=True, unique_fields=["field"], update_fields=list(_LABEL_FIELDS)
    )
    _save_beside_decisions(decided.values(), verdicts, version, now)
    return fresh


def _make_label(field_id: int, verdict: Verdict, version: str, now: dt.datetime) -> Label:
    return Label(
        field_id=field_id,
        semantic_type=verdict.semantic_type,
        sensitivity=verdict.sensitivity,
        personal=verdict.personal,
        confidence=verdict.confidence,
        state=LabelState.SUGGESTED,
        machine_type=verdict.semantic_type,
        machine_confidence=verdict.confidence,
        evidence=_render(verdict),
        model_version=version,
        judged_at=now,
    )


def _render(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {"for": each["supports"], "weight": each["weight"], "text": each["text"]}
        for each in map(asdict, verdict.evidence)
    ]


def _save_beside_decisions(
    labels: Iterable[Label], verdicts: Mapping[int, Verdict], version: str, now: dt.datetime
) -> None:
    rows = list(labels)
    for row in rows:
        verdict = verdicts[row.field_id]
        row.machine_type = verdict.semantic_type
        row.machine_confidence = verdict.confidence
        row.evidence = [*_tell_conflict(row, verdict), *_render(verdict)]
        row.model_version = version
        row.judged_at = now
    Label.objects.bulk_update(rows, list(_MACHINE_FIELDS))


def _tell_conflict(row: Label, verdict: Verdict) -> list[dict[str, Any]]:
    agrees = (row.semantic_type == verdict.semantic_type) != (row.state == LabelState.REJECTED)
    if agrees or not verdict.semantic_type or verdict.confidence < CONFLICT_FROM:
        return []
    title = wording.tell_title(verdict.semantic_type)
    share = wording.tell_share(verdict.confidence)
    text = f"A person decided otherwise, but the values now speak of: {title} ({share} sure)"
    return [{"for": False, "weight": verdict.confidence, "text": text}]
