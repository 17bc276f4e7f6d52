"""The columns whose meaning people decided, to be compared with; held in memory once a version."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Count, Max

from .models import Label
from .types import LabelState

if TYPE_CHECKING:
    from .neighbours import NearBy, Neighbours

MOST_KEPT: Final = 20_000
# A verdict names so many near columns, none further than this.
MOST_NAMED: Final = 5
NEAR: Final = 0.35
_SETTLED: Final = (LabelState.CONFIRMED.value, LabelState.CHANGED.value)
Near = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class _Confirmed:
    stamp: tuple[object, ...]
    label_ids: tuple[int, ...]
    field_ids: tuple[int, ...]
    index: Neighbours | None


_lock = threading.Lock()
_held: list[_Confirmed] = []


def find_nearest(field_ids: Sequence[int], likenesses: Sequence[bytes]) -> list[Near]:
    """Labels near each of the columns with their distances, the nearest first; never itself."""
    known = _load()
    if known.index is None:
        return [()] * len(likenesses)
    found = known.index.find(likenesses, NEAR)
    return [_choose(known, field, near) for field, near in zip(field_ids, found, strict=True)]


def _choose(known: _Confirmed, field_id: int, near: NearBy) -> Near:
    # One more than is named, because the column itself may be among them.
    nearest = zip(near.places[: MOST_NAMED + 1], near.distances, strict=False)
    named = [
        (known.label_ids[place], round(float(distance), 3))
        for place, distance in nearest
        if known.field_ids[place] != field_id
    ]
    return tuple(named[:MOST_NAMED])


def _load() -> _Confirmed:
    settled = Label.objects.filter(state__in=_SETTLED, likeness__isnull=False)
    told = settled.aggregate(number=Count("pk"), last=Max("decided_at"), top=Max("pk"))
    stamp = tuple(told.values())
    with _lock:
        if _held and _held[0].stamp == stamp:
            return _held[0]
    fresh = _read(stamp) if told["number"] else _Confirmed(stamp, (), (), None)
    with _lock:
        _held[:] = [fresh]
    return fresh


def _read(stamp: tuple[object, ...]) -> _Confirmed:
    # Web processes never come here, and need not hold numpy.
    from .neighbours import Neighbours

    rows = list(
        Label.objects.filter(state__in=_SETTLED, likeness__isnull=False)
        .order_by("-decided_at", "-pk")
        .values_list("pk", "field", "likeness")[:MOST_KEPT]
    )
    return _Confirmed(
        stamp=stamp,
        label_ids=tuple(pk for pk, _, _ in rows),
        field_ids=tuple(field for _, field, _ in rows),
        index=Neighbours([bytes(likeness or b"") for _, _, likeness in rows]),
    )
