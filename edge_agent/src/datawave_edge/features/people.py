"""Recognisers of what people are called, where they live and what they do."""

from __future__ import annotations

import re

from . import words
from .gate import recogniser, word_list

_NAME_PART = re.compile(r"[^\W\d_]+\.?(?:['’-][^\W\d_]+)*,?")
_MAX_PARTS = 5
_TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "prof",
        "herr",
        "frau",
        "mme",
        "m",
        "mr.",
        "mrs.",
        "ms.",
        "dr.",
        "prof.",
        "sr",
        "sra",
    ]
)
_PARTICLES = frozenset(
    [
        "de",
        "da",
        "del",
        "della",
        "di",
        "van",
        "von",
        "der",
        "den",
        "la",
        "le",
        "bin",
        "al",
        "ter",
        "dos",
    ]
)
_HOUSE = re.compile(r"\d{1,6}[A-Za-z]?(?:[-/]\d{1,4}[A-Za-z]?)?")
_POST_BOX = re.compile(
    r"(?:p\.? ?o\.? ?box|postfach|bp|apartado|casella postale) \d+", re.IGNORECASE
)
_PUNCTUATION = ".,;:()"
_MARKS = str.maketrans(dict.fromkeys(_PUNCTUATION, " "))
_JOB_MARKS = str.maketrans(dict.fromkeys(_PUNCTUATION + "/-", " "))
_GENDER_CODES = frozenset("MFXDUOWN")
_MAX_NAME_WORDS = 4
_READ = 2_000
_SENTENCE = 5
_MAX_COMPANY_WORDS = 8


@recogniser("first_name", low=2, high=30, needs="a", only="a-' ")
def is_first_name(value: str) -> bool:
    if value.islower():
        return False  # rose, may and mark are words too
    low = value.lower()
    return low in words.FIRST_NAMES or _is_double(low, words.FIRST_NAMES)


@recogniser("last_name", low=2, high=40, needs="a", only="a-' *")
def is_last_name(value: str) -> bool:
    if value.islower():
        return False
    low = value.lower()
    if low in words.LAST_NAMES or _is_double(low, words.LAST_NAMES):
        return True
    return low.startswith(("o'", "mc", "van ", "von ", "de ")) and value[-1].isalpha()


def _is_double(low: str, known: frozenset[str]) -> bool:
    between = "-" if "-" in low else " "
    if between not in low:
        return False
    first, _, second = low.partition(between)
    return first in known and second in known


@recogniser("full_name", low=4, high=80, needs="a ", only="a .,-'*", looks=r"(?:[^ ]+ ){1,4}[^ ]+")
def is_full_name(value: str) -> bool:
    """Two to four capitalised words, one of them a known first or last name in its place."""
    # Most texts hold no first name at all, which is quicker to see than the rest.
    if words.FIRST_NAMES.isdisjoint(value.lower().replace(",", " ").split()):
        return False
    parts = value.split()
    if not 2 <= len(parts) <= _MAX_PARTS or not all(map(_NAME_PART.fullmatch, parts)):  # noqa: PLR2004  # as names are made
        return False
    parts = [each.strip(",") for each in parts]
    parts = [each for each in parts if each.lower() not in _TITLES]
    capital = [each for each in parts if each.lower() not in _PARTICLES]
    if not 2 <= len(capital) <= _MAX_NAME_WORDS or not all(p[0].isupper() for p in capital):  # noqa: PLR2004  # as names are made
        return False
    first, last = (capital[0].lower(), capital[-1].lower())
    if "," in value:
        first, last = last, first
    return first in words.FIRST_NAMES and last.rstrip(".") not in words.STREET_WORDS


word_list("city", words.CITIES, low=2, high=40, needs="a", only="a .-'*")


@recogniser("street_address", low=5, high=200, needs="9a", one_of=" ,")
def is_street_address(value: str) -> bool:
    """A house number beside a street word, in several languages."""
    if _POST_BOX.match(value):
        return True
    parts = value.lower().translate(_MARKS).split()
    if len(parts) < 2 or not any(map(_HOUSE.fullmatch, parts)):  # noqa: PLR2004  # as names are made
        return False
    return not words.STREET_WORDS.isdisjoint(parts) or any(
        each.endswith(words.STREET_ENDINGS) for each in parts
    )


@recogniser("company_name", low=4, high=120, needs="a ")
def is_company_name(value: str) -> bool:
    parts = value.lower().replace(",", " ").split()
    if not 2 <= len(parts) <= _MAX_COMPANY_WORDS:  # noqa: PLR2004  # as names are made
        return False
    return parts[-1] in words.COMPANY_SUFFIXES or ("&" in parts and value[0].isupper())


@recogniser("job_title", low=2, high=80, needs="a", only="a -/,.&()'*")
def is_job_title(value: str) -> bool:
    low = value.lower()
    if low.isalpha():
        return low in words.JOB_WORDS
    parts = low.translate(_JOB_MARKS).split()
    return len(parts) <= 7 and not words.JOB_WORDS.isdisjoint(parts)  # noqa: PLR2004  # as names are made


word_list("gender_word", words.GENDER_WORDS, low=3, high=14, needs="a", only="a-")


@recogniser("gender_code", low=1, high=1, needs="a", only="a", looks="A")
def is_gender_code(value: str) -> bool:
    return value in _GENDER_CODES


@recogniser("marital_status", low=4, high=24, needs="a", only="a- ")
def is_marital_status(value: str) -> bool:
    return value.lower().replace("_", " ") in words.MARITAL_WORDS


word_list("ethnicity_word", words.ETHNICITY_WORDS, low=4, high=60, needs="a", only="a- /")


word_list("blood_type", words.BLOOD_TYPES, low=2, high=11, only="9a+- ")


@recogniser("free_text", low=12, high=2**40, needs="a ", looks=r"(?s:(?:[^ ]* ){4}.*)")
def is_free_text(value: str) -> bool:
    """At least five words."""
    parts = value[:_READ].split()
    if sum(map(str.isalpha, parts)) >= _SENTENCE:
        return True
    return sum(each.strip(_PUNCTUATION).isalpha() for each in parts) >= _SENTENCE
