"""Reads of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, F, Q

from apps.classification.selectors import list_semantic_types
from apps.classification.types import STANDING_STATES, Sensitivity
from apps.discovery.selectors import list_visible_fields
from datawave.common.errors import NotThere

from .drafts import KIND_TITLES
from .models import CatalogEntry, EntryQuerySet, Relationship, RelationshipQuerySet
from .search import NothingToSearch, match_entries, without_rank
from .types import DeclaredFacts, EntryFilters, Facet, FacetOption
from .words import split_words

if TYPE_CHECKING:
    from apps.discovery.models import Field
    from apps.rbac.models import User

_CHUNK: Final = 500
_MOST_OPTIONS: Final = 50
_TONES: Final = {
    "restricted": "red",
    "confidential": "orange",
    "internal": "azure",
    "public": "green",
}
# Name in the address -> order.
SORTS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("dataset__name", "dataset__container"),
    "source": ("dataset__source__name", "dataset__container", "dataset__name"),
    "rows": ("dataset__row_count", "dataset__name"),
    "columns": ("dataset__column_count", "dataset__name"),
    "personal": ("personal_fields", "dataset__name"),
    "seen": ("dataset__last_seen_at", "dataset__name"),
}
_TYPE_PATH: Final = "dataset__fields__label__semantic_type"
_STANDING: Final = tuple(state.value for state in STANDING_STATES)


def list_visible_entries(user: User) -> EntryQuerySet:
    """Published entries that the person may see, with what lists show of them."""
    return CatalogEntry.objects.visible_to(user).select_related("dataset__source", "owner")


def list_visible_relationships(user: User) -> RelationshipQuerySet:
    """Relationships that the person may see, with both ends."""
    return Relationship.objects.visible_to(user).select_related(
        "from_dataset__source", "to_dataset__source"
    )


def get_entry(*, user: User, dataset_public_id: Any) -> CatalogEntry:
    """The entry of a dataset. Raises NotThere."""
    entry = list_visible_entries(user).filter(dataset__public_id=dataset_public_id).first()
    if entry is None:
        raise NotThere
    return entry


def find_entry(dataset_id: int) -> CatalogEntry | None:
    """The entry of a dataset, published or not."""
    entries = CatalogEntry.objects.select_related("dataset__source", "owner", "described_by")
    return entries.filter(dataset_id=dataset_id).first()


def search_entries(*, user: User, query: str, filters: EntryFilters) -> EntryQuerySet:
    """Entries that have every word of the query and pass the filters, best first."""
    found = _narrow(_match(list_visible_entries(user), query), filters)
    return found.order_by(*_order(query, filters.sort))


def _match(entries: EntryQuerySet, query: str) -> EntryQuerySet:
    if not query.strip():
        return without_rank(entries)
    try:
        return match_entries(entries, query)
    except NothingToSearch:
        return without_rank(entries.none())


def _order(query: str, sort: str) -> list[Any]:
    fields = SORTS.get(sort.removeprefix("-"))
    if fields is None:
        first = [F("rank").desc()] if query.strip() else []
        return [*first, "dataset__container", "dataset__name", "pk"]
    if sort.startswith("-"):
        return [F(fields[0]).desc(nulls_last=True), *fields[1:], "pk"]
    return [F(fields[0]).asc(nulls_last=True), *fields[1:], "pk"]


def _narrow(entries: EntryQuerySet, filters: EntryFilters, leave_out: str = "") -> EntryQuerySet:
    for name, condition in _conditions(filters).items():
        if name != leave_out:
            entries = entries.filter(condition)
    if filters.types and leave_out != "type":
        labelled = CatalogEntry.objects.filter(
            dataset__fields__label__semantic_type__in=filters.types,
            dataset__fields__label__state__in=_STANDING,
        )
        entries = entries.filter(pk__in=labelled.values("pk"))
    return entries


def _conditions(filters: EntryFilters) -> dict[str, Q]:
    given = {
        "source": (filters.sources, Q(dataset__source__name__in=filters.sources)),
        "container": (filters.containers, Q(dataset__container__in=filters.containers)),
        "kind": (filters.kinds, Q(dataset__kind__in=filters.kinds)),
        "sensitivity": (filters.sensitivities, Q(sensitivity__in=filters.sensitivities)),
        "owner": (filters.owners, Q(owner__username__in=filters.owners)),
        "personal": (filters.personal, _is_personal(filters.personal)),
    }
    return {name: condition for name, (values, condition) in given.items() if values}


def _is_personal(wanted: Sequence[str]) -> Q:
    condition = Q(pk__in=[])
    if "yes" in wanted:
        condition |= Q(personal_fields__gt=0)
    if "no" in wanted:
        condition |= Q(personal_fields=0)
    return condition


def list_facets(*, user: User, query: str, filters: EntryFilters) -> list[Facet]:
    """What the entries found can be narrowed by; each facet ignores its own choice."""
    found = _match(CatalogEntry.objects.visible_to(user), query).order_by()
    types = {each.name: each.title for each in list_semantic_types()}
    plain: tuple[tuple[str, str, str, tuple[str, ...], dict[str, str]], ...] = (
        ("source", "Source", "dataset__source__name", filters.sources, {}),
        ("container", "Schema", "dataset__container", filters.containers, {}),
        ("kind", "Kind", "dataset__kind", filters.kinds, KIND_TITLES),
        ("sensitivity", "Sensitivity", "sensitivity", filters.sensitivities, _sensitivities()),
        ("type", "Contains", _TYPE_PATH, filters.types, types),
        ("owner", "Owner", "owner__username", filters.owners, {}),
    )
    facets = [
        Facet(
            name=name,
            title=title,
            options=_count_options(_narrow(found, filters, name), path, chosen, titles),
        )
        for name, title, path, chosen, titles in plain
    ]
    return [*facets, _count_personal(_narrow(found, filters, "personal"), filters.personal)]


def _sensitivities() -> dict[str, str]:
    return {level.value: str(level.label) for level in Sensitivity}


def _count_options(
    entries: EntryQuerySet, path: str, chosen: Sequence[str], titles: dict[str, str]
) -> tuple[FacetOption, ...]:
    if path == _TYPE_PATH:
        entries = entries.filter(dataset__fields__label__state__in=_STANDING)
    rows = (
        entries.exclude(**{path: ""}).exclude(**{f"{path}__isnull": True})
        if path != _TYPE_PATH
        else entries.filter(**{f"{path}__gt": ""})
    )
    counts = rows.values_list(path).annotate(n=Count("pk", distinct=True)).order_by("-n", path)
    return tuple(
        FacetOption(
            value=value,
            title=titles.get(value, value),
            count=n,
            selected=value in chosen,
            tone=_TONES.get(value, ""),
        )
        for value, n in counts[:_MOST_OPTIONS]
    )


def _count_personal(entries: EntryQuerySet, chosen: Sequence[str]) -> Facet:
    counts = entries.aggregate(
        yes=Count("pk", filter=Q(personal_fields__gt=0)),
        no=Count("pk", filter=Q(personal_fields=0)),
    )
    options = tuple(
        FacetOption(value=value, title=title, count=counts[value], selected=value in chosen)
        for value, title in (("yes", "Yes"), ("no", "No"))
    )
    return Facet(name="personal", title="Personal data", options=options)


def load_declared(dataset_ids: Sequence[int]) -> dict[int, DeclaredFacts]:
    """What people declared of each dataset that has an entry."""
    declared: dict[int, DeclaredFacts] = {}
    for start in range(0, len(dataset_ids), _CHUNK):
        entries = CatalogEntry.objects.filter(
            dataset_id__in=dataset_ids[start : start + _CHUNK]
        ).select_related("owner")
        for entry in entries:
            declared[entry.dataset_id] = DeclaredFacts(
                tags=entry.tags,
                owner=entry.owner.username if entry.owner else "",
                description=entry.description,
            )
    return declared


def list_columns_named(*, user: User, query: str, most: int) -> list[Field]:
    """Columns whose name has every word of the query, with their tables."""
    words = split_words(query)
    if not words:
        return []
    fields = list_visible_fields(user).filter(state="active").exclude(dataset__state="dropped")
    for word in words:
        fields = fields.filter(name__icontains=word)
    return list(fields.order_by("name", "dataset__name", "pk")[:most])


def list_neighbours(dataset_id: int) -> list[Relationship]:
    """Relationships that start or end at a dataset, with both ends."""
    near = Q(from_dataset_id=dataset_id) | Q(to_dataset_id=dataset_id)
    return list(Relationship.objects.filter(near).select_related("from_dataset", "to_dataset"))
