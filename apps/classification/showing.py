"""What a lesson would reach: stored columns near some shown ones, found without a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from .models import Label, LabelQuerySet

MOST_SHOWN: Final = 50
_CHUNK: Final = 5_000


@dataclass(frozen=True)
class Hits:
    """How many columns are near, and the nearest of them with their distances."""

    number: int
    shown: list[tuple[Label, float]]


def find_hits(examples: Sequence[bytes], radius: float, labels: LabelQuerySet) -> Hits:
    """Columns among some labels that are within the radius of any of the examples."""
    best: dict[int, float] = {}
    for keys, likenesses in _chunk(labels):
        best.update(_measure(examples, radius, keys, likenesses))
    nearest = sorted(best.items(), key=lambda pair: (pair[1], pair[0]))[:MOST_SHOWN]
    rows = labels.in_bulk([pk for pk, _ in nearest])
    return Hits(len(best), [(rows[pk], distance) for pk, distance in nearest])


def _chunk(labels: LabelQuerySet) -> Iterator[tuple[list[int], list[bytes]]]:
    known: Any = labels.filter(likeness__isnull=False).order_by("pk").select_related(None)
    rows = known.values_list("pk", "likeness").iterator(_CHUNK)
    while part := list(islice(rows, _CHUNK)):
        yield [pk for pk, _ in part], [bytes(likeness) for _, likeness in part]


def _measure(
    examples: Sequence[bytes], radius: float, keys: Sequence[int], likenesses: Sequence[bytes]
) -> dict[int, float]:
    # Only whoever teaches needs numpy in a web process.
    from .neighbours import Neighbours

    best: dict[int, float] = {}
    for near in Neighbours(likenesses).find(examples, radius):
        for place, distance in zip(near.places, near.distances, strict=True):
            pk = keys[place]
            best[pk] = min(best.get(pk, 1.0), float(distance))
    return best
