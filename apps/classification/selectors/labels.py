"""Reads of labels, decisions and semantic types."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet

from apps.classification.models import (
    Label,
    LabelDecision,
    LabelQuerySet,
    PastVerdict,
)
from apps.classification.taxonomy import categories_of, find_type, in_force, title_of
from apps.classification.types import (
    DECIDED_STATES,
    STANDING_STATES,
    LabelFacts,
    LabelState,
    SemanticType,
)
from datawave.common.errors import NotThere

if TYPE_CHECKING:
    from apps.rbac.models import User


class UnknownSemanticType(NotThere):
    """There is no such semantic type."""


def get_semantic_type(name: str) -> SemanticType:
    """The type of that name. Raises UnknownSemanticType."""
    found = find_type(name)
    if found is None:
        raise UnknownSemanticType(f"There is no semantic type {name[:64]}.", field="semantic_type")
    return found


def list_semantic_types() -> list[SemanticType]:
    """All types, in the order of their groups."""
    return list(in_force().types.values())


def name_semantic_type(name: str) -> str:
    """The title of a type, for a sentence; a type that is no longer there keeps its name."""
    return title_of(name)


def load_labels(dataset_ids: Iterable[int]) -> dict[int, LabelFacts]:
    """What the labels of these datasets say, by the id of the field; rejected ones say nothing."""
    rows = Label.objects.filter(
        field__dataset__in=list(dataset_ids),
        field__state="active",
        state__in=[state.value for state in STANDING_STATES],
    ).exclude(semantic_type="")
    return {row.field_id: _read_label(row) for row in rows}


def _read_label(row: Label) -> LabelFacts:
    return LabelFacts(
        semantic_type=row.semantic_type,
        sensitivity=row.sensitivity,
        personal=row.personal,
        confidence=row.confidence,
        state=row.state,
        categories=categories_of(row.semantic_type, personal=row.personal),
    )


def list_visible_labels(user: User) -> LabelQuerySet:
    """Labels of active fields that the person may view."""
    labels = Label.objects.visible_to(user).filter(field__state="active")
    labels = labels.exclude(field__dataset__state="dropped")
    return labels.select_related("field__dataset__source", "decided_by")


def list_dataset_labels(dataset_id: int) -> LabelQuerySet:
    """Labels of one dataset's active fields, in their order, for pages that checked the dataset."""
    labels = Label.objects.filter(field__dataset=dataset_id, field__state="active")
    return labels.select_related("field__dataset__source", "decided_by").order_by(
        "field__ordinal", "field__name"
    )


def get_label(*, user: User, public_id: uuid.UUID | str) -> Label:
    """The label. Raises NotThere."""
    if found := list_visible_labels(user).filter(public_id=public_id).first():
        return found
    raise NotThere


def list_visible_decisions(user: User) -> QuerySet[LabelDecision]:
    """Decisions on labels that the person may view, newest first."""
    labels = Label.objects.visible_to(user)
    decisions = LabelDecision.objects.filter(label__in=labels.values("pk"))
    return decisions.select_related("label__field__dataset__source", "user")


def get_decision(*, user: User, public_id: uuid.UUID | str) -> LabelDecision:
    """The decision. Raises NotThere."""
    if found := list_visible_decisions(user).filter(public_id=public_id).first():
        return found
    raise NotThere


def count_suggestions(user: User) -> int:
    """Labels that wait for somebody to look at them."""
    return (
        list_visible_labels(user)
        .filter(state=LabelState.SUGGESTED)
        .exclude(semantic_type="")
        .count()
    )


def list_personal_columns(dataset_ids: Iterable[int]) -> list[tuple[int, str, str]]:
    """Dataset, name and sensitivity of each column that is about people, the worst first."""
    rows = Label.objects.filter(
        field__dataset__in=list(dataset_ids),
        field__state="active",
        personal=True,
        sensitivity__in=("confidential", "restricted"),
        state__in=[state.value for state in STANDING_STATES],
    ).order_by("-sensitivity", "field__ordinal", "field__name")
    return [
        (int(dataset), str(name), str(sensitivity))
        for dataset, name, sensitivity in rows.values_list(
            "field__dataset", "field__name", "sensitivity"
        )
    ]


def count_suggestions_of(dataset_ids: Iterable[int]) -> dict[int, int]:
    """How many labels of each dataset wait, for pages that checked the datasets."""
    waiting = Label.objects.filter(
        field__dataset__in=list(dataset_ids), field__state="active", state=LabelState.SUGGESTED
    ).exclude(semantic_type="")
    counts = waiting.order_by().values_list("field__dataset").annotate(n=Count("pk"))
    return {int(pk): int(n) for pk, n in counts}


def count_labels(dataset_ids: Iterable[int]) -> dict[str, int]:
    """Number of labels that name a type, and of those that are about people."""
    standing = Q(state__in=[state.value for state in STANDING_STATES]) & ~Q(semantic_type="")
    counts = Label.objects.filter(
        field__dataset__in=list(dataset_ids), field__state="active"
    ).aggregate(
        labels=Count("pk", filter=standing),
        personal=Count("pk", filter=standing & Q(personal=True)),
    )
    return {name: int(number) for name, number in counts.items()}


def list_judged_datasets(dataset_ids: Iterable[int], version: str) -> set[int]:
    """Those of the datasets whose labels all come from this version of the judge."""
    ids = list(dataset_ids)
    rows = Label.objects.filter(field__dataset__in=ids).values_list("field__dataset")
    # Labels without a likeness were made before likenesses were kept.
    stale = rows.exclude(model_version=version, likeness__isnull=False)
    old = {pk for (pk,) in stale.distinct()}
    return {pk for (pk,) in rows.distinct()} - old


def list_rejected_fields(dataset_ids: Iterable[int]) -> set[int]:
    """Ids of fields of which a person said that they are not what the machine thought."""
    rejected = Label.objects.filter(
        field__dataset__in=list(dataset_ids), field__state="active", state=LabelState.REJECTED
    )
    return set(rejected.values_list("field", flat=True))


def is_decided(label: Label) -> bool:
    """Whether a person has decided it."""
    return label.state in DECIDED_STATES


def count_conflicts(user: User) -> int:
    """Decided labels that the machine now contradicts."""
    return list_visible_labels(user).filter(conflict=True).count()


def list_nearest(label: Label, user: User) -> list[tuple[Label, float]]:
    """Decided labels near this one that the person may view, each with its distance."""
    distances = {int(pk): float(distance) for pk, distance in label.nearest}
    rows = list_visible_labels(user).filter(pk__in=distances, state__in=DECIDED_STATES)
    return sorted(((row, distances[row.pk]) for row in rows), key=lambda pair: pair[1])


def list_past_verdicts(label: Label) -> QuerySet[PastVerdict]:
    """What the machine said of a label's column, newest first, for pages that checked the label."""
    return PastVerdict.objects.filter(field=label.field_id)
