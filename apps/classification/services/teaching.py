"""Teaches by showing: own types, exceptions, and how sensitive shipped types are here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from apps.classification.active import find_active
from apps.classification.models import Label, LabelDecision, Lesson, OwnType, TypeRating
from apps.classification.selectors import get_semantic_type
from apps.classification.taxonomy import SHIPPED, find_type, in_force, sensitivity_of
from apps.classification.types import DECIDED_STATES, DecisionKind, LessonKind, Sensitivity
from apps.classification.vocabulary import change_vocabulary
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, InputInvalid

from .deciding import decide_many
from .registry import ensure_shipped
from .replaying import start_applying

if TYPE_CHECKING:
    from apps.rbac.models import User

FEWEST_EXAMPLES: Final = 3
MOST_EXAMPLES: Final = 50
LEAST_RADIUS: Final = 0.02
MOST_RADIUS: Final = 0.35
USUAL_RADIUS: Final = 0.15
_PREFIX: Final = "own."


class TypeNameTaken(InputInvalid):
    """A type has this name already; choose another."""


class TypeInUse(DataWaveError):
    """Labels or decisions name this type; retire it instead."""

    status = 409


class TypeRetired(DataWaveError):
    """This type is retired."""

    status = 409


class LessonOver(DataWaveError):
    """This was taken back already."""

    status = 409


# Own types


@transaction.atomic
def teach_type(
    *,
    user: User,
    labels: Sequence[Label],
    title: str,
    sensitivity: str,
    personal: bool,
    description: str = "",
    radius: float = USUAL_RADIUS,
) -> OwnType:
    """Make a type of some columns; alike ones are recognised from now on.

    Raises PermissionMissing, NotThere, InputInvalid, TypeNameTaken.
    """
    rbac.require(user, Action.DECIDE_LABELS, None)
    title = check_title(title)
    check_sensitivity(sensitivity)
    examples = _read_examples(labels, fewest=FEWEST_EXAMPLES)
    made = make_type(
        title=title,
        description=description[:300],
        sensitivity=sensitivity,
        personal=personal,
        made_by=user,
    )
    Lesson.objects.create(
        kind=LessonKind.LIKE,
        semantic_type=made.name,
        examples=examples,
        radius=_check_radius(radius),
        made_by=user,
    )
    transaction.on_commit(change_vocabulary)
    change_vocabulary()
    decide_many(labels=labels, user=user, kind=DecisionKind.CHANGE, semantic_type=made.name)
    record_teaching(
        user, "own_type_made", {"type": made.name, "title": title, "examples": len(examples)}
    )
    judge_anew(user)
    return made


def make_type(**fields: Any) -> OwnType:
    """A type under a name of its own. Raises TypeNameTaken."""
    name = f"{_PREFIX}{slugify(fields['title']).replace('-', '_')[:56] or 'type'}"
    try:
        with transaction.atomic():
            return OwnType.objects.create(name=name, **fields)
    except IntegrityError:
        raise TypeNameTaken(field="title") from None


def check_title(title: str, but: str = "") -> str:
    """The title, tidied. Raises InputInvalid, TypeNameTaken."""
    title = " ".join(title.split())
    if not 2 <= len(title) <= 80:  # noqa: PLR2004  # the field's own size
        raise InputInvalid("A title has 2 to 80 characters.", field="title")
    same = [
        each
        for each in in_force().types.values()
        if each.title.casefold() == title.casefold() and each.name != but
    ]
    if same:
        raise TypeNameTaken(f"There is a type {same[0].title} already.", field="title")
    return title


def check_sensitivity(sensitivity: str) -> None:
    """Raises InputInvalid."""
    if sensitivity not in Sensitivity.values:
        names = ", ".join(Sensitivity.values)
        raise InputInvalid(f"A sensitivity is one of {names}.", field="sensitivity")


def _check_radius(radius: float) -> float:
    if not LEAST_RADIUS <= radius <= MOST_RADIUS:
        raise InputInvalid(f"The distance is from {LEAST_RADIUS} to {MOST_RADIUS}.", field="radius")
    return radius


def _read_examples(labels: Iterable[Label], *, fewest: int) -> list[str]:
    examples = [bytes(label.likeness).hex() for label in labels if label.likeness]
    if not fewest <= len(examples) <= MOST_EXAMPLES:
        raise InputInvalid(
            f"Show {fewest} to {MOST_EXAMPLES} columns that a discovery has profiled.",
            field="labels",
        )
    return examples


def record_teaching(user: User, action: str, detail: dict[str, Any]) -> None:
    """Add to the audit trail; `detail` never holds a pattern or a word."""
    rbac.record_audit(actor=user, action=action, scope=None, detail=detail)


def judge_anew(user: User) -> None:
    """Judge everything stored again by what is taught now."""
    start_applying(model=find_active() or ensure_shipped(), user=user)


@transaction.atomic
def change_type(
    *, own: OwnType, user: User, title: str, sensitivity: str, description: str = ""
) -> OwnType:
    """Rename a type or rate it anew; its labels follow. Raises as teach_type does."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    own.title = check_title(title, but=own.name)
    check_sensitivity(sensitivity)
    own.sensitivity, own.description = sensitivity, description[:300]
    own.save(update_fields=["title", "sensitivity", "description"])
    record_teaching(
        user, "own_type_changed", {"type": own.name, "title": own.title, "rated": sensitivity}
    )
    _follow_rating(own.name, user)
    return own


