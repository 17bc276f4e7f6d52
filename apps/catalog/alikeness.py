"""How much of one column's values another holds, reckoned from their sketches alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

from datawave_edge.protocol.records import EMPTY

from .words import split_words

# Two hashes that differ have the same four bits once in sixteen times.
CHANCE: Final = 1 / 16
# Share of one column's values that must be in the other, and how surely more than chance agrees.
LEAST: Final = 0.5
_SURE: Final = 4.0
# What names of keys have in common without meaning the same thing.
_COMMON: Final = frozenset(
    (
        "id",
        "key",
        "no",
        "nr",
        "num",
        "number",
        "code",
        "ref",
        "fk",
        "pk",
        "uuid",
        "guid",
        "by",
        "of",
    )
)


# The lowest bit of each of 128 groups of four.
_LOWEST: Final = int("1" * 128, 16)


class Packed(NamedTuple):
    """A sketch as two numbers of four bits a bin, so that thousands are compared at once."""

    bits: int
    # One in the lowest bit of each bin that some value fell into.
    filled: int


def pack_bins(bins: str) -> Packed:
    """The bins of a sketch, packed."""
    return Packed(int(bins.replace(EMPTY, "0"), 16), int(bins.translate(_FILLED), 16))


_FILLED: Final = str.maketrans({**dict.fromkeys("0123456789abcdef", "1"), EMPTY: "0"})


class Counts(NamedTuple):
    """Bins that either sketch has filled, that both have, and in which they agree."""

    filled: int
    both: int
    equal: int

    @property
    def is_chance(self) -> bool:
        """Whether sets without a value in common could agree as much."""
        expected = self.both * CHANCE
        return self.equal < expected + _SURE * math.sqrt(expected * (1 - CHANCE))


def count_bins(one: Packed, other: Packed) -> Counts:
    """How the bins of two sketches agree."""
    differ = one.bits ^ other.bits
    differ |= differ >> 2
    differ |= differ >> 1
    both = one.filled & other.filled
    return Counts(
        filled=(one.filled | other.filled).bit_count(),
        both=both.bit_count(),
        equal=(both & ~differ & _LOWEST).bit_count(),
    )


@dataclass(frozen=True, kw_only=True)
class SketchFacts:
    """What is known of one column's values."""

    key: str
    bins: str
    values: int
    whole: bool
    is_number: bool
    # Names of the column and of its table.
    name: str = ""
    table: str = ""


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """How two columns' values overlap; a share is None where only a sample was sketched."""

    jaccard: float
    # Of the first column's values, the share that the second has; and the reverse.
    held: float
    holds: float | None
    # Standard error of `held`.
    error: float


def compare_sketches(one: SketchFacts, other: SketchFacts) -> Overlap | None:
    """How much of `one` is in `other`; None when they can't be compared.

    `other` must have been sketched whole: of what a sample lacks, nothing can be said.
    """
    if one.key != other.key or not other.whole or not (one.values and other.values):
        return None
    counts = count_bins(pack_bins(one.bins), pack_bins(other.bins))
    return None if counts.is_chance else _reckon(one, other, counts)


def _reckon(one: SketchFacts, other: SketchFacts, counts: Counts) -> Overlap:
    filled, both, equal = counts
    jaccard = min(1.0, (equal - both * CHANCE) / (filled * (1 - CHANCE)))
    common = jaccard / (1 + jaccard) * (one.values + other.values)
    rate = equal / filled
    spread = math.sqrt(rate * (1 - rate) / filled) / (1 - CHANCE)
    return Overlap(
        jaccard=round(jaccard, 3),
        held=round(min(1.0, common / one.values), 3),
        holds=round(min(1.0, common / other.values), 3) if one.whole else None,
        error=round(spread * (one.values + other.values) / (1 + jaccard) ** 2 / one.values, 3),
    )


def is_likely(one: SketchFacts, other: SketchFacts, overlap: Overlap) -> bool:
    """Whether rows are likely joined by the two columns.

    Running numbers of any two tables overlap, so numbers need names that mean the same too.
    """
    if overlap.held < LEAST:
        return False
    return not (one.is_number or other.is_number) or _share_a_word(one, other)


def _share_a_word(one: SketchFacts, other: SketchFacts) -> bool:
    left, right = _words(one.name), _words(other.name)
    if left and right:
        return bool(left & right)
    # `customer_id` and the `id` of customers.
    if left:
        return bool(left & _words(other.table))
    return bool(right & _words(one.table))


def _words(name: str) -> set[str]:
    return {word.removesuffix("s") for word in split_words(name)} - _COMMON
