"""Writes of the catalogue: drafts, relationships, publication, and what people add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils import timezone

from apps.classification.selectors import list_semantic_types, load_labels
from apps.classification.types import LabelFacts
from apps.discovery.selectors import load_dataset_table, load_dataset_tables
from apps.discovery.types import BatchTable, DatasetState
from apps.rbac import services as rbac
from apps.rbac.selectors import may
from datawave.common.announcing import announce
from datawave.common.errors import InputInvalid, NotThere

from .drafting import replace_links, save_drafts, save_standings, split_chunks
from .entries import (
    Draft,
    Link,
    Names,
    draft_table,
    labels_of,
    name_types,
    resolve_links,
    sum_up_labels,
    surround,
)
from .models import CatalogEntry, Relationship
from .signals import entry_changed
from .sketching import save_sketches, withhold_sketches
from .tags import clean_tags

if TYPE_CHECKING:
    from apps.rbac.models import User

LONGEST_DESCRIPTION: Final = 5_000


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What settling a source's catalogue came to."""

    entries: int
    relationships: int


@transaction.atomic
def store_drafts(*, source_id: int, tables: Sequence[BatchTable], drafts: Sequence[Draft]) -> None:
    """Make or bring up to date the entries of a batch; they show once the run has settled."""
    save_drafts(drafts)
    save_sketches(tables)
    ids = _load_ids(source_id)
    for chunk in split_chunks(tables):
        existing = Relationship.objects.filter(from_dataset__in=[t.dataset_id for t in chunk])
        replace_links(existing, resolve_links(chunk, ids))


@transaction.atomic
def settle_source(*, source_id: int) -> Settled:
    """Decide what needs the whole source: relationships, personal data, what is published."""
    tables = list(load_dataset_tables(source_id))
    links = resolve_links(tables, _load_ids(source_id))
    # A table that was missing once may be back in the next run.
    existing = Relationship.objects.filter(from_dataset__source_id=source_id).exclude(
        from_dataset__state=DatasetState.MISSING
    )
    replace_links(existing, links)
    labels = _load_labels([table.dataset_id for table in tables])
    withhold_sketches(tables, labels)
    _redraft(tables, links, labels)
    publish_source(source_id=source_id)
    return Settled(
        entries=CatalogEntry.objects.filter(
            dataset__source_id=source_id, published_at__isnull=False
        ).count(),
        relationships=len(links),
    )


def _redraft(
    tables: Sequence[BatchTable], links: Sequence[Link], labels: Mapping[int, LabelFacts]
) -> None:
    titles = {each.name: each.title for each in list_semantic_types()}
    around = surround(tables, links, labels, titles)
    save_drafts(
        [
            draft_table(table, around[table.dataset_id], name_types(table, labels, titles))
            for table in tables
        ]
    )
    save_standings({t.dataset_id: sum_up_labels(labels_of(t, labels)) for t in tables})


@transaction.atomic
def publish_source(*, source_id: int) -> None:
    """Show entries of tables that are there, and those alone."""
    entries = CatalogEntry.objects.filter(dataset__source_id=source_id)
    dropped = entries.filter(dataset__state=DatasetState.DROPPED)
    dropped.exclude(published_at=None).update(published_at=None)
    entries.exclude(dataset__state=DatasetState.DROPPED).filter(published_at=None).update(
        published_at=timezone.now()
    )


def _load_ids(source_id: int) -> dict[Names, int]:
    rows = CatalogEntry.objects.filter(dataset__source_id=source_id).exclude(
        dataset__state=DatasetState.DROPPED
    )
    return {
        (container, name): dataset_id
        for container, name, dataset_id in rows.values_list(
            "dataset__container", "dataset__name", "dataset_id"
        )
    }


def _load_labels(dataset_ids: Sequence[int]) -> dict[int, LabelFacts]:
    labels: dict[int, LabelFacts] = {}
    for chunk in split_chunks(dataset_ids):
        labels.update(load_labels(chunk))
    return labels


@transaction.atomic
def refresh_entry(*, dataset_id: int) -> None:
    """Look again at one table after its labels or its declared facts changed."""
    try:
        table = load_dataset_table(dataset_id)
    except NotThere:
        # Dropped since, or never read in full.
        return
    labels = _load_labels([dataset_id])
    titles = {each.name: each.title for each in list_semantic_types()}
    links = Relationship.objects.filter(to_dataset_id=dataset_id).exclude(
        from_dataset_id=dataset_id
    )
    referrers = sorted(links.values_list("from_dataset__name", flat=True))
    around = surround([table], [], labels, titles)[dataset_id]
    around = replace(around, referred_by=tuple(referrers))
    save_drafts([draft_table(table, around, name_types(table, labels, titles))])
    save_standings({dataset_id: sum_up_labels(labels_of(table, labels))})


@transaction.atomic
def edit_entry(
    *,
    entry: CatalogEntry,
    user: User,
    description: str | None = None,
    owner: User | None = None,
    clear_owner: bool = False,
    tags: dict[str, Any] | None = None,
) -> CatalogEntry:
    """Change what people say of a dataset; None leaves a part as it is.

    An empty description gives the draft back. Tags replace all that were declared.
    """
    rbac.require(user, "describe", entry.dataset.source)
    entry = CatalogEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    before = _describe(entry)
    if description is not None:
        _set_description(entry, user, description.strip())
    if owner is not None or clear_owner:
        entry.owner = _check_owner(owner, entry)
    if tags is not None:
        entry.tags = clean_tags(tags)
    changes = _compare(before, _describe(entry))
    if not changes:
        return entry
    entry.save()
    rbac.record_audit(actor=user, action="entry_changed", scope=entry, detail=changes)
    refresh_entry(dataset_id=entry.dataset_id)
    entry.refresh_from_db()
    announce(entry_changed, CatalogEntry, entry=entry)
    return entry


def _set_description(entry: CatalogEntry, user: User, text: str) -> None:
    if len(text) > LONGEST_DESCRIPTION:
        raise InputInvalid(
            f"A description has at most {LONGEST_DESCRIPTION:,} characters.", field="description"
        )
    # A form sends the draft back untouched; that makes it nobody's own.
    if text == entry.description:
        return
    entry.description = text
    entry.described_by = user if text else None
    entry.described_at = timezone.now() if text else None


def _check_owner(owner: User | None, entry: CatalogEntry) -> User | None:
    if owner is None:
        return None
    if not owner.is_active or not may(owner, "view", entry.dataset.source):
        raise InputInvalid("This person may not see the source.", field="owner")
    return owner


def _describe(entry: CatalogEntry) -> dict[str, Any]:
    return {
        "description": entry.description,
        "owner": entry.owner.username if entry.owner else "",
        "tags": entry.tags,
    }


def _compare(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"before": value, "after": after[name]}
        for name, value in before.items()
        if value != after[name]
    }
