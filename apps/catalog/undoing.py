"""What people wrote into the catalogue outlives the run that found the table."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from apps.discovery.types import UndoScope

from .models import CatalogEntry

CHUNK = 500


def count_entries(scope: UndoScope) -> dict[str, int]:
    """Entries that were published first by the run."""
    entries = CatalogEntry.objects.filter(dataset__source=scope.source_id)
    return {"entries": entries.filter(created_at__range=(scope.since, scope.until)).count()}


def keep_entries(_scope: UndoScope) -> None:
    """Drafts follow the structure: they are written anew from the tables as they were."""


def find_described_fields(field_ids: Collection[int]) -> set[int]:
    """Of these columns, those of tables that a person described, tagged or owns."""
    ids = sorted(field_ids)
    by_person = Q(described_at__isnull=False) | Q(owner__isnull=False) | ~Q(tags={})
    found: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        entries = CatalogEntry.objects.filter(by_person, dataset__fields__in=ids[start:][:CHUNK])
        found |= set(entries.values_list("dataset__fields", flat=True))
    return found & set(ids)
