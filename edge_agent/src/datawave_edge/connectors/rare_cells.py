"""The same patterns over cells that are at hand: whole small tables, and SQLite's rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from datawave_edge.features.numbers import has_luhn

from .contract import Cell
from .rare import CARD, CARD_RANGES, DIGITS, IBAN, PATTERNS, SHORTEST

_COMPILED: Final = {code: re.compile(pattern) for code, pattern in PATTERNS.items()}
_DIGITS: Final = re.compile(DIGITS)
_ANY: Final = re.compile(
    DIGITS + r"|@|[0-9]-[0-9]{2}-[0-9]{4}|\+[1-9]|eyJ|PRIVATE KEY-|AKIA|k_live_|ghp_|\$2"
)
_SIGNS: Final = str.maketrans("", "", " -")
_IBAN_MODULUS: Final = 97


def find_rare(cell: Cell, codes: Iterable[str]) -> list[str]:
    """Those of the codes whose pattern is in the cell."""
    if isinstance(cell, str):
        return [code for code in codes if _is_in(cell, code)] if _ANY.search(cell) else []
    is_number = isinstance(cell, int) and any(a <= cell <= b for a, b in CARD_RANGES)
    return ["card_number"] if is_number and "card_number" in codes and has_luhn(str(cell)) else []


def count_cells(cells: Iterable[Cell], codes: Sequence[str]) -> dict[str, int]:
    """Cells by pattern."""
    counts = dict.fromkeys(codes, 0)
    for cell in cells:
        for code in find_rare(cell, codes) if cell is not None else ():
            counts[code] += 1
    return counts


def _is_in(text: str, code: str) -> bool:
    if PATTERNS[code] is CARD:
        return any(has_luhn(each.translate(_SIGNS)) for each in _COMPILED[code].findall(text))
    if PATTERNS[code] is IBAN:
        found = _COMPILED[code].findall(text) if _DIGITS.search(text) else ()
        return any(map(_is_account, found))
    return _COMPILED[code].search(text) is not None


def _is_account(found: str) -> bool:
    plain = found.replace(" ", "")
    if len(plain) < SHORTEST["iban"]:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % _IBAN_MODULUS == 1
