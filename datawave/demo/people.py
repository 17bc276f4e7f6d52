"""Invented persons: a name, the country it belongs to, and an address, phone and mailbox there."""

from __future__ import annotations

import random
import string
import unicodedata
from functools import lru_cache
from typing import NamedTuple, TypeVar

from .words import LOCALE_WEIGHTS, LOCALES, MAIL_DOMAINS, City, Locale

_LATIN = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss", "ı": "i", "ö": "oe", "ü": "ue", "ä": "ae"})
_FAMILY_FIRST = {"JP"}
_T = TypeVar("_T")


class Person(NamedTuple):
    """One invented person."""

    first: str
    last: str
    gender: str
    handle: str
    locale: Locale
    city: City

    @property
    def full(self) -> str:
        """The name as it is written where the person lives."""
        if self.locale.code in _FAMILY_FIRST:
            return f"{self.last} {self.first}"
        return f"{self.first} {self.last}"


def draw_people(rng: random.Random, n: int) -> list[Person]:
    """Draw n persons of many countries."""
    return [_draw_person(rng, home) for home in rng.choices(LOCALES, LOCALE_WEIGHTS, k=n)]


def _draw_person(rng: random.Random, home: Locale) -> Person:
    female = rng.random() < 0.52  # noqa: PLR2004 - a little over half
    first, first_latin = _spell(_pick(rng, home.women if female else home.men))
    last, last_latin = _spell(_pick(rng, home.families))
    handle = f"{first_latin}.{last_latin}{rng.randrange(1, 99)}"
    return Person(first, last, "F" if female else "M", handle, home, _pick(rng, home.cities))


def _pick(rng: random.Random, words: tuple[_T, ...]) -> _T:
    return words[int(rng.random() * len(words))]


@lru_cache(maxsize=1024)
def _spell(word: str) -> tuple[str, str]:
    native, _, latin = word.partition("|")
    return native, latin or to_latin(native)


def to_latin(name: str) -> str:
    """Spell a name as a mailbox would: lower-case ASCII letters alone."""
    folded = unicodedata.normalize("NFKD", name.translate(_LATIN))
    return "".join(c for c in folded if c in string.ascii_letters).lower()


def fill(rng: random.Random, pattern: str) -> str:
    """Replace every `#` by a digit and every `?` by a capital letter."""
    luck = rng.random
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
    return "".join(
        str(int(luck() * 10)) if c == "#" else letters[int(luck() * 23)] if c == "?" else c
        for c in pattern
    )


def mailbox(rng: random.Random, person: Person) -> str:
    """A private e-mail address of that person, at a domain reserved for examples."""
    return f"{person.handle}@{_pick(rng, MAIL_DOMAINS)}"
