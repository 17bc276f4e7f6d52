"""Recognisers of codes from public lists: countries, currencies, postal codes, diagnoses."""

from __future__ import annotations

import re

from . import words
from .gate import recogniser, word_list

_ZIP = re.compile(r"\d{5}(?:-\d{4})?")
_UK_POSTCODE = re.compile(
    r"(?:GIR ?0AA|[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPS-UW]|[A-HK-Y]\d[ABEHMNPRV-Y])"
    r" ?\d[ABD-HJLNP-UW-Z]{2})"
)
_POSTAL = re.compile(
    r"\d{4,6}|\d{5}-\d{3,4}|\d{2}-\d{3}|\d{3} \d{2}|\d{4} ?[A-Z]{2}|\d{3}-\d{4}|\d{4}-\d{3}"
    r"|[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,2}-\d{4,5}"
)
_ICD10 = re.compile(r"[A-TV-Z]\d[0-9AB](?:\.[0-9A-Z]{1,4})?")
_LOCALE = re.compile(r"([a-z]{2})[-_]([A-Za-z]{2}|[A-Z][a-z]{3})")
_PLATE = re.compile(
    r"[A-Z]{1,3}[- ][A-Z]{1,2}[- ]?\d{1,4}|\d{1,4}[- ]?[A-Z]{2,3}(?:[- ]\d{2})?"
    r"|[A-Z]{2}[- ]?\d{2,3}[- ]?[A-Z]{2,3}|[A-Z]{3}[- ]\d{3,4}|\d{3}[- ][A-Z]{3}|\d[A-Z]{3}\d{3}"
)


@recogniser("currency_code", low=3, high=3, needs="a", only="a", looks="AAA")
def is_currency_code(value: str) -> bool:
    return value.isupper() and value.lower() in words.CURRENCIES


@recogniser("country_code2", low=2, high=2, needs="a", only="a", looks="AA")
def is_country_code2(value: str) -> bool:
    return value.isupper() and value.lower() in words.COUNTRY_CODES_2


@recogniser("country_code3", low=3, high=3, needs="a", only="a", looks="AAA")
def is_country_code3(value: str) -> bool:
    return value.isupper() and value.lower() in words.COUNTRY_CODES_3


word_list("country_name", words.COUNTRIES, low=2, high=40, needs="a", only="a .,-'()&*")


@recogniser(
    "language_code", low=2, high=7, needs="a", only="a-_", looks=r"aa(?:[-_][Aa]{2}(?:aa)?)?"
)
def is_language_code(value: str) -> bool:
    if len(value) == 2:  # noqa: PLR2004  # codes of two letters
        return value.islower() and value in words.LANGUAGES
    found = _LOCALE.fullmatch(value)
    return found is not None and found[1] in words.LANGUAGES


@recogniser("us_state", low=2, high=20, needs="a", only="a ")
def is_us_state(value: str) -> bool:
    if len(value) == 2 and not value.isupper():  # noqa: PLR2004  # codes of two letters
        return False
    return value.lower() in words.US_STATES


@recogniser("us_zip", low=5, high=10, needs="9", only="9-", certain=True, looks=r"9{5}(?:-9{4})?")
def is_us_zip(value: str) -> bool:
    return _ZIP.fullmatch(value) is not None


@recogniser(
    "uk_postcode", low=5, high=8, needs="9a", only="9a ", looks=r"[Aa]{1,3}9?\w? ?\w[Aa]{2}"
)
def is_uk_postcode(value: str) -> bool:
    return _UK_POSTCODE.fullmatch(value.upper()) is not None


@recogniser("postal_code", low=4, high=10, needs="9", only="9a -")
def is_postal_code(value: str) -> bool:
    return _POSTAL.fullmatch(value) is not None or is_uk_postcode(value)


@recogniser("icd10", low=3, high=8, needs="9a", only="9a.", looks=r"A9[9A](?:\.[9A]{1,4})?")
def is_icd10(value: str) -> bool:
    return _ICD10.fullmatch(value) is not None


@recogniser("license_plate", low=5, high=11, needs="9a", only="9a -")
def is_license_plate(value: str) -> bool:
    return value.isupper() and _PLATE.fullmatch(value) is not None


word_list("boolean_word", words.BOOLEAN_WORDS, low=1, high=8, only="9a")
