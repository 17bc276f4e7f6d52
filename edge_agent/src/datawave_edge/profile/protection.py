"""Guesses from shape alone whether stored values are protected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Final

from datawave_edge.protocol.records import Protection
from datawave_edge.protocol.structure import NormalType

_MOST: Final = 0.8
_MASKED: Final = re.compile(r"(?=.*(?:[*•#█]{2,}|[Xx]{3,}))[*•#█Xx\d\s.@\-/()+A-Za-z]{3,}")
_MASK_RUN: Final = re.compile(r"[*•#█]{3,}|(?<![A-Za-z])[Xx]{3,}(?![a-z])")
_CIPHER: Final = re.compile(
    r"gAAAAA[\w-]{20,}={0,2}|-----BEGIN PGP MESSAGE-----.*|vault:v\d+:\S+|U2FsdGVkX1[\w+/=]{10,}"
    r"|\$ANSIBLE_VAULT;.*|ENC\[.*|AQICAH[\w+/=]{20,}",
    re.DOTALL,
)
_TOKEN: Final = re.compile(r"(?:tok|tkn|token)_[A-Za-z0-9]{6,}")
_RANDOM: Final = re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z0-9+/_-]{40,}={0,2}")
_RANDOM_ENTROPY: Final = 5.2
_LAST_FOUR: Final = 4
# Where none of the first values fits, most do not.
_FIRST: Final = 8
_HASHES: Final = ("bcrypt", "password_hash", "hex_hash")


def guess_protection(
    counts: Mapping[str, int],
    hits: Mapping[str, float],
    kind: NormalType,
    entropy: float,
    name: str = "",
) -> Protection:
    """How the values of a column are protected, as far as their shape tells."""
    if kind == "binary" or not counts:
        return "unknown"
    if sum(hits.get(each, 0.0) for each in _HASHES) >= _MOST:
        return "hashed_unkeyed"
    checks: tuple[tuple[Protection, re.Pattern[str]], ...] = (
        ("encrypted", _CIPHER),
        ("tokenized", _TOKEN),
        ("masked", _MASKED),
    )
    for protection, pattern in checks:
        if _share(counts, pattern) >= _MOST and _is_truly(protection, counts):
            return protection
    if entropy >= _RANDOM_ENTROPY and _share(counts, _RANDOM) >= _MOST and not hits.get("jwt"):
        return "encrypted"
    return "truncated" if _is_last_four(counts, name) else "none"


def _share(counts: Mapping[str, int], pattern: re.Pattern[str]) -> float:
    if not any(map(pattern.fullmatch, islice(counts, _FIRST))):
        return 0.0
    hits = sum(count for value, count in counts.items() if pattern.fullmatch(value))
    return hits / sum(counts.values())


def _is_truly(protection: Protection, counts: Mapping[str, int]) -> bool:
    if protection != "masked":
        return True
    runs = sum(count for value, count in counts.items() if _MASK_RUN.search(value))
    return runs / sum(counts.values()) >= _MOST


def _is_last_four(counts: Mapping[str, int], name: str) -> bool:
    """Four digits alone are truncated only where the name says what was cut off."""
    if not re.search(r"last_?-?(?:4|four)|(?:four|4)_?digits", name, re.IGNORECASE):
        return False
    return all(len(value) == _LAST_FOUR and value.isdecimal() for value in counts)
