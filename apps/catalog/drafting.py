"""Writes what machines found out about entries, many at a time, over what they wrote before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, TypeVar

from .entries import Draft, Link, Standing
from .models import CatalogEntry, Relationship
from .search import index_entries
from .words import index_text

Item = TypeVar("Item")
# Small enough for every engine's limit of parameters.
CHUNK: Final = 400
_DRAFTED: Final = ("description", "search_name", "search_columns", "search_text")
_SUMMED: Final = ("sensitivity", "personal_fields")


def split_chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """The items, some at a time."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def save_drafts(drafts: Sequence[Draft]) -> None:
    """Make or bring up to date the entries of drafts; what a person wrote stays."""
    for chunk in split_chunks(drafts):
        _save_chunk({draft.dataset_id: draft for draft in chunk})


def _save_chunk(drafts: Mapping[int, Draft]) -> None:
    CatalogEntry.objects.bulk_create(
        [CatalogEntry(dataset_id=dataset_id) for dataset_id in drafts], ignore_conflicts=True
    )
    entries = (
        CatalogEntry.objects.select_for_update(of=("self",))
        .select_related("owner")
        .filter(dataset_id__in=drafts)
        .order_by("pk")
    )
    changed = [entry for entry in entries if apply_draft(entry, drafts[entry.dataset_id])]
    CatalogEntry.objects.bulk_update(changed, _DRAFTED)
    index_entries([entry.pk for entry in changed])


def apply_draft(entry: CatalogEntry, draft: Draft) -> bool:
    """Put a draft into an entry; says whether that changed anything."""
    before = [getattr(entry, name) for name in _DRAFTED]
    if entry.described_at is None:
        entry.description = draft.description
    entry.search_name = draft.search_name
    entry.search_columns = draft.search_columns
    entry.search_text = index_text(draft.search_text, *_own_words(entry))
    return before != [getattr(entry, name) for name in _DRAFTED]


def _own_words(entry: CatalogEntry) -> list[str]:
    tags = [f"{name} {value}" for name, value in sorted(entry.tags.items())]
    return [entry.description, str(entry.owner or ""), *tags]


def save_standings(standings: Mapping[int, Standing]) -> None:
    """Write what labels add up to, where it changed."""
    for chunk in split_chunks(standings):
        entries = CatalogEntry.objects.filter(dataset_id__in=chunk)
        changed = [entry for entry in entries if _apply_standing(entry, standings)]
        CatalogEntry.objects.bulk_update(changed, _SUMMED)


def _apply_standing(entry: CatalogEntry, standings: Mapping[int, Standing]) -> bool:
    standing = standings[entry.dataset_id]
    before = (entry.sensitivity, entry.personal_fields)
    entry.sensitivity = standing.sensitivity
    entry.personal_fields = standing.personal_fields
    return before != (entry.sensitivity, entry.personal_fields)


def replace_links(existing: Iterable[Relationship], links: Sequence[Link]) -> None:
    """Make the existing relationships be those of the links; equal ones stay as they are."""
    wanted = {_key_of_link(link): link for link in links}
    held: dict[str, Relationship] = {}
    gone = []
    for row in existing:
        key = _key_of_row(row)
        if key in wanted and key not in held:
            held[key] = row
        else:
            gone.append(row.pk)
    for chunk in split_chunks(gone):
        Relationship.objects.filter(pk__in=chunk).delete()
    fresh = [link for key, link in wanted.items() if key not in held]
    Relationship.objects.bulk_create([_make_row(link) for link in fresh], batch_size=CHUNK)


def _key_of_link(link: Link) -> str:
    return repr((link.from_dataset, link.to_dataset, link.from_fields, link.to_fields, link.name))


def _key_of_row(row: Relationship) -> str:
    return repr((row.from_dataset_id, row.to_dataset_id, row.from_fields, row.to_fields, row.name))


def _make_row(link: Link) -> Relationship:
    return Relationship(
        from_dataset_id=link.from_dataset,
        to_dataset_id=link.to_dataset,
        from_fields=link.from_fields,
        to_fields=link.to_fields,
        name=link.name,
    )
