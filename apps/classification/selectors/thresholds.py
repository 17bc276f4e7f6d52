"""Least confidences of types: what is in force, how it was learnt, and what others would change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Count, Q

from apps.classification.active import find_active
from apps.classification.agreement import Answer
from apps.classification.in_force import load_thresholds
from apps.classification.models import TypeThreshold
from apps.classification.taxonomy import in_force
from apps.classification.thresholds import LEAST
from apps.classification.types import LabelState

from .labels import get_semantic_type, list_visible_labels
from .learning import load_answers

if TYPE_CHECKING:
    from apps.rbac.models import User

STEPS: Final = (LEAST, *(round(0.3 + 0.05 * step, 2) for step in range(14)))


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """The least confidence of a type, and what it does to the labels a person may view."""

    name: str
    title: str
    # What holds: what people set, else what was learnt, else the judge's own bound.
    least: float
    pinned: float | None
    learnt: float | None
    suggested: int
    # Columns that would be called so, were the machine surer.
    held_back: int
    # Decisions on suggestions of the type, and how many agreed.
    decisions: int
    agreed: int


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a threshold would do."""

    least: float
    # Labels that would be suggested, and how many that is more or less than now.
    suggested: int
    change: int
    # Of the decisions on such suggestions: right ones that it would lose, wrong ones it would drop.
    lost: int
    dropped: int


def list_thresholds(user: User) -> list[Threshold]:
    """Of all types: those that are suggested, held back or set come first."""
    suggested, held_back = _count(user, "machine_type"), _count(user, "unsure_of")
    pinned, learnt = load_thresholds(), load_learnt()
    answers = _group(load_answers(user))
    rows = [
        Threshold(
            name=each.name,
            title=each.title,
            least=pinned.get(each.name, learnt.get(each.name, LEAST)),
            pinned=pinned.get(each.name),
            learnt=learnt.get(each.name),
            suggested=suggested.get(each.name, 0),
            held_back=held_back.get(each.name, 0),
            decisions=len(answers.get(each.name, ())),
            agreed=sum(answer.agreed for answer in answers.get(each.name, ())),
        )
        for each in in_force().types.values()
    ]
    return sorted(rows, key=lambda row: (-_weigh(row), row.title))


def _weigh(row: Threshold) -> int:
    return 10**9 * (row.pinned is not None) + row.suggested + row.held_back


def get_threshold(*, user: User, name: str) -> Threshold:
    """Of one type. Raises UnknownSemanticType."""
    get_semantic_type(name)
    return next(each for each in list_thresholds(user) if each.name == name)


def load_learnt() -> dict[str, float]:
    """What the version in force learnt from decisions."""
    active = find_active()
    told = active.figures.get("thresholds", {}) if active else {}
    return {str(name): float(least) for name, least in told.items()}


def list_steps(*, user: User, name: str) -> list[Step]:
    """What each threshold would do to the labels that the person may view."""
    rows = list_visible_labels(user).filter(state=LabelState.SUGGESTED).order_by()
    mine = rows.filter(Q(machine_type=name) | Q(unsure_of=name))
    counts = mine.aggregate(
        now=Count("pk", filter=Q(machine_type=name)),
        **{
            f"at_{place}": Count("pk", filter=Q(machine_confidence__gte=least))
            for place, least in enumerate(STEPS)
        },
    )
    answers = _group(load_answers(user)).get(name, [])
    return [
        Step(
            least=least,
            suggested=counts[f"at_{place}"],
            change=counts[f"at_{place}"] - counts["now"],
            lost=sum(each.agreed for each in answers if each.confidence < least),
            dropped=sum(not each.agreed for each in answers if each.confidence < least),
        )
        for place, least in enumerate(STEPS)
    ]


def list_threshold_history(name: str) -> list[TypeThreshold]:
    """Who asked for what, the newest first."""
    return list(TypeThreshold.objects.filter(semantic_type=name).select_related("set_by")[:20])


def _count(user: User, field: str) -> dict[str, int]:
    rows = list_visible_labels(user).filter(state=LabelState.SUGGESTED).order_by()
    counted = rows.exclude(**{field: ""}).values_list(field).annotate(n=Count("pk"))
    return {str(name): int(number) for name, number in counted}


def _group(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for each in answers:
        found.setdefault(each.said, []).append(each)
    return found
