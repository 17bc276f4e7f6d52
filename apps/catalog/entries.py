"""Works out what entries say of tables: drafts, search words, relationships, sensitivity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.classification.types import SENSITIVITY_RANK, STANDING_STATES, LabelFacts
from apps.discovery.types import BatchTable

from .drafts import Surroundings, draft_description
from .words import index_names, index_text, spell_out

Names = tuple[str, str]
Labels = Mapping[int, LabelFacts]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a table's structure alone says of it."""

    dataset_id: int
    description: str
    search_name: str
    search_columns: str
    search_text: str


@dataclass(frozen=True, kw_only=True)
class Link:
    """A foreign key between two known datasets."""

    from_dataset: int
    to_dataset: int
    from_fields: list[str]
    to_fields: list[str]
    name: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the labels of a table add up to."""

    sensitivity: str
    personal_fields: int


def draft_table(
    table: BatchTable, around: Surroundings | None = None, words: Iterable[str] = ()
) -> Draft:
    """The draft of one table; `words` are further ones to find it by."""
    snapshot = table.snapshot
    description = draft_description(snapshot, around)
    comments = (column.comment for column in snapshot.columns if column.comment)
    return Draft(
        dataset_id=table.dataset_id,
        description=description,
        search_name=index_names([snapshot.name]),
        search_columns=index_names(field.name for field in snapshot.list_fields()),
        search_text=index_text(
            spell_out(snapshot.name),
            snapshot.container,
            *comments,
            description,
            snapshot.kind,
            *words,
        ),
    )


def resolve_links(tables: Iterable[BatchTable], ids: Mapping[Names, int]) -> list[Link]:
    """Foreign keys whose target is known; the others wait for a later batch or lie elsewhere."""
    return [
        Link(
            from_dataset=table.dataset_id,
            to_dataset=ids[key.target_container, key.target_name],
            from_fields=list(key.columns),
            to_fields=list(key.target_columns),
            name=key.name,
        )
        for table in tables
        for key in table.snapshot.foreign_keys
        if (key.target_container, key.target_name) in ids
    ]


def surround(
    tables: Iterable[BatchTable],
    links: Iterable[Link],
    labels: Labels,
    titles: Mapping[str, str],
) -> dict[int, Surroundings]:
    """What each table's neighbours and labels say of it."""
    tables = list(tables)
    names = {table.dataset_id: table.snapshot.name for table in tables}
    referrers: defaultdict[int, list[str]] = defaultdict(list)
    for link in links:
        if link.from_dataset != link.to_dataset:
            referrers[link.to_dataset].append(names.get(link.from_dataset, ""))
    return {
        table.dataset_id: Surroundings(
            referred_by=tuple(sorted(filter(None, referrers[table.dataset_id]))),
            personal=_name_personal(table, labels, titles),
            holds=_name_contents(table, labels, titles),
        )
        for table in tables
    }


def _name_personal(table: BatchTable, labels: Labels, titles: Mapping[str, str]) -> tuple[str, ...]:
    found = [
        label
        for label in _standing_labels(table, labels)
        # That a row has a key says nothing of what is known about the person.
        if label.personal and label.semantic_type and not label.semantic_type.startswith("id.")
    ]
    found.sort(key=lambda label: -_rank(label.sensitivity))
    return _say_types(found, titles)


def _name_contents(table: BatchTable, labels: Labels, titles: Mapping[str, str]) -> tuple[str, ...]:
    found = [
        label
        for label in _standing_labels(table, labels)
        if not label.personal
        # Types without a group, such as date, tell nothing of a table; neither do these.
        and "." in label.semantic_type
        and not label.semantic_type.startswith(("id.", "text.", "data.", "file."))
    ]
    return _say_types(found, titles)


def _say_types(labels: Iterable[LabelFacts], titles: Mapping[str, str]) -> tuple[str, ...]:
    names = dict.fromkeys(label.semantic_type for label in labels)
    return tuple(_say_type(name, titles) for name in names)


def _say_type(name: str, titles: Mapping[str, str]) -> str:
    title = titles.get(name) or spell_out(name)
    # IBAN and VIN stay as they are.
    shouted = title[:2].isalpha() and title[:2].isupper()
    return title if shouted else f"{title[:1].lower()}{title[1:]}"


def name_types(table: BatchTable, labels: Labels, titles: Mapping[str, str]) -> list[str]:
    """Words for what the columns mean, to find the table by."""
    types = {label.semantic_type for label in _standing_labels(table, labels)} - {""}
    return [f"{name} {titles.get(name, '')}" for name in sorted(types)]


def sum_up_labels(labels: Iterable[LabelFacts]) -> Standing:
    """The highest sensitivity among labels that stand, and how many are about people."""
    standing = [label for label in labels if label.state in STANDING_STATES]
    levels = sorted((label.sensitivity for label in standing), key=_rank)
    return Standing(
        sensitivity=levels[-1] if levels else "",
        personal_fields=sum(label.personal for label in standing),
    )


def labels_of(table: BatchTable, labels: Labels) -> list[LabelFacts]:
    """The labels of a table's columns."""
    return [labels[field] for field in table.field_ids.values() if field in labels]


def _standing_labels(table: BatchTable, labels: Labels) -> list[LabelFacts]:
    return [label for label in labels_of(table, labels) if label.state in STANDING_STATES]


def _rank(sensitivity: str) -> int:
    return SENSITIVITY_RANK.get(sensitivity, -1)
