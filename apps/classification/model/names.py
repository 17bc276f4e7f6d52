"""Names of columns, tables and siblings as places in a hashed space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final
from zlib import crc32

from apps.classification.rules.names import split_words

SPACE: Final = 8192
_LONGEST: Final = 5
_MOST_NAME: Final = 60
_SIBLING: Final = 0.3
_MOST_WORDS: Final = 100


# Words of names that tell nothing: c1, col_7, field12, Unnamed: 3.
_EMPTY: Final = frozenset(
    {"attr", "attribute", "col", "column", "data", "expr", "field", "item", "param", "unnamed",
     "val", "value", "var", "variable", "xx"}
)  # fmt: skip


def is_opaque(name: str) -> bool:
    """Whether a name tells nothing of what the column holds."""
    words = split_words(name)
    return all(word.isdigit() or len(word) == 1 or word in _EMPTY for word in words)


def hash_names(column: str, table: str, siblings: Iterable[str]) -> dict[int, float]:
    """Places and weights for the words and character runs of a name and of its surroundings."""
    beside = sorted({word for name in siblings for word in split_words(name)})
    return _hash(column, table, beside[:_MOST_WORDS])


def hash_all_names(columns: Sequence[str], table: str) -> Iterator[dict[int, float]]:
    """`hash_names` for each column of a table, the others being its siblings."""
    split = [set(split_words(column)) for column in columns]
    counts = Counter(word for words in split for word in words)
    ordered = sorted(counts)
    for column, own in zip(columns, split, strict=True):
        others = (word for word in ordered if counts[word] > (word in own))
        yield _hash(column, table, list(islice(others, _MOST_WORDS)))


def _hash(column: str, table: str, beside: Iterable[str]) -> dict[int, float]:
    found: dict[int, float] = {}
    _add(found, _pieces_of(column), 1.0)
    _add(found, [_place(f"t:{word}") for word in split_words(table)], 1.0)
    _add(found, map(_place_beside, beside), _SIBLING)
    return found


def _add(found: dict[int, float], places: Iterable[int], weight: float) -> None:
    for place in places:
        found[place] = found.get(place, 0.0) + weight


@lru_cache(maxsize=20_000)
def _pieces_of(name: str) -> tuple[int, ...]:
    words = split_words(name)
    whole = f"<{'_'.join(words)[:_MOST_NAME]}>"
    runs = {
        whole[start : start + size]
        for size in range(2, _LONGEST + 1)
        for start in range(len(whole) - size + 1)
    }
    texts = [f"w:{word}" for word in words] + [f"a:{whole}"]
    texts += [f"e:{words[-1]}"] if words else []
    return tuple(map(_place, [*texts, *sorted(f"g:{run}" for run in runs)]))


@lru_cache(maxsize=50_000)
def _place_beside(word: str) -> int:
    return _place(f"s:{word}")


@lru_cache(maxsize=100_000)
def _place(text: str) -> int:
    return crc32(text.encode()) % SPACE
