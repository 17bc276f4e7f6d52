"""Reads of what was learnt, and of decisions as answers to the machine."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet

from apps.classification.agreement import Answer
from apps.classification.models import (
    Label,
    LabelDecision,
    LabelQuerySet,
    Learning,
)
from apps.classification.types import (
    DECIDED_STATES,
    DecisionKind,
)
from apps.datasources.selectors import list_permitted_sources, list_visible_sources

from .labels import list_visible_labels

if TYPE_CHECKING:
    from apps.rbac.models import User


# Decisions that agreement is counted over, the newest.
MOST_ANSWERS = 20_000


def list_learnings(user: User) -> QuerySet[Learning]:
    """Attempts to learn, newest first, for people who may view any source."""
    rows = Learning.objects.select_related("model", "asked_by")
    return rows if list_visible_sources(user).exists() else rows.none()


def _narrow_source(labels: LabelQuerySet, source: str) -> LabelQuerySet:
    if not source:
        return labels
    try:
        return labels.filter(field__dataset__source__public_id=uuid.UUID(source))
    except ValueError:
        return labels.none()


def load_answers(user: User, *, source: str = "", action: str = "view") -> list[Answer]:
    """The newest standing decision on each column that the person may view, or else may act on."""
    allowed = list_permitted_sources(user, action)
    labels = _narrow_source(Label.objects.filter(field__dataset__source__in=allowed), source)
    # What the machine had said was not kept in the beginning.
    rows = LabelDecision.objects.filter(label__in=labels.values("pk"), undone_at=None)
    rows = rows.exclude(kind=DecisionKind.UNDO).exclude(model_version="").order_by("-pk")
    newest: dict[int, Answer] = {}
    for row in rows[:MOST_ANSWERS].iterator(2_000):
        if row.label_id not in newest:
            newest[row.label_id] = _read_answer(row)
    return list(newest.values())


def _read_answer(row: LabelDecision) -> Answer:
    rejected = row.kind == DecisionKind.REJECT
    same = row.type_after == row.machine_type
    return Answer(
        at=row.created_at.date(),
        said=row.machine_type,
        confidence=row.machine_confidence,
        decided="" if rejected else row.type_after,
        agreed=bool(row.machine_type) and same and not rejected,
    )


def count_label_coverage(user: User, *, source: str = "") -> dict[str, int]:
    """Labels that the person may view: all, named by the machine, decided, contradicted."""
    labels = _narrow_source(list_visible_labels(user), source).select_related(None).order_by()
    return {
        str(name): int(number)
        for name, number in labels.aggregate(
            columns=Count("pk"),
            named=Count("pk", filter=~Q(machine_type="")),
            decided=Count("pk", filter=Q(state__in=[each.value for each in DECIDED_STATES])),
            contradicted=Count("pk", filter=Q(conflict=True)),
        ).items()
    }