def _follow_rating(name: str, user: User) -> None:
    """Decided labels of a type take its sensitivity now, suggested ones when judged anew."""
    change_vocabulary()
    transaction.on_commit(change_vocabulary)
    decided = Label.objects.filter(semantic_type=name, state__in=["confirmed", "changed"])
    for personal in (True, False):
        rated = sensitivity_of(name, personal=personal)
        decided.filter(personal=personal).update(sensitivity=rated)
    judge_anew(user)


@transaction.atomic
def retire_type(*, own: OwnType, user: User) -> OwnType:
    """Suggest it no more; labels that people gave keep it. Raises TypeRetired."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    now = timezone.now()
    if OwnType.objects.filter(pk=own.pk, retired_at=None).update(retired_at=now) != 1:
        raise TypeRetired
    Lesson.objects.filter(semantic_type=own.name, retired_at=None).update(retired_at=now)
    own.recognisers.filter(retired_at=None).update(retired_at=now)
    record_teaching(user, "own_type_retired", {"type": own.name})
    judge_anew(user)
    own.refresh_from_db()
    return own


@transaction.atomic
def delete_type(*, own: OwnType, user: User) -> None:
    """Remove a type that nothing names. Raises TypeInUse."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    labels = Label.objects.filter(semantic_type=own.name).count()
    if labels or LabelDecision.objects.filter(type_after=own.name).exists():
        raise TypeInUse(f"{labels} labels and some decisions name this type; retire it instead.")
    Lesson.objects.filter(semantic_type=own.name).delete()
    record_teaching(user, "own_type_deleted", {"type": own.name, "title": own.title})
    own.delete()
    change_vocabulary()
    transaction.on_commit(change_vocabulary)


# Exceptions


@transaction.atomic
def teach_exception(
    *, user: User, label: Label, semantic_type: str, radius: float = USUAL_RADIUS, note: str = ""
) -> Lesson:
    """Columns like this one are never of this type. Raises as teach_type does."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    get_semantic_type(semantic_type)
    made = Lesson.objects.create(
        kind=LessonKind.NEVER,
        semantic_type=semantic_type,
        examples=_read_examples([label], fewest=1),
        radius=_check_radius(radius),
        note=note[:300],
        made_by=user,
    )
    if label.semantic_type == semantic_type and label.state not in DECIDED_STATES:
        decide_many(labels=[label], user=user, kind=DecisionKind.REJECT)
    record_teaching(user, "exception_taught", {"type": semantic_type, "radius": radius})
    judge_anew(user)
    return made


@transaction.atomic
def take_back_lesson(*, lesson: Lesson, user: User) -> None:
    """What was taught counts no more. Raises LessonOver."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    open_ = Lesson.objects.filter(pk=lesson.pk, retired_at=None)
    if open_.update(retired_at=timezone.now()) != 1:
        raise LessonOver
    record_teaching(user, "lesson_taken_back", {"kind": lesson.kind, "type": lesson.semantic_type})
    judge_anew(user)


# Ratings of shipped types


@transaction.atomic
def rate_type(*, user: User, semantic_type: str, sensitivity: str) -> None:
    """Say how sensitive a shipped type is here; its labels follow. Raises InputInvalid."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    check_sensitivity(sensitivity)
    shipped = SHIPPED.types.get(semantic_type)
    if shipped is None:
        get_semantic_type(semantic_type)
        raise InputInvalid("Change an own type itself.", field="semantic_type")
    before = find_type(semantic_type)
    if sensitivity == shipped.sensitivity:
        TypeRating.objects.filter(semantic_type=semantic_type).delete()
    else:
        TypeRating.objects.update_or_create(
            semantic_type=semantic_type, defaults={"sensitivity": sensitivity, "rated_by": user}
        )
    told = {"type": semantic_type, "before": before.sensitivity if before else ""}
    record_teaching(user, "type_rated", {**told, "after": sensitivity})
    _follow_rating(semantic_type, user)
