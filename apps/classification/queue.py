"""The review queue: groups of alike columns, ordered by what a decision on each is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from django.db.models import (
    Avg,
    Case,
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    Max,
    Min,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from .likeness import measure_distance
from .models import Label, LabelQuerySet
from .selectors import list_visible_labels
from .types import SENSITIVITY_RANK, LabelState

if TYPE_CHECKING:
    from apps.rbac.models import User

# What a wrong label costs, by the sensitivity that it claims.
HARM: Final = {"public": 1.0, "internal": 2.0, "confidential": 5.0, "restricted": 10.0}
_FLOAT: Final = FloatField()


@dataclass(frozen=True, kw_only=True)
class Group:
    """Alike columns with the same suggestion; one decision can settle all of them."""

    # The column that stands for the group.
    label: Label
    semantic_type: str
    size: int
    tables: int
    sources: int
    # Mean doubt, from 0 to 1, and the expected harm that a decision prevents.
    doubt: float
    worth: float
    harm: float


def list_waiting(user: User) -> LabelQuerySet:
    """Suggestions that the person may view."""
    labels = list_visible_labels(user).filter(state=LabelState.SUGGESTED)
    return labels.exclude(semantic_type="")


def list_groups(labels: QuerySet[Label]) -> QuerySet[Any, dict[str, Any]]:
    """Groups among some waiting labels, the most worth first.

    What a decision is worth is the harm that is expected of the group's labels being wrong: the
    doubt in each times what its sensitivity makes an error cost, added up over the group.
    """
    doubt = ExpressionWrapper(1.0 - F("confidence"), output_field=_FLOAT)
    harm = Case(*(When(sensitivity=k, then=Value(v)) for k, v in HARM.items()), default=Value(1.0))
    ranks = (When(sensitivity=k, then=Value(v)) for k, v in SENSITIVITY_RANK.items())
    alone = ExpressionWrapper(0 - F("pk"), output_field=IntegerField())
    keyed = labels.order_by().annotate(
        key=Coalesce("group_id", alone), doubt_here=doubt, harm_here=harm
    )
    grouped = keyed.values("key", "semantic_type").annotate(
        size=Count("pk"),
        tables=Count("field__dataset", distinct=True),
        sources=Count("field__dataset__source", distinct=True),
        doubt=Avg("doubt_here"),
        worth=Sum(F("doubt_here") * F("harm_here"), output_field=_FLOAT),
        harm=Max("harm_here", output_field=_FLOAT),
        rank=Max(Case(*ranks, default=Value(0))),
        first=Min("pk"),
    )
    ordered: Any = grouped.order_by("-worth", "-rank", "first")
    return cast("QuerySet[Any, dict[str, Any]]", ordered)


def load_groups(rows: list[dict[str, Any]]) -> list[Group]:
    """The groups of a page with the columns that stand for them."""
    labels = Label.objects.select_related("field__dataset__source").in_bulk(
        [row["first"] for row in rows]
    )
    names = ("semantic_type", "size", "tables", "sources", "doubt", "worth", "harm")
    return [
        Group(label=labels[row["first"]], **{name: row[name] for name in names}) for row in rows
    ]


def list_members(label: Label, labels: QuerySet[Label]) -> QuerySet[Label]:
    """Labels that a decision on the group of `label` settles, among some waiting ones."""
    if label.group_id is None:
        return labels.filter(pk=label.pk)
    alike = labels.filter(group=label.group_id, semantic_type=label.semantic_type)
    return alike.order_by("pk")


def measure_members(label: Label, members: list[Label]) -> list[tuple[Label, float]]:
    """Members with their distance from the column that stands for them, the furthest first."""
    centre = bytes(label.likeness or b"")
    pairs = [
        (member, measure_distance(centre, bytes(member.likeness or b"")) if centre else 0.0)
        for member in members
    ]
    return sorted(pairs, key=lambda pair: -pair[1])


def explain(group: Group) -> str:
    """Why a group stands where it stands, in a sentence."""
    columns = f"{group.size} column{'s' if group.size != 1 else ''}"
    level = group.label.get_sensitivity_display().lower()
    return (
        f"{columns} × {group.doubt:.0%} doubt × {group.harm:.0f} ({level})"
        f" = {group.worth:.2f} expected harm"
    )
