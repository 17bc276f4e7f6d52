"""Which keys of documents are names, and which are data that must not be told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from datawave_edge.features import recognise
from datawave_edge.features.lists import CITY, FIRST, LAST, lists_of

# Documents that must share a key, and the share of its objects that must have it.
FEWEST: Final = 5
SHARE: Final = 0.2
# Objects of one kind have a key in common; those that have none are maps, and their keys data.
ANCHOR: Final = 0.8
# Keys of fewer objects than this are no names where a list of people or places has their words.
USUAL: Final = 0.5
# Objects with more keys than people would think out are maps too.
WIDEST: Final = 100
_LONGEST: Final = 64
_MOST_WORDS: Final = 4
_MOST_DIGITS: Final = 3
_NAME: Final = re.compile(r"[^\W\d][\w .:/-]*|[$@][^\W\d][\w:-]*")
_WORDS: Final = re.compile(r"[^\W\d_]+")
_BREAK: Final = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_CODE: Final = re.compile(r"[0-9A-Fa-f]{8,}|(?=.*\d)[A-Za-z0-9_-]{16,}")
# Recognisers whose values are never names.
_PROOFS: Final = frozenset((
    "bcrypt", "card_number", "email", "hex_hash", "iban", "ipv4", "ipv6", "jwt", "mac_address",
    "phone", "url", "us_ssn", "uuid", "vin",
))  # fmt: skip

Node = tuple[int, Any]


def find_names(objects: Sequence[tuple[int, Mapping[str, Any]]]) -> set[str]:
    """The keys of objects of one place that may be told, each object with its document's number.

    A key is told when enough documents and enough of the objects have it, when the objects have
    some key in common, and when it does not look like data. All others are told as one, without
    a name.
    """
    counts = Counter(key for _, each in objects for key in each)
    shared = {key for key, count in counts.items() if count >= SHARE * len(objects)}
    usual = {key for key in shared if counts[key] >= USUAL * len(objects)}
    named = {key for key in shared if is_name(key) and (key in usual or not _is_listed(key))}
    most = max((counts[key] for key in named), default=0)
    if most < ANCHOR * len(objects) or len(named) > WIDEST:
        return set()
    return {key for key in named if _count_documents(objects, key) >= FEWEST}


def _count_documents(objects: Sequence[tuple[int, Mapping[str, Any]]], key: str) -> int:
    return len({document for document, each in objects if key in each})


def is_name(key: str) -> bool:
    """Whether a key reads as people name things, and not as a value."""
    if not 0 < len(key) <= _LONGEST or not _NAME.fullmatch(key) or key != key.strip():
        return False
    if len(key.split()) > _MOST_WORDS or sum(map(str.isdecimal, key)) > _MOST_DIGITS:
        return False
    return not _CODE.fullmatch(key) and _PROOFS.isdisjoint(recognise(key))


def _is_listed(key: str) -> bool:
    """Whether all its words are on lists of people or places, as `anna` is, and `may`."""
    words = _WORDS.findall(_BREAK.sub(" ", key))
    return all(lists_of(word.lower()) & (FIRST | LAST | CITY) for word in words)
