"""Reads of own types and of what was taught."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db.models import Count, Prefetch, QuerySet

from apps.classification.models import (
    Lesson,
    OwnRecogniser,
    OwnType,
)
from apps.datasources.selectors import list_visible_sources
from datawave.common.errors import NotThere

from .labels import list_visible_labels

if TYPE_CHECKING:
    from apps.rbac.models import User


def list_own_types(user: User) -> QuerySet[OwnType]:
    """Own types, for people who may view any source."""
    recognisers = OwnRecogniser.objects.defer("words")
    rows = OwnType.objects.select_related("made_by").prefetch_related(
        Prefetch("recognisers", recognisers)
    )
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
