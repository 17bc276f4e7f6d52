"""Sketches: how alike the values of two columns are, told without any of the values.

Each value is hashed under a salt that only the installation's server and its agents know, falls
into one of 128 bins by its hash, and the smallest hash of each bin leaves its last four bits. Two
sketches under one salt agree in as many bins as their sets of values are alike.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from hashlib import blake2b, sha256
from typing import Final

import msgspec

from datawave_edge.connectors import Binary, Cell, Sample
from datawave_edge.protocol import ColumnProfile, ColumnSnapshot, Sketch, Sketching
from datawave_edge.protocol.records import BINS, EMPTY

# Columns with fewer different values would give some of them away to who holds the salt.
FEWEST: Final = 100
_KINDS: Final = frozenset(("integer", "text", "uuid", "decimal"))
# Longer values are texts and not what rows are joined by.
_LONGEST: Final = 64
_MOST_WORDS: Final = 3.0
# Share of values that a recogniser of sensitive data may accept: more of numbers, for by chance
# one of ten has the check digit of a card.
_FEW: Final = 0.05
_FEW_NUMBERS: Final = 0.5
_SENSITIVE: Final = frozenset((
    "api_key", "bcrypt", "bic", "card_number", "city", "company_name", "date_iso", "datetime_iso",
    "email", "first_name", "full_name", "hex_hash", "iban", "ipv4", "ipv6", "jwt", "last_name",
    "mac_address", "password_hash", "phone", "se_personnummer", "street_address", "uk_nino",
    "us_ssn", "username", "vin",
))  # fmt: skip


class Sketcher:
    """Sketches the columns of one run's tables, but those that the server knows to be sensitive."""

    def __init__(self, told: Sketching) -> None:
        self._salt = told.salt.encode()
        self._key = sha256(self._salt).hexdigest()[:16]
        self._withheld = {(each.container, each.table, each.column) for each in told.withheld}

    def add_sketches(
        self, table: tuple[str, str], columns: Sequence[ColumnSnapshot], sample: Sample
    ) -> list[ColumnSnapshot]:
        """The columns, each with its sketch where it may have one."""
        whole = sample.exact and sample.row_count == len(sample.rows)
        return [
            self._add(column, [row[index] for row in sample.rows], whole=whole)
            if (*table, column.name) not in self._withheld
            else column
            for index, column in enumerate(columns)
        ]

    def _add(self, column: ColumnSnapshot, cells: Sequence[Cell], *, whole: bool) -> ColumnSnapshot:
        if column.profile is None or not may_sketch(column, column.profile):
            return column
        values = {spell(cell) for cell in cells if cell is not None} - {""}
        if len(values) < FEWEST:
            return column
        bins = sketch_values(values, self._salt)
        sketch = Sketch(key=self._key, bins=bins, values=len(values), whole=whole)
        profile: ColumnProfile = msgspec.structs.replace(column.profile, sketch=sketch)
        return msgspec.structs.replace(column, profile=profile)


def may_sketch(column: ColumnSnapshot, profile: ColumnProfile) -> bool:
    """Whether a column is such that rows are joined by it, and nothing of it looks sensitive."""
    if column.type not in _KINDS or profile.distinct < FEWEST or profile.rare or profile.mentions:
        return False
    if profile.mean_length > _LONGEST or profile.mean_words > _MOST_WORDS:
        return False
    few = _FEW if column.type in ("text", "uuid") else _FEW_NUMBERS
    hits = max((share for name, share in profile.hits.items() if name in _SENSITIVE), default=0.0)
    return hits < few and profile.protection in ("none", "unknown")


def spell(cell: Cell) -> str:
    """A value as databases with other types may hold it too: 7, "7", 7.0 and "007 " stay apart."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if isinstance(cell, Binary) else str(cell).strip().casefold()


def sketch_values(values: Iterable[str], salt: bytes) -> str:
    """One sign for each bin: four bits of the smallest hash in it, or a dash when it is empty."""
    smallest = [-1] * BINS
    for value in values:
        raw = blake2b(value.encode("utf-8", "replace"), digest_size=8, key=salt[:64]).digest()
        number: int = struct.unpack("<Q", raw)[0]
        rest, place = divmod(number, BINS)
        if not 0 <= smallest[place] <= rest:
            smallest[place] = rest
    # The last bits are as random as the first ones are small.
    return "".join(EMPTY if each < 0 else f"{each & 15:x}" for each in smallest)
