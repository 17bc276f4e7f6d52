"""What a column's siblings and its table's subject say about its type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from . import wording
from .columns import DATE, DATETIME, PROSE, WORD, Column
from .lexicon import PEOPLE as PEOPLE_WORDS
from .lexicon import QUALIFIERS
from .names import split_words
from .scoring import Score, Scores
from .subject import ORGANISATIONS, PEOPLE, THINGS, Subject

_NAME_WORDS: Final = frozenset({"name", "nom", "nome", "nombre", "naam", "label", "denominazione"})
# A bare name has one more word at most, as `category_name` has.
_BARE: Final = 2
_NAME_OF: Final = {PEOPLE: "person.full_name", ORGANISATIONS: "org.name", THINGS: "product.name"}
_NAME_POINTS: Final = 2.2
_FITS_SUBJECT: Final = 0.6
_ODD_FOR_SUBJECT: Final = -1.2
_BODY: Final = frozenset({"weight", "height", "peso", "altura", "temperature", "gewicht"})
_OLD_DECADE: Final = 1960
_GROWN_DECADE: Final = 2010
_BIRTHDAY: Final = 6.5
_CARDS: Final = 0.5
_BRAND: Final = 6.0
_ONLY_OF_PEOPLE: Final = ("person.", "health.", "gov.", "finance.income")


def add_context(
    column: Column, scores: Scores, subject: Subject, siblings: Sequence[Column]
) -> None:
    """Add what the table says; called after the subject was judged from the columns alone."""
    _add_name_of_subject(column, scores, subject)
    _add_body_measure(column, scores, subject)
    _add_birthday(column, scores, subject)
    _add_card_brand(column, scores, siblings)
    for kind, score in scores.items():
        points = _weigh(kind, subject)
        if points:
            score.add(points, wording.tell(points, _tell(subject)))


def _weigh(kind: str, subject: Subject) -> float:
    if kind.startswith(_ONLY_OF_PEOPLE) and kind not in (
        "health.medical_code",
        "health.medication",
    ):
        return _FITS_SUBJECT if subject.about_people else _ODD_FOR_SUBJECT
    if kind == "org.name" and subject.kind == ORGANISATIONS:
        return _FITS_SUBJECT
    return (
        _FITS_SUBJECT if kind.startswith(("product.", "work.")) and subject.kind == THINGS else 0.0
    )


def _tell(subject: Subject) -> str:
    return f"The rows are {subject.kind}" + (
        ", each about a person" if subject.about_people else ""
    )


def _add_name_of_subject(column: Column, scores: Scores, subject: Subject) -> None:
    """A bare `name` names whatever the rows are."""
    if column.kind not in (WORD, PROSE) or not _is_bare_name(column.name):
        return
    kind = _NAME_OF.get(subject.kind, "")
    if kind:
        points = _NAME_POINTS
        scores.setdefault(kind, Score()).add(
            points, wording.tell(points, "The name is that of the row itself")
        )


def _is_bare_name(name: str) -> bool:
    words = [word for word in split_words(name) if word not in QUALIFIERS]
    return (
        bool(words)
        and words[-1] in _NAME_WORDS
        and len(words) <= _BARE
        and not set(words) & PEOPLE_WORDS
    )


def _add_body_measure(column: Column, scores: Scores, subject: Subject) -> None:
    if not subject.about_people or column.kind in (DATE, DATETIME):
        return
    words = set(split_words(column.name)) & _BODY
    if words and column.kind in ("integer", "decimal") and subject.kind == PEOPLE:
        scores.setdefault("health.measurement", Score()).add(
            5.0, wording.tell(5.0, "The name speaks of a person's body")
        )


def _add_birthday(column: Column, scores: Scores, subject: Subject) -> None:
    """Dates of people that start long ago and end before today's children are birthdays."""
    shape = column.profile.date
    if shape is None or subject.kind != PEOPLE or column.kind not in (DATE, DATETIME):
        return
    if shape.oldest_decade <= _OLD_DECADE and shape.newest_decade <= _GROWN_DECADE:
        scores.setdefault("person.date_of_birth", Score()).add(
            _BIRTHDAY, wording.tell(_BIRTHDAY, "The dates begin and end when birthdays do")
        )


def _add_card_brand(column: Column, scores: Scores, siblings: Sequence[Column]) -> None:
    """A brand or type beside card numbers is the card's."""
    beside_cards = any(sibling.rate("card_number") >= _CARDS for sibling in siblings)
    if beside_cards and set(split_words(column.name)) & {"brand", "type", "scheme", "network"}:
        scores.setdefault("finance.card_brand", Score()).add(
            _BRAND, wording.tell(_BRAND, "It stands beside card numbers")
        )
