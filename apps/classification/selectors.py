"""Reads of labels, decisions and semantic types."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet

from apps.datasources.selectors import list_permitted_sources, list_visible_sources
from datawave.common.errors import NotThere

from .agreement import Answer
from .models import (
    Activation,
    Attestation,
    Label,
    LabelDecision,
    LabelQuerySet,
    Learning,
    Lesson,
    OwnType,
    PastVerdict,
    Replay,
    ReplayChange,
    StoredModel,
)
from .taxonomy import categories_of, find_type, in_force, title_of
from .types import (
    DECIDED_STATES,
    STANDING_STATES,
    DecisionKind,
    LabelFacts,
    LabelState,
    ModelKind,
    ReplayKind,
    ReplayState,
    SemanticType,
)

if TYPE_CHECKING:
    from apps.rbac.models import User


# Decisions that agreement is counted over, the newest.
MOST_ANSWERS = 20_000


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
    return labels.select_related("field__dataset__source", "decided_by").order_by("field__ordinal")


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
    ).order_by("-sensitivity", "field__ordinal")
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


# Sign-offs


def count_coverage(*, source_id: int, dataset_id: int | None = None) -> dict[str, int]:
    """What signing off a table or a source covers, as Attestation keeps it."""
    labels = Label.objects.filter(field__dataset__source=source_id, field__state="active")
    labels = labels.exclude(field__dataset__state="dropped")
    if dataset_id is not None:
        labels = labels.filter(field__dataset=dataset_id)
    decided = Q(state__in=[state.value for state in DECIDED_STATES])
    counts = labels.aggregate(
        tables=Count("field__dataset", distinct=True),
        columns=Count("pk"),
        decided=Count("pk", filter=decided),
        suggested=Count("pk", filter=~decided & ~Q(semantic_type="")),
        unknown=Count("pk", filter=~decided & Q(semantic_type="")),
        personal=Count("pk", filter=Q(personal=True)),
    )
    return {name: int(number) for name, number in counts.items()}


def list_visible_attestations(user: User) -> QuerySet[Attestation]:
    """Sign-offs of sources that the person may view, newest first."""
    return Attestation.objects.visible_to(user).select_related("source", "dataset", "user")


def get_attestation(*, user: User, public_id: uuid.UUID | str) -> Attestation:
    """The sign-off. Raises NotThere."""
    if found := list_visible_attestations(user).filter(public_id=public_id).first():
        return found
    raise NotThere


# Versions of the judge


def list_models(user: User) -> QuerySet[StoredModel]:
    """Stored versions, newest first, for people who may view any source."""
    rows = StoredModel.objects.select_related("file", "made_by", "base")
    rows = rows.defer("file__arrays", "file__described")
    return rows if list_visible_sources(user).exists() else rows.none()


def get_model(*, user: User, public_id: uuid.UUID | str) -> StoredModel:
    """The version. Raises NotThere."""
    if found := list_models(user).filter(public_id=public_id).first():
        return found
    raise NotThere


def find_preview(model: StoredModel) -> Replay | None:
    """The newest finished preview of a model that was made since the last activation."""
    done = model.replays.filter(kind=ReplayKind.PREVIEW, state=ReplayState.DONE)
    if last := Activation.objects.first():
        done = done.filter(created_at__gt=last.created_at)
    return done.first()


def list_activations(user: User) -> QuerySet[Activation]:
    """Who put which version in force, newest first."""
    rows = Activation.objects.select_related("model", "previous", "user", "preview")
    return rows if list_visible_sources(user).exists() else rows.none()


def list_replays(user: User) -> QuerySet[Replay]:
    """Replays, newest first, for people who may view any source."""
    rows = Replay.objects.select_related("model", "started_by")
    return rows if list_visible_sources(user).exists() else rows.none()


def get_replay(*, user: User, public_id: uuid.UUID | str) -> Replay:
    """The replay. Raises NotThere."""
    if found := list_replays(user).filter(public_id=public_id).first():
        return found
    raise NotThere


def list_replay_changes(replay: Replay, user: User) -> QuerySet[ReplayChange]:
    """Labels that would change, of sources that the person may view."""
    rows = replay.changes.filter(label__in=Label.objects.visible_to(user).values("pk"))
    return rows.select_related("label__field__dataset__source").order_by("pk")


def count_replay_changes(replay: Replay, user: User) -> list[dict[str, Any]]:
    """How many labels would change from which type to which, the most first."""
    rows = list_replay_changes(replay, user).order_by().values("type_before", "type_after")
    counted = rows.annotate(
        number=Count("pk"),
        decided=Count("pk", filter=Q(decided=True)),
        newly_personal=Count("pk", filter=Q(personal_before=False, personal_after=True)),
        no_longer_personal=Count("pk", filter=Q(personal_before=True, personal_after=False)),
    )
    return [dict(row) for row in counted.order_by("-number", "type_before", "type_after")]


def find_active_version() -> str:
    """The version that is in force; the newest shipped one while none was activated."""
    rows = StoredModel.objects.order_by("-active", "-pk")
    found = rows.filter(Q(active=True) | Q(kind=ModelKind.SHIPPED)).first()
    return found.version if found else ""


# Learning and agreement


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


# What was taught


def list_own_types(user: User) -> QuerySet[OwnType]:
    """Own types, for people who may view any source."""
    rows = OwnType.objects.select_related("made_by")
    return rows if list_visible_sources(user).exists() else rows.none()


def get_own_type(*, user: User, public_id: uuid.UUID | str) -> OwnType:
    """The own type. Raises NotThere."""
    if found := list_own_types(user).filter(public_id=public_id).first():
        return found
    raise NotThere


def list_lessons(user: User) -> QuerySet[Lesson]:
    """What was taught by showing columns and still counts, newest first."""
    rows = Lesson.objects.filter(retired_at=None).select_related("made_by")
    return rows if list_visible_sources(user).exists() else rows.none()


def get_lesson(*, user: User, public_id: uuid.UUID | str) -> Lesson:
    """The lesson. Raises NotThere."""
    rows = Lesson.objects.all() if list_visible_sources(user).exists() else Lesson.objects.none()
    if found := rows.filter(public_id=public_id).first():
        return found
    raise NotThere


def count_types_in_use(user: User) -> dict[str, int]:
    """Number of labels of each type, of those that the person may view."""
    labels = list_visible_labels(user).exclude(semantic_type="").select_related(None).order_by()
    rows = labels.values_list("semantic_type").annotate(n=Count("pk"))
    return {str(name): int(number) for name, number in rows}
