"""A column as a few bytes that tell how alike two columns are: words of the name, and the profile.

Nothing of a value is in them: they are made of names, types, counts and rates alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final, get_args
from zlib import crc32

from datawave_edge.protocol import ColumnProfile, ColumnSnapshot, NormalType

from .rules.names import split_words

# Bits for the words of the name, then the statistics, the recognisers and the type: a byte each.
NAME_BYTES: Final = 16
STATS: Final = 16
HITS: Final = 24
SIZE: Final = NAME_BYTES + STATS + HITS + 1
# What each part counts for in a distance from 0 (the same) to 1 (nothing in common).
WEIGHTS: Final[Mapping[str, float]] = {"name": 0.45, "stats": 0.2, "hits": 0.25, "type": 0.1}
# Statistics differ by little between columns of one meaning; their difference is stretched.
STRETCH: Final = 2.5
# Columns of the same words and type are alike when their profiles differ by no more than this.
ALIKE: Final = 0.12
_TOP: Final = 255
_TYPES: Final = {name: place for place, name in enumerate(get_args(NormalType))}
_LONG: Final = 12.0
_BITS: Final = 8.0
_WORDS: Final = 20.0
_DIGITS: Final = 18.0
_DECADES: Final = (1900, 200)


def describe_column(column: ColumnSnapshot) -> bytes:
    """The column's likeness, SIZE bytes."""
    profile = column.profile
    stats = _measure(profile) if profile else [0] * STATS
    hits = _spread_hits(profile) if profile else [0] * HITS
    return _mark_words(column.name) + bytes([*stats, *hits, _TYPES.get(column.type, _TOP)])


def name_block(column: ColumnSnapshot) -> str:
    """The same for columns of the same words and type: only those may be in one group."""
    told = " ".join(sorted(set(_list_words(column.name)))) + f"|{column.type}"
    return blake2b(told.encode(), digest_size=12).hexdigest()


def _list_words(name: str) -> tuple[str, ...]:
    return split_words(name) or (name.lower()[:200],)


def _mark_words(name: str) -> bytes:
    bits = 0
    for word in _list_words(name):
        bits |= 1 << (crc32(word.encode()) % (NAME_BYTES * 8))
    return bits.to_bytes(NAME_BYTES, "little")


def _measure(profile: ColumnProfile) -> list[int]:
    rows = max(1, profile.rows)
    filled = max(1, profile.rows - profile.nulls)
    shares = [
        profile.nulls / rows,
        profile.empty / rows,
        profile.distinct / filled,
        math.log1p(profile.min_length) / _LONG,
        math.log1p(profile.max_length) / _LONG,
        math.log1p(profile.mean_length) / _LONG,
        profile.mean_words / _WORDS,
        profile.entropy / _BITS,
        profile.letter_rate,
        profile.digit_rate,
        profile.space_rate,
        profile.symbol_rate,
        *_measure_numbers(profile),
    ]
    return [_to_byte(share) for share in shares]


def _measure_numbers(profile: ColumnProfile) -> list[float]:
    number, date = profile.number, profile.date
    start, span = _DECADES
    return [
        (number.high_magnitude + 1) / _DIGITS if number else 0.0,
        number.integer_rate if number else 0.0,
        number.sequential_rate if number else 0.0,
        (date.newest_decade - start) / span if date else 0.0,
    ]


def _spread_hits(profile: ColumnProfile) -> list[int]:
    """Rates of all recognisers over a fixed number of places."""
    rates = [0.0] * HITS
    for name, rate in profile.hits.items():
        place = crc32(name.encode()) % HITS
        rates[place] = max(rates[place], rate)
    return [_to_byte(rate) for rate in rates]


def _to_byte(share: float) -> int:
    return min(_TOP, max(0, round(share * _TOP)))


def measure_distance(one: bytes, other: bytes) -> float:
    """From 0, the same, to 1, nothing in common."""
    words = _compare_words(one[:NAME_BYTES], other[:NAME_BYTES])
    typed = float(one[-1] != other[-1])
    return WEIGHTS["name"] * words + WEIGHTS["type"] * typed + measure_profile_distance(one, other)


def measure_profile_distance(one: bytes, other: bytes) -> float:
    """The part of the distance that comes from what the columns hold."""
    split = NAME_BYTES + STATS
    stats = zip(one[NAME_BYTES:split], other[NAME_BYTES:split], strict=True)
    mean = sum(abs(a - b) for a, b in stats) / (STATS * _TOP)
    hits = list(zip(one[split:-1], other[split:-1], strict=True))
    # Rates that are small on both sides tell little.
    most = max(_TOP, sum(max(a, b) for a, b in hits))
    apart = sum(abs(a - b) for a, b in hits) / most
    return WEIGHTS["stats"] * min(1.0, mean * STRETCH) + WEIGHTS["hits"] * apart


def _compare_words(one: bytes, other: bytes) -> float:
    a, b = int.from_bytes(one, "little"), int.from_bytes(other, "little")
    either = (a | b).bit_count()
    return 1.0 - (a & b).bit_count() / either if either else 0.0
