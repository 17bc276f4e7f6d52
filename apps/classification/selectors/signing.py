"""Reads of sign-offs, and what one would cover."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet

from apps.classification.models import (
    Attestation,
    Label,
)
from apps.classification.types import (
    DECIDED_STATES,
)
from datawave.common.errors import NotThere

if TYPE_CHECKING:
    from apps.rbac.models import User


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
