"""What a run changed in labels, and which columns people decided on since."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from apps.discovery.types import UndoScope

from .models import Label, PastVerdict
from .services import take_back_run
from .types import DECIDED_STATES

CHUNK = 500


def count_labels(scope: UndoScope) -> dict[str, int]:
    """Labels that were made or changed."""
    verdicts = PastVerdict.objects.filter(job=scope.job_id).order_by()
    return {"labels": verdicts.values("field").distinct().count()}


def take_back_labels(scope: UndoScope) -> None:
    """Each gets the verdict that stood before."""
    take_back_run(job_id=scope.job_id)


def find_decided_fields(field_ids: Collection[int]) -> set[int]:
    """Of these columns, those whose label a person decided on."""
    ids = sorted(field_ids)
    decided = Q(state__in=DECIDED_STATES) | Q(decisions__isnull=False)
    found: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        labels = Label.objects.filter(decided, field__in=ids[start : start + CHUNK])
        found |= set(labels.values_list("field", flat=True))
    return found
