"""Likely joins: columns of other tables, in any source, that hold the values of a table's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apps.discovery.selectors import list_visible_fields
from apps.discovery.types import DatasetState, FieldState

from .alikeness import (
    Overlap,
    SketchFacts,
    compare_sketches,
    count_bins,
    is_likely,
    pack_bins,
)
from .models import FieldSketch
from .sketching import find_sensitive

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from apps.discovery.models import Dataset, Field
    from apps.rbac.models import User

# Sketches that one look compares with, the newest first, and joins that it tells.
MOST_COMPARED: Final = 20_000
MOST_NEAR: Final = 400
MOST_TOLD: Final = 50


@dataclass(frozen=True, kw_only=True)
class LikelyJoin:
    """Values of `field` are in `other`, which is of another dataset."""

    field: Field
    other: Field
    overlap: Overlap


def find_likely_joins(
    *, user: User, dataset: Dataset, other: Dataset | None = None
) -> list[LikelyJoin]:
    """The likeliest first, from and to what the person may see."""
    own = [row for row in _list_sketches(user).filter(field__dataset=dataset) if row.bins]
    keys = {row.key for row in own}
    rest = _list_sketches(user).filter(key__in=keys).exclude(field__dataset=dataset)
    if other is not None:
        rest = rest.filter(field__dataset=other)
    near = _find_near(own, rest.order_by("-pk"))
    found = _compare_all(own, rest.filter(pk__in=near))
    secret = find_sensitive({f.dataset_id for join in found for f in (join.field, join.other)})
    kept = [each for each in found if not {each.field.pk, each.other.pk} & secret]
    kept.sort(key=lambda each: (-each.overlap.held, -each.overlap.jaccard, each.other.pk))
    return kept[:MOST_TOLD]


def _list_sketches(user: User) -> QuerySet[FieldSketch]:
    fields = list_visible_fields(user).filter(state=FieldState.ACTIVE)
    there = fields.exclude(dataset__state=DatasetState.DROPPED)
    rows = FieldSketch.objects.filter(field__in=there.values("pk"), withheld=False)
    return rows.select_related("field__dataset__source")


def _find_near(own: Iterable[FieldSketch], rest: QuerySet[FieldSketch]) -> list[int]:
    """Of very many sketches those that agree with one of its own more than by chance."""
    mine = [(row.is_number, pack_bins(row.bins)) for row in own]
    near = []
    for pk, bins, is_number in rest.values_list("pk", "bins", "is_number")[:MOST_COMPARED]:
        packed = pack_bins(bins)
        alike = (count_bins(each, packed) for kind, each in mine if kind == is_number)
        if any(not counts.is_chance for counts in alike):
            near.append(pk)
    return near[:MOST_NEAR]


def _compare_all(own: Iterable[FieldSketch], rest: Iterable[FieldSketch]) -> list[LikelyJoin]:
    by_kind: dict[bool, list[tuple[FieldSketch, SketchFacts]]] = defaultdict(list)
    for row in own:
        by_kind[row.is_number].append((row, read_sketch(row)))
    found: list[LikelyJoin] = []
    for row in rest:
        facts = read_sketch(row)
        for mine, ours in by_kind[row.is_number]:
            found += _compare_pair(mine, ours, row, facts)
    return found


def _compare_pair(
    mine: FieldSketch, ours: SketchFacts, theirs: FieldSketch, facts: SketchFacts
) -> Iterator[LikelyJoin]:
    """The direction in which more is held, if either is likely."""
    ways = (
        (mine, theirs, compare_sketches(ours, facts), ours, facts),
        (theirs, mine, compare_sketches(facts, ours), facts, ours),
    )
    likely = [
        LikelyJoin(field=one.field, other=other.field, overlap=overlap)
        for one, other, overlap, left, right in ways
        if overlap and is_likely(left, right, overlap)
    ]
    if likely:
        yield max(likely, key=lambda each: each.overlap.held)


def read_sketch(row: FieldSketch) -> SketchFacts:
    """A kept sketch as it is compared."""
    return SketchFacts(
        key=row.key,
        bins=row.bins,
        values=row.values,
        whole=row.whole,
        is_number=row.is_number,
        name=row.field.name,
        table=row.field.dataset.name,
    )
