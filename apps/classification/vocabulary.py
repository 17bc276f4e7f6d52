"""Keeps each process's taxonomy as the installation's own types and ratings have it.

A mark in the cache changes with them: whoever sees another mark than the one it knows reads anew.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from django.core.cache import cache

from .models import OwnType, TypeRating
from .taxonomy import SHIPPED, Taxonomy, put_in_force
from .types import SemanticType

MARK: Final = "classification:vocabulary"
GROUP: Final = "Own types"
# Empty until this process has read them; None stands for a cache that holds no mark.
_known: list[str | None] = []


def refresh_vocabulary() -> None:
    """Read own types and ratings when somebody changed them."""
    mark = cache.get(MARK)
    if _known == [mark]:
        return
    put_in_force(_load())
    _known[:] = [mark]


def change_vocabulary() -> None:
    """Own types or ratings changed: here at once, elsewhere with the next request or batch."""
    cache.set(MARK, uuid.uuid4().hex, None)
    refresh_vocabulary()


def _load() -> Taxonomy:
    own = [_read(row) for row in OwnType.objects.order_by("pk")]
    ratings = dict(TypeRating.objects.order_by("pk").values_list("semantic_type", "sensitivity"))
    if not own and not ratings:
        return SHIPPED
    told = repr((own, sorted(ratings.items())))
    version = blake2b(told.encode(), digest_size=4).hexdigest()
    rated = {
        name: replace(each, sensitivity=ratings.get(name, each.sensitivity))
        for name, each in SHIPPED.types.items()
    }
    return replace(SHIPPED, types=rated).extend(own, version=version)


def _read(row: OwnType) -> SemanticType:
    return SemanticType(
        name=row.name,
        title=row.title,
        group=GROUP,
        sensitivity=row.sensitivity,
        personal=row.personal,
        contextual=False,
        categories=("user",) if row.personal else (),
        description=row.description or f"Own type of this installation: {row.title}",
    )
