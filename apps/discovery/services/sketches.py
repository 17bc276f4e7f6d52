"""Takes sketches out of what is kept of datasets, once their columns turn out to be sensitive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import msgspec
from django.db import transaction

from apps.discovery.models import Dataset, Field, TableSnapshot
from datawave_edge.protocol import TableSnapshot as WireTable
from datawave_edge.protocol import content_hash


@transaction.atomic
def forget_sketches(*, field_ids: Collection[int]) -> None:
    """Drop the sketches of these fields from every version of their datasets.

    Each version's hash becomes that of what is left, which is what the agent sends from now on.
    """
    names: dict[int, set[str]] = defaultdict(set)
    rows = Field.objects.filter(pk__in=list(field_ids))
    for dataset_id, name in rows.values_list("dataset", "name"):
        names[dataset_id].add(name)
    for snapshot in TableSnapshot.objects.filter(dataset__in=list(names)).iterator(100):
        if _forget(snapshot.payload, names[snapshot.dataset_id]):
            _hash_anew(snapshot)


def _forget(payload: dict[str, Any], names: Collection[str]) -> bool:
    profiles = [
        column["profile"]
        for column in payload["columns"]
        if column["name"] in names and column.get("profile")
    ]
    return sum(profile.pop("sketch", None) is not None for profile in profiles) > 0


def _hash_anew(snapshot: TableSnapshot) -> None:
    before = snapshot.content_hash
    snapshot.content_hash = content_hash(msgspec.convert(snapshot.payload, WireTable))
    snapshot.payload["content_hash"] = snapshot.content_hash
    snapshot.save(update_fields=["payload", "content_hash"])
    held = Dataset.objects.filter(pk=snapshot.dataset_id, content_hash=before)
    held.update(content_hash=snapshot.content_hash)
