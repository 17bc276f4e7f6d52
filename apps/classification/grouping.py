"""Puts columns into groups of alike ones, so that one decision can settle them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .likeness import ALIKE, measure_profile_distance
from .models import AlikeGroup


@dataclass(frozen=True)
class Placed:
    """A column that wants a group: its block, its likeness, and the group that it has."""

    block: str
    likeness: bytes
    group_id: int | None = None


def assign_groups(columns: Mapping[int, Placed]) -> dict[int, int]:
    """The id of the group of each column; groups that are missing are made."""
    known = _load(each.block for each in columns.values())
    chosen = {key: _choose(column, known) for key, column in columns.items()}
    AlikeGroup.objects.bulk_create({id(g): g for g in chosen.values() if g.pk is None}.values())
    return {key: int(group.pk) for key, group in chosen.items()}


def _load(blocks: Iterable[str]) -> dict[str, list[AlikeGroup]]:
    found: dict[str, list[AlikeGroup]] = defaultdict(list)
    for group in AlikeGroup.objects.filter(block__in=set(blocks)).order_by("pk"):
        found[group.block].append(group)
    return found


def _choose(column: Placed, known: dict[str, list[AlikeGroup]]) -> AlikeGroup:
    """The group that it has while it fits, else the nearest that fits, else a new one."""
    fits = []
    for group in known[column.block]:
        distance = measure_profile_distance(column.likeness, bytes(group.centre))
        if distance <= ALIKE:
            fits.append((group.pk != column.group_id or group.pk is None, distance, group))
    if fits:
        return min(fits, key=lambda each: each[:2])[2]
    made = AlikeGroup(block=column.block, centre=column.likeness)
    known[column.block].append(made)
    return made
