"""Profile of one column: counts and rates over its sampled cells, no cell itself."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from datawave_edge.connectors import Binary, Cell
from datawave_edge.features import find_mentions, recognise
from datawave_edge.protocol import ColumnProfile, DateShape, NumberShape
from datawave_edge.protocol.records import NormalType

from .dates import date_shape
from .numbers import number_shape, parse_number
from .protection import guess_protection
from .shapes import shared_shapes

# Different values that the recognisers are tried on, and texts that are searched for mentions.
TRIED: Final = 300
SEARCHED: Final = 1_000
# Texts this long hold words; shorter ones are judged as a whole by the recognisers.
_TEXT_LENGTH: Final = 24
_ENTROPY_CHARS: Final = 20_000
_MOST: Final = 0.9
_NUMBERS: Final = frozenset(("integer", "decimal", "float"))
_TEXTS: Final = frozenset(("text", "json", "other", "enum", "array"))


def profile_column(name: str, kind: NormalType, cells: Sequence[Cell]) -> ColumnProfile:
    """Profile the sampled cells of a column."""
    present = [cell for cell in cells if cell is not None]
    nulls = len(cells) - len(present)
    if present and all(isinstance(cell, Binary) for cell in present):
        return _binary_profile(present, len(cells), nulls)
    texts = [_text(cell) for cell in present]
    counts = Counter(texts)
    empty = counts.pop("", 0)
    if not counts:
        return ColumnProfile(rows=len(cells), nulls=nulls, empty=empty, distinct=int(empty > 0))
    return _text_profile(
        name, kind, present, texts, counts, rows=len(cells), nulls=nulls, empty=empty
    )


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell.strip() if cell[:1].isspace() or cell[-1:].isspace() else cell
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


def _text_profile(
    name: str,
    kind: NormalType,
    present: Sequence[Cell],
    texts: Sequence[str],
    counts: Counter[str],
    *,
    rows: int,
    nulls: int,
    empty: int,
) -> ColumnProfile:
    tried = _spread(counts, TRIED)
    lengths = [len(text) for text in texts]
    hits = _hit_rates(tried)
    entropy, rates = _characters(tried)
    return ColumnProfile(
        rows=rows,
        nulls=nulls,
        empty=empty,
        distinct=len(counts) + int(empty > 0),
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
        mentions=_mention_rates(kind, counts),
        shapes=shared_shapes(tried, sum(tried.values())),
        number=_number(kind, present, hits),
        date=_date(kind, texts, hits),
        protection=guess_protection(tried, hits, kind, entropy, name),
    )


def _spread(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """Up to `most` of the different values, evenly from all of them."""
    step = -(-len(counts) // most)
    return dict(list(counts.items())[::step])


def _hit_rates(tried: Mapping[str, int]) -> dict[str, float]:
    total = sum(tried.values())
    found: Counter[str] = Counter()
    for value, count in tried.items():
        for name in recognise(value):
            found[name] += count
    return {name: _rate(found[name], total) for name in sorted(found)}


def _rate(part: int, total: int) -> float:
    """A share that never rounds to none, nor to all, when it is not."""
    if part == total:
        return 1.0
    return min(0.9999, max(0.0001, round(part / total, 4)))


def _characters(tried: Mapping[str, int]) -> tuple[float, dict[str, float]]:
    joined = "".join(tried)[:_ENTROPY_CHARS]
    counts = Counter(joined)
    total = len(joined)
    classes: Counter[str] = Counter()
    for char, count in counts.items():
        classes[_class_name(char)] += count
    entropy = sum(count * math.log2(total / count) for count in counts.values()) / total
    names = ("letter_rate", "digit_rate", "space_rate", "symbol_rate")
    return round(entropy, 3), {name: round(classes[name] / total, 4) for name in names}


def _class_name(char: str) -> str:
    if char.isalpha():
        return "letter_rate"
    if char.isdecimal():
        return "digit_rate"
    return "space_rate" if char.isspace() else "symbol_rate"


def _mean_words(tried: Mapping[str, int]) -> float:
    total = sum(tried.values())
    return round(sum(len(value.split()) * count for value, count in tried.items()) / total, 2)


def _mention_rates(kind: NormalType, counts: Mapping[str, int]) -> dict[str, float]:
    """Shares among texts that are long enough to mention something beside themselves."""
    if kind not in _TEXTS:
        return {}
    searched = [(text, n) for text, n in _spread(counts, SEARCHED).items() if _is_prose(text)]
    total = sum(count for _, count in searched)
    found: Counter[str] = Counter()
    for text, count in searched:
        for name in find_mentions(text):
            found[name] += count
    return {name: _rate(found[name], total) for name in sorted(found)}


def _is_prose(text: str) -> bool:
    return len(text) >= _TEXT_LENGTH and (" " in text or text[0] in "{[<")


def _number(
    kind: NormalType, cells: Sequence[Cell], hits: Mapping[str, float]
) -> NumberShape | None:
    written = hits.get("integer", 0.0) + hits.get("decimal", 0.0)
    if kind not in _NUMBERS and written < _MOST:
        return None
    return number_shape([each for each in map(parse_number, cells) if each is not None])


def _date(kind: NormalType, texts: Sequence[str], hits: Mapping[str, float]) -> DateShape | None:
    written = hits.get("date_iso", 0.0) + hits.get("datetime_iso", 0.0)
    if kind not in ("date", "datetime") and written < _MOST:
        return None
    return date_shape(texts)
