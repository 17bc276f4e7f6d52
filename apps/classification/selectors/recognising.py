"""Reads of what own types look like, and of stored columns that a definition would reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from django.db.models import QuerySet

from apps.classification.models import Label, LabelQuerySet, OwnRecogniser, OwnType
from apps.classification.recognising import Definition, name_filter
from apps.discovery.selectors import list_visible_datasets, load_tables
from apps.discovery.types import BatchTable
from datawave_edge.profile.shapes import shape_of

from .labels import list_visible_labels

if TYPE_CHECKING:
    from apps.rbac.models import User

MOST_SHOWN: Final = 50
# Tables whose stored shapes are looked at while a person waits, the newest first.
MOST_TABLES: Final = 1_000
_AT_ONCE: Final = 50


@dataclass(frozen=True)
class Reached:
    """A stored column that a definition would reach, and why."""

    label: Label
    why: str


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What stored names and shapes say of a definition; only a discovery can tell for sure."""

    by_name: int
    by_shape: int
    tables_read: int
    tables: int
    shown: list[Reached]


def list_recognisers(own: OwnType) -> QuerySet[OwnRecogniser]:
    """All kept versions of a type, the newest first."""
    return own.recognisers.select_related("made_by").order_by("-version")


def find_recogniser(own: OwnType) -> OwnRecogniser | None:
    """The version in force, if the type has one."""
    return list_recognisers(own).filter(retired_at=None).first()


def preview_reach(*, user: User, definition: Definition, fitting: Sequence[str]) -> Reach:
    """Stored columns by their names, and by shapes like those of the examples.

    The server has no values. It has shapes, so it can tell which columns hold texts that look like
    the examples that fit.
    """
    labels = list_visible_labels(user)
    named = _find_named(definition, labels)
    shapes = frozenset(map(shape_of, fitting)) if definition.has_values else frozenset[str]()
    tables = list_visible_datasets(user).filter(state="active").exclude(snapshot=None)
    keys = list(tables.order_by("-pk").values_list("pk", flat=True)[:MOST_TABLES]) if shapes else []
    shaped = dict(_find_shaped(keys, shapes, definition.least))
    return Reach(
        by_name=len(named),
        by_shape=len(shaped),
        tables_read=len(keys),
        tables=tables.count(),
        shown=_show(labels, named, shaped),
    )


def _find_named(definition: Definition, labels: LabelQuerySet) -> list[int]:
    if not definition.names:
        return []
    accepts = name_filter(definition)
    rows = labels.select_related(None).order_by("pk").values_list("field", "field__name")
    return [pk for pk, name in rows.iterator(5_000) if accepts(name)]


def _find_shaped(
    keys: Sequence[int], shapes: frozenset[str], least: float
) -> Iterator[tuple[int, float]]:
    rest = iter(keys)
    while part := list(islice(rest, _AT_ONCE)):
        for table in load_tables(part):
            yield from _find_in_table(table, shapes, least)


def _find_in_table(
    table: BatchTable, shapes: frozenset[str], least: float
) -> Iterator[tuple[int, float]]:
    for column in table.snapshot.columns:
        told = column.profile.shapes if column.profile else {}
        share = sum(told.get(shape, 0.0) for shape in shapes)
        if share >= least and column.name in table.field_ids:
            yield table.field_ids[column.name], share


def _show(labels: LabelQuerySet, named: Sequence[int], shaped: dict[int, float]) -> list[Reached]:
    best = sorted(shaped, key=lambda pk: (-shaped[pk], pk))
    keys = list(dict.fromkeys([*best, *named]))[:MOST_SHOWN]
    rows = {row.field_id: row for row in labels.filter(field__in=keys)}
    known = set(named)
    return [Reached(rows[pk], _tell(pk, known, shaped)) for pk in keys if pk in rows]


def _tell(pk: int, named: set[int], shaped: dict[int, float]) -> str:
    told = [f"{min(1.0, shaped[pk]):.0%} look like the examples"] if pk in shaped else []
    return " · ".join([*told, *(["the name fits"] if pk in named else [])])
