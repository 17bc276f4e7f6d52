"""Profile of one column: counts and rates over its sampled cells, no cell itself."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import mul
from typing import Final

from datawave_edge.connectors import Binary, Cell
from datawave_edge.features import find_mentions, rate, rate_hits
from datawave_edge.features.gate import LOOKED, patterns_of
from datawave_edge.features.traits import (
    FEWEST,
    day_traits,
    figure_traits,
    round_traits,
    row_traits,
    text_traits,
)
from datawave_edge.protocol import ColumnProfile
from datawave_edge.protocol.structure import NormalType

from .dates import date_shape, parse_days
from .numbers import number_shape, parse_numbers
from .protection import guess_protection
from .shapes import shared_shapes

# Different values that the recognisers are tried on, and texts that are searched for mentions.
TRIED: Final = 128
SEARCHED: Final = 1_000
# Texts this long hold words; shorter ones are judged as a whole by the recognisers.
_TEXT_LENGTH: Final = 24
_ENTROPY_CHARS: Final = 8_000
_MOST: Final = 0.9
_NUMBERS: Final = frozenset(("integer", "decimal", "float"))
_TEXTS: Final = frozenset(("text", "json", "other", "enum", "array"))
_CLASS_NAMES: Final = ("letter_rate", "digit_rate", "space_rate", "symbol_rate")


def profile_column(name: str, kind: NormalType, cells: Sequence[Cell]) -> ColumnProfile:
    """Profile the sampled cells of a column."""
    present = [cell for cell in cells if cell is not None]
    nulls = len(cells) - len(present)
    if present and all(isinstance(cell, Binary) for cell in present):
        return _binary_profile(present, len(cells), nulls)
    texts = read_texts(present)
    counts = Counter(texts)
    empty = counts.pop("", 0)
    if not counts:
        return ColumnProfile(rows=len(cells), nulls=nulls, empty=empty, distinct=int(empty > 0))
    looked = _Look.at(texts, counts)
    return _text_profile(name, kind, present, looked, rows=len(cells), nulls=nulls, empty=empty)


def read_texts(cells: Sequence[Cell]) -> list[str]:
    """Cells as texts; columns of one Python type, as most are, in one go."""
    kinds = set(map(type, cells))
    if kinds == {str}:
        return list(map(str.strip, cells))  # type: ignore[arg-type]  # all are texts here
    if kinds == {int}:
        return list(map(str, cells))
    if kinds == {float}:
        return list(map(repr, cells))
    return list(map(_text, cells))


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, Binary):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return repr(cell) if isinstance(cell, float) else str(cell)


def _binary_profile(cells: Sequence[Cell], rows: int, nulls: int) -> ColumnProfile:
    lengths = [int(cell or 0) for cell in cells]
    return ColumnProfile(
        rows=rows,
        nulls=nulls,
        empty=lengths.count(0),
        min_length=min(lengths),
        max_length=max(lengths),
        mean_length=round(sum(lengths) / len(lengths), 2),
    )


@dataclass(frozen=True)
class _Look:
    """A column's values, looked at once: all, the different ones, and those that are tried."""

    texts: Sequence[str]
    counts: Counter[str]
    tried: Mapping[str, int]
    patterns: Sequence[str]
    characters: Counter[str]

    @classmethod
    def at(cls, texts: Sequence[str], counts: Counter[str]) -> _Look:
        tried = choose_evenly(counts, TRIED)
        joined = "".join([text[:LOOKED] for text in tried])[:_ENTROPY_CHARS]
        return cls(texts, counts, tried, patterns_of(tried), Counter(joined))

    @cached_property
    def written(self) -> Counter[str]:
        """How often each pattern is among the tried values."""
        return Counter(self.patterns)


def _text_profile(
    name: str,
    kind: NormalType,
    present: Sequence[Cell],
    look: _Look,
    *,
    rows: int,
    nulls: int,
    empty: int,
) -> ColumnProfile:
    tried = look.tried
    lengths = list(map(len, look.texts))
    hits = rate_hits(tried, look.patterns)
    entropy, rates = _characters(look.characters)
    numbers = parse_numbers(present) if _is_number(kind, hits) else []
    days = parse_days(look.texts) if _is_date(kind, hits) else []
    return ColumnProfile(
        rows=rows,
        nulls=nulls,
        empty=empty,
        distinct=len(look.counts) + int(empty > 0),
        min_length=min(lengths),
        max_length=max(lengths),
        mean_length=round(sum(lengths) / len(lengths), 2),
        mean_words=_mean_words(tried),
        entropy=entropy,
        letter_rate=rates["letter_rate"],
        digit_rate=rates["digit_rate"],
        space_rate=rates["space_rate"],
        symbol_rate=rates["symbol_rate"],
        hits=hits,
        mentions=_mention_rates(kind, look.counts),
        shapes=shared_shapes(tried, look.patterns, look.written),
        number=number_shape(numbers),
        date=date_shape(look.texts) if days else None,
        protection=guess_protection(tried, hits, kind, entropy, name),
        traits=_traits(look, numbers, days),
    )


def _traits(look: _Look, numbers: Sequence[float], days: Sequence[dt.date]) -> dict[str, float]:
    """Shares that only columns of enough different values tell."""
    if len(look.counts) < FEWEST:
        return {}
    values = list(look.tried)
    groups = [
        row_traits(look.texts, look.counts),
        text_traits(values, look.written, look.characters),
        day_traits(days),
        figure_traits(numbers, look.written, values) if numbers else {},
    ]
    return round_traits(groups)


def choose_evenly(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """Up to `most` of the different values, evenly from all of them."""
    step = -(-len(counts) // most)
    return dict(counts) if step <= 1 else dict(list(counts.items())[::step])


def _characters(counts: Counter[str]) -> tuple[float, dict[str, float]]:
    total = counts.total()
    classes = dict.fromkeys(_CLASS_NAMES, 0)
    for char, count in counts.items():
        classes[_class_name(char)] += count
    entropy = sum([count * math.log2(total / count) for count in counts.values()]) / total
    return round(entropy, 3), {name: round(classes[name] / total, 4) for name in _CLASS_NAMES}


@lru_cache(maxsize=4_096)
def _class_name(char: str) -> str:
    if char.isalpha():
        return "letter_rate"
    if char.isdecimal():
        return "digit_rate"
    return "space_rate" if char.isspace() else "symbol_rate"


def _mean_words(tried: Mapping[str, int]) -> float:
    words = map(len, map(str.split, tried))
    total: int = sum(map(mul, words, tried.values()))
    return round(total / sum(tried.values()), 2)


def _mention_rates(kind: NormalType, counts: Mapping[str, int]) -> dict[str, float]:
    """Shares among texts that are long enough to mention something beside themselves."""
    if kind not in _TEXTS:
        return {}
    searched = [
        (text, count)
        for text, count in choose_evenly(counts, SEARCHED).items()
        if len(text) >= _TEXT_LENGTH and (" " in text or text[0] in "{[<")
    ]
    total = sum(count for _, count in searched)
    found: Counter[str] = Counter()
    for text, count in searched:
        for name in find_mentions(text):
            found[name] += count
    return {name: rate(found[name], total) for name in sorted(found)}


def _is_number(kind: NormalType, hits: Mapping[str, float]) -> bool:
    return kind in _NUMBERS or hits.get("integer", 0.0) + hits.get("decimal", 0.0) >= _MOST


def _is_date(kind: NormalType, hits: Mapping[str, float]) -> bool:
    written = hits.get("date_iso", 0.0) + hits.get("datetime_iso", 0.0)
    return kind in ("date", "datetime") or written >= _MOST
