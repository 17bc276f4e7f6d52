"""Words that column names are made of, in seven languages, and the types they speak for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from apps.classification.data import read_lines


def _read_pairs(name: str) -> Iterator[tuple[str, str]]:
    for line in read_lines(name):
        for pair in line.split():
            left, _, right = pair.partition("=")
            yield left, right


# Short and foreign forms, and the words they stand for.
ABBREVIATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {short: word for short, word in _read_pairs("abbreviations") if short != word}
)
_WORDS: Final = {
    name: frozenset(listed.split())
    for name, _, listed in (line.partition("|") for line in read_lines("words"))
}
# Whose a value may be: "customer_email" is an e-mail address as much as "email" is.
PEOPLE: Final = _WORDS["people"]
# People whose keys make a row one about a person.
KEYED_PEOPLE: Final = _WORDS["keyed_people"]
QUALIFIERS: Final = _WORDS["qualifiers"]
# Names of tables whose rows are organisations, or things.
ORGANISATIONS: Final = _WORDS["organisations"]
THINGS: Final = _WORDS["things"]
# Types, and the runs of words that speak for each.
PHRASES: Final[tuple[tuple[str, str], ...]] = tuple(
    (kind, phrase.strip())
    for kind, _, listed in (line.partition("|") for line in read_lines("phrases"))
    for phrase in listed.split(",")
)
# Pieces of names in scripts without spaces, and their types.
SCRIPT_PIECES: Final = tuple(_read_pairs("scripts"))
