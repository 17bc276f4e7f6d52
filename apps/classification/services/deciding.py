"""Takes what people decide about labels, and undoes it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.classification.decisions import DECIDED_FIELDS, apply_decision, restore
from apps.classification.models import Label, LabelDecision
from apps.classification.queue import list_members
from apps.classification.selectors import get_semantic_type
from apps.classification.signals import label_decided, labels_decided
from apps.classification.types import DecisionKind
from apps.datasources.selectors import list_permitted_sources
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.announcing import announce
from datawave.common.errors import DataWaveError, InputInvalid

from .signing import note_changes

if TYPE_CHECKING:
    from apps.rbac.models import User

MAX_AT_ONCE = 500


class NothingToAccept(InputInvalid):
    """There is no suggestion to accept; choose a type."""


class TooManyLabels(InputInvalid):
    """At most 500 labels can be decided at once."""


class NothingWaits(DataWaveError):
    """Nothing of this group waits any more; somebody has decided meanwhile."""

    status = 409


class DecisionUndone(DataWaveError):
    """This decision has been undone already."""

    status = 409


class DecisionSuperseded(DataWaveError):
    """The label was decided again since; undo the newer decision first."""

    status = 409


def decide_label(*, label: Label, user: User, kind: str, semantic_type: str = "") -> LabelDecision:
    """Accept, reject or change one label. Raises PermissionMissing, NotThere, InputInvalid."""
    (decision,) = decide_many(labels=[label], user=user, kind=kind, semantic_type=semantic_type)
    return decision


@transaction.atomic
def decide_many(
    *, labels: Iterable[Label], user: User, kind: str, semantic_type: str = ""
) -> list[LabelDecision]:
    """Decide several labels alike, all or none, in a constant number of queries."""
    wanted = _read_kind(kind, semantic_type)
    keys = [label.pk for label in labels]
    if len(keys) > MAX_AT_ONCE:
        raise TooManyLabels
    rows = _lock(keys)
    _require(rows, user)
    _check_acceptable(rows, wanted)
    decisions = _apply(rows, user, wanted, semantic_type)
    _audit(decisions, user, "label_decided")
    _announce(decisions)
    return decisions


def decide_group(
    *,
    label: Label,
    among: QuerySet[Label],
    user: User,
    kind: str,
    semantic_type: str = "",
) -> list[LabelDecision]:
    """Decide all that is alike, of what the person may decide and at most 500 at once.

    `among` are the waiting labels that the person looked at. Raises as decide_many does.
    """
    rbac.require(user, Action.DECIDE_LABELS, label.field.dataset.source)
    allowed = list_permitted_sources(user, Action.DECIDE_LABELS)
    members = list_members(label, among).filter(field__dataset__source__in=allowed.values("pk"))
    if not members.exists():
        raise NothingWaits
    return decide_many(
        labels=members[:MAX_AT_ONCE], user=user, kind=kind, semantic_type=semantic_type
    )


def _read_kind(kind: str, semantic_type: str) -> DecisionKind:
    if kind not in (DecisionKind.ACCEPT, DecisionKind.REJECT, DecisionKind.CHANGE):
        raise InputInvalid("A decision is accept, reject or change.", field="kind")
    if kind == DecisionKind.CHANGE:
        get_semantic_type(semantic_type)
    return DecisionKind(kind)


def _lock(keys: Sequence[int]) -> list[Label]:
    rows = Label.objects.select_for_update(of=("self",)).filter(pk__in=keys)
    return list(rows.select_related("field__dataset__source").order_by("pk"))


def _require(rows: Sequence[Label], user: User) -> None:
    for source in {row.field.dataset.source for row in rows}:
        rbac.require(user, Action.DECIDE_LABELS, source)


def _check_acceptable(rows: Sequence[Label], kind: DecisionKind) -> None:
    if kind == DecisionKind.ACCEPT and any(not (r.semantic_type or r.machine_type) for r in rows):
        raise NothingToAccept


def _apply(
    rows: Sequence[Label], user: User, kind: DecisionKind, semantic_type: str
) -> list[LabelDecision]:
    people = _list_datasets_of_people(rows)
    now = timezone.now()
    decisions = [
        apply_decision(
            row,
            user=user,
            kind=kind,
            semantic_type=semantic_type,
            about_people=row.field.dataset_id in people,
            now=now,
        )
        for row in rows
    ]
    together = uuid.uuid4() if len(decisions) > 1 else None
    for decision in decisions:
        decision.together = together
    Label.objects.bulk_update(rows, list(DECIDED_FIELDS))
    return LabelDecision.objects.bulk_create(decisions)


def _list_datasets_of_people(rows: Sequence[Label]) -> set[int]:
    """Datasets of which another column is about people."""
    others = Label.objects.filter(field__dataset__in={row.field.dataset_id for row in rows})
    others = others.filter(personal=True).exclude(pk__in=[row.pk for row in rows])
    return set(others.values_list("field__dataset_id", flat=True))


def _audit(decisions: Sequence[LabelDecision], user: User, action: str) -> None:
    """One entry for each source, which names the fields."""
    sources = {each.label.field.dataset.source for each in decisions}
    for source in sources:
        told = [_tell(each) for each in decisions if each.label.field.dataset.source == source]
        rbac.record_audit(actor=user, action=action, scope=source, detail={"labels": told})


def _tell(decision: LabelDecision) -> dict[str, Any]:
    return {
        "field": f"{decision.label.field.dataset.fqn}.{decision.label.field.name}",
        "kind": decision.kind,
        "before": decision.type_before,
        "after": decision.type_after,
    }


def _announce(decisions: Sequence[LabelDecision]) -> None:
    numbers = Counter(decision.label.field.dataset_id for decision in decisions)
    note_changes(numbers=numbers, reason="People decided on labels again.")
    for decision in decisions:
        announce(label_decided, Label, label=decision.label, decision=decision)
    announce(labels_decided, Label, number=len(decisions))


@transaction.atomic
def undo_decision(*, decision: LabelDecision, user: User) -> LabelDecision:
    """Put a label back. Raises DecisionUndone, DecisionSuperseded, PermissionMissing, NotThere."""
    (label,) = _lock([decision.label_id])
    _require([label], user)
    made = LabelDecision.objects.filter(label=label).exclude(kind=DecisionKind.UNDO)
    if made.filter(undone_at=None, pk__gt=decision.pk).exists():
        raise DecisionSuperseded
    if made.filter(pk=decision.pk, undone_at=None).update(undone_at=timezone.now()) != 1:
        raise DecisionUndone
    undo = _record_undo(label, decision, user)
    restore(label, decision)
    label.save(update_fields=list(DECIDED_FIELDS))
    _audit([undo], user, "label_decision_undone")
    _announce([undo])
    return undo


@transaction.atomic
def undo_together(*, decision: LabelDecision, user: User) -> list[LabelDecision]:
    """Undo a decision with all that were taken at once with it, all or none."""
    if decision.together is None:
        return [undo_decision(decision=decision, user=user)]
    open_ = LabelDecision.objects.filter(together=decision.together, undone_at=None)
    if not (found := list(open_)):
        raise DecisionUndone
    return undo_many(decisions=found, user=user)


@transaction.atomic
def undo_many(*, decisions: Sequence[LabelDecision], user: User) -> list[LabelDecision]:
    """Put several labels back, all or none."""
    newest_first = sorted(decisions, key=lambda decision: -decision.pk)
    return [undo_decision(decision=decision, user=user) for decision in newest_first]


def _record_undo(label: Label, decision: LabelDecision, user: User) -> LabelDecision:
    return LabelDecision.objects.create(
        label=label,
        kind=DecisionKind.UNDO,
        user=user,
        type_before=label.semantic_type,
        type_after=decision.type_before,
        state_before=label.state,
        machine_type=label.machine_type,
        machine_confidence=label.machine_confidence,
        model_version=label.model_version,
    )
