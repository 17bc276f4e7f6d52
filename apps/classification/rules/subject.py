"""What a table's rows are: people, organisations, things or events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from apps.classification.judge import TableFacts

from . import lexicon
from .names import split_words

PEOPLE, ORGANISATIONS, THINGS, EVENTS = "people", "organisations", "things", "events"
_SPEAKS: Final[Mapping[str, tuple[str, float]]] = {
    "person.first_name": (PEOPLE, 2.0),
    "person.last_name": (PEOPLE, 2.0),
    "person.full_name": (PEOPLE, 1.2),
    "person.date_of_birth": (PEOPLE, 2.5),
    "person.birth_year": (PEOPLE, 1.5),
    "person.gender": (PEOPLE, 2.0),
    "person.age": (PEOPLE, 2.0),
    "person.marital_status": (PEOPLE, 2.0),
    "person.ethnicity": (PEOPLE, 2.0),
    "person.education": (PEOPLE, 1.0),
    "person.job_title": (PEOPLE, 0.8),
    "finance.income": (PEOPLE, 1.0),
    "gov.national_id": (PEOPLE, 2.0),
    "gov.passport": (PEOPLE, 2.0),
    "user.username": (PEOPLE, 0.7),
    "secret.password": (PEOPLE, 1.0),
    "secret.password_hash": (PEOPLE, 1.0),
    "contact.email": (PEOPLE, 1.0),
    "contact.phone": (PEOPLE, 0.4),
    "health.measurement": (PEOPLE, 1.0),
    "org.name": (ORGANISATIONS, 1.3),
    "org.registration_number": (ORGANISATIONS, 2.0),
    "product.name": (THINGS, 2.0),
    "product.barcode": (THINGS, 2.0),
    "product.isbn": (THINGS, 2.0),
    "work.title": (THINGS, 1.5),
}
_TURNED_TO: Final = frozenset({"contact", "representative", "spokesperson", "ansprechpartner"})
_CONTACTS: Final = {
    "person.first_name", "person.last_name", "person.full_name", "person.job_title",
    "contact.email", "contact.phone",
}  # fmt: skip
_NO_POINTS: Final = {PEOPLE: 0.0, ORGANISATIONS: 0.0, THINGS: 0.0}
_NAME_SPEAKS: Final = 2.5
_KEY_SPEAKS: Final = 2.6
_ENOUGH: Final = 1.5
# A table of addresses is one of where people live, unless another column says otherwise.
_OF_PEOPLE: Final = lexicon.PEOPLE | {"address", "addresses", "addresse"}


@dataclass(frozen=True)
class Subject:
    """What the rows are, and whether each row belongs to a person."""

    kind: str
    about_people: bool
    # Whether the rows name people to turn to, who are not what the rows are.
    with_contacts: bool = False


def judge_subject(table: TableFacts, types: Mapping[str, str]) -> Subject:
    """Judge from the types found so far, the table's name and its keys."""
    points: defaultdict[str, float] = defaultdict(float)
    turned_to = _names_contacts(types)
    for kind in set(types.values()) - (_CONTACTS if turned_to else set()):
        side, weight = _SPEAKS.get(kind, ("", 0.0))
        points[side] += weight
    named = _side_of_name(split_words(table.name))
    points[named] += _NAME_SPEAKS
    keyed = _KEY_SPEAKS if _has_person_key(table, types) else 0.0
    found = _conclude({**_NO_POINTS, **points}, named, keyed)
    return replace(found, with_contacts=turned_to)


def _names_contacts(types: Mapping[str, str]) -> bool:
    """Whether organisations stand beside the people to turn to: `primary_contact_name`."""
    if "org.name" not in types.values():
        return False
    return any(
        kind.startswith("person.") and not _TURNED_TO.isdisjoint(split_words(name))
        for name, kind in types.items()
    )


def _conclude(points: Mapping[str, float], named: str, keyed: float) -> Subject:
    """Rows that only point at people are events about them."""
    people = points[PEOPLE] + keyed
    others = max(points[ORGANISATIONS], points[THINGS])
    if people >= _ENOUGH and people >= others:
        own = PEOPLE if points[PEOPLE] >= _ENOUGH else EVENTS
        return Subject(own if named in ("", PEOPLE) else named, about_people=True)
    if others > 0:
        side = max((ORGANISATIONS, THINGS), key=points.__getitem__)
        return Subject(side, about_people=False)
    return Subject(EVENTS, about_people=False)


def _side_of_name(words: Sequence[str]) -> str:
    """What the last word says; a word for people counts anywhere."""
    telling = [word for word in words if not word.isdigit()]
    head = telling[-1] if telling else ""
    if head in lexicon.ORGANISATIONS:
        return ORGANISATIONS
    if head in lexicon.THINGS:
        return THINGS
    return PEOPLE if any(_is_person(word) for word in telling) else ""


def _is_person(word: str) -> bool:
    return word in _OF_PEOPLE or word.rstrip("s") in _OF_PEOPLE


def points_at_person(name: str, target: str = "") -> bool:
    """Whether a key is named after people, or refers to a table of people."""
    words = [*split_words(name), *split_words(target)]
    return any(
        word in lexicon.KEYED_PEOPLE or word.rstrip("s") in lexicon.KEYED_PEOPLE for word in words
    )


def _has_person_key(table: TableFacts, types: Mapping[str, str]) -> bool:
    return any(
        points_at_person(name, table.references.get(name, ""))
        for name, kind in types.items()
        if kind in ("id.record", "id.uuid")
    )
