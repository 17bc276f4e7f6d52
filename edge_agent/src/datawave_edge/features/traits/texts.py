"""Traits of texts: how they begin and end, how long they are, which lists their words are on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from datawave_edge.features.lists import FIRST, LAST, LISTS, lists_of

# Values whose words are looked up, and how far into each.
_READ: Final = 40
_FAR: Final = 80
_WORD: Final = re.compile(r"[^\W\d_]+")
_MEDICAL_END: Final = re.compile(
    r"[a-z]{2,}(?:itis|osis|emia|ectomy|oscopy|pathy|statin|cillin|azole|mycin|pril|olol|sartan"
    r"|idine|caine|oxacin|cycline)"
)
_VOWELS: Final = "aeiouyAEIOUY"
_RARE: Final = "jkqvwxzJKQVWXZ"
_FLAGS: Final = (
    "capital_first", "capitals", "small", "titled", "digit_first", "digit_last", "mixed",
    "one_word", "two_words", "three_words", "many_words", "signs", "foreign",
)  # fmt: skip
_FEW: Final = 3


def text_traits(
    values: Sequence[str], written: Mapping[str, int], characters: Mapping[str, int]
) -> dict[str, float]:
    """Traits of different values, counts of their patterns and of the characters in them."""
    found = _look_at_patterns(written)
    found |= _look_at_lengths(values)
    found |= _look_at_letters(characters)
    found |= _look_at_ends(values)
    if found["lettered"]:
        found |= _look_up(values[:: -(-len(values) // _READ)])
    return found


def _look_at_patterns(written: Mapping[str, int]) -> dict[str, float]:
    total = sum(written.values())
    sums = [0] * (len(_FLAGS) + 1)
    for pattern, count in written.items():
        for place in _flags_of(pattern):
            sums[place] += count
    return {name: count / total for name, count in zip((*_FLAGS, "lettered"), sums, strict=True)}


@lru_cache(maxsize=20_000)
def _flags_of(pattern: str) -> tuple[int, ...]:
    """Places of the flags that hold for values of a pattern."""
    upper, lower, digits = ("A" in pattern), ("a" in pattern), ("9" in pattern)
    words = pattern.split()
    first = pattern[:1]
    flags = (
        first == "A",
        upper and not lower,
        lower and not upper,
        lower and all(word[0] != "a" for word in words),
        first == "9",
        pattern[-1:] == "9",
        digits and (upper or lower),
        len(words) == 1,
        len(words) == 2,  # noqa: PLR2004  # a pair of words
        len(words) == _FEW,
        len(words) > _FEW,
        any(char not in "Aa9 x" for char in pattern),
        "x" in pattern,
        upper or lower,
    )
    return tuple(place for place, flag in enumerate(flags) if flag)


def _look_at_lengths(values: Sequence[str]) -> dict[str, float]:
    total = len(values)
    lengths = Counter(map(len, values))
    mean = sum(size * count for size, count in lengths.items()) / total
    spread = sum((size - mean) ** 2 * count for size, count in lengths.items()) / total
    return {
        "same_length": max(lengths.values()) / total,
        "length_spread": spread**0.5 / mean if mean else 0.0,
    }


def _look_at_letters(characters: Mapping[str, int]) -> dict[str, float]:
    letters = sum(count for char, count in characters.items() if char.isalpha()) or 1
    return {
        "vowels": sum(characters.get(char, 0) for char in _VOWELS) / letters,
        "rare_letters": sum(characters.get(char, 0) for char in _RARE) / letters,
        "far_letters": sum(n for char, n in characters.items() if char > "\x7f") / letters,
    }


def _look_at_ends(values: Sequence[str]) -> dict[str, float]:
    total = len(values)
    heads = Counter([value[:2] for value in values])
    tails = Counter([value[-2:] for value in values])
    return {
        "same_head": max(heads.values()) / total,
        "heads": len(heads) / total,
        "same_tail": max(tails.values()) / total,
        "tails": len(tails) / total,
    }


def _look_up(values: Sequence[str]) -> dict[str, float]:
    """Shares of values, and of their words, on each list."""
    lows = [value[:_FAR].lower() for value in values]
    split = [_WORD.findall(low) for low in lows]
    whole = dict(_count_bits(map(lists_of, lows), len(lows), "on"))
    words = [word for each in split for word in each if len(word) > 1]
    known = [lists_of(word) for word in words]
    total = len(words) or 1
    found = whole | dict(_count_bits(known, total, "words"))
    found["words_unknown"] = known.count(0) / total
    found["words_medical_end"] = sum(map(_has_medical_end, words)) / total
    found["person_pairs"] = sum(map(_is_pair, split)) / len(lows)
    return found


@lru_cache(maxsize=20_000)
def _has_medical_end(word: str) -> bool:
    return _MEDICAL_END.fullmatch(word) is not None


def _count_bits(
    masks: Iterator[int] | Sequence[int], total: int, kind: str
) -> Iterator[tuple[str, float]]:
    sums = [0] * len(LISTS)
    for mask, count in Counter(masks).items():
        for place in _places_of(mask):
            sums[place] += count
    return ((f"{kind}_{name}", count / total) for name, count in zip(LISTS, sums, strict=True))


@lru_cache(maxsize=4_096)
def _places_of(mask: int) -> tuple[int, ...]:
    return tuple(place for place in range(len(LISTS)) if mask >> place & 1)


def _is_pair(words: Sequence[str]) -> bool:
    """A first name beside a last name, in either order."""
    if not 2 <= len(words) <= _FEW:  # noqa: PLR2004  # a pair of words
        return False
    left, right = lists_of(words[0]), lists_of(words[-1])
    return bool((left & FIRST and right & LAST) or (left & LAST and right & FIRST))
