"""Whether the first line of a CSV names its columns, or is a row like the others.

A first row that was taken for a header would travel as names. So a line counts as a header only if
its cells read like names and either the columns below are of other types, or a cell is a word that
columns are called by.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from .folder_names import is_telling

_LONGEST: Final = 100
_SHORT: Final = 2
_PLAIN: Final = re.compile(r"[^\W\d].*", re.DOTALL)
_DATED: Final = re.compile(r"[^\W\d][\w .-]{0,99}")
_WORD: Final = re.compile(r"[A-ZÀ-Ý]?[a-zà-ÿ]+|[A-ZÀ-Ý]+(?![a-zà-ÿ])")
_JOINED: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+|[A-Z0-9]+(?:_[A-Z0-9]+)+")
# Words by which columns of text are called, in some languages.
_WORDS: Final = """
    account address adresse age amount antwort art author author balance bemerkung beschreibung
    betrag birth born branch brand category categoria cell city code code colour color column
    comment comments company content correo count country county created currency customer data
    date datum day departamento department desc description detail district doc document email
    employee end error event field file firma first firstname flag format full gender geschlecht
    group hash house iban id ident identifier image index info item job key keyword kind kunde
    label land language last lastname lat latitude level line link list location lon longitude mail
    message method middle mobile model modified month name nachname name nom nombre note notes notiz
    number nummer object order ort owner parent password path pay person phone place plz position
    postal postcode prename price prenom product produkt property provincia quantity question
    rating reason ref reference region role row sales salutation score sex sku source ssn start
    state status strasse street subject surname tag tags tax tel telefon telephone text time title
    titel token total town type unit updated uri url user username uuid value version vorname
    website year zip
"""
_CALLED: Final = frozenset(_WORDS.split())


def is_header(names: Sequence[str], types: Sequence[str]) -> bool:
    """Whether the cells of a first line are names of columns with these types."""
    if not all(map(_fits, names, types)):
        return False
    typed = sum(kind != "VARCHAR" for kind in types)
    if typed:
        return any(map(_is_called, names)) or typed * 2 >= len(types)
    return any(map(_is_called, names)) and not any(map(_is_somebody, names))


def _fits(cell: str, kind: str) -> bool:
    """Whether a cell may stand above a column: a word with a year in it, above numbers, is none of
    them. It is not told, but must not cost the others their names.
    """
    return _may_name(cell) or (kind != "VARCHAR" and bool(_DATED.fullmatch(cell)))


def _may_name(cell: str) -> bool:
    fits = 0 < len(cell) <= _LONGEST and _PLAIN.fullmatch(cell)
    return bool(fits) and not is_telling(cell)


def _is_called(cell: str) -> bool:
    return (
        len(cell) <= _SHORT
        or bool(_JOINED.fullmatch(cell))
        or any(word.lower() in _CALLED for word in _WORD.findall(cell))
    )


def _is_somebody(cell: str) -> bool:
    """Whether a word of the cell names a person or a city, and none is one for columns."""
    from datawave_edge.features.lists import LISTS, lists_of

    names = sum(1 << LISTS.index(each) for each in ("first", "last", "city"))
    words = [word.lower() for word in _WORD.findall(cell)]
    return not _CALLED & set(words) and any(lists_of(word) & names for word in words)
