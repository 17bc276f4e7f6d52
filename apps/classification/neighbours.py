"""Many likenesses at once: which of the remembered columns are near some others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .likeness import HITS, NAME_BYTES, SIZE, STATS, STRETCH, WEIGHTS

Array = NDArray[Any]
_TOP: Final = 255.0
_SPLIT: Final = NAME_BYTES + STATS
# Rounding must not lose what is exactly at the radius.
SLACK: Final = 1e-6
# Columns whose names are compared in one go: bounded, for many may be remembered.
_AT_ONCE: Final = 64


@dataclass(frozen=True)
class NearBy:
    """Places of remembered columns and their distances, the nearest first."""

    places: Array
    distances: Array


_NOBODY: Final = NearBy(np.empty(0, np.intp), np.empty(0))


class Neighbours:
    """Remembered columns, ready to be compared with."""

    def __init__(self, likenesses: Sequence[bytes]) -> None:
        self._rows = _stack(likenesses)
        self._words = _unpack_words(self._rows)
        self._counts = self._words.sum(axis=1)

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, likenesses: Sequence[bytes], radius: float) -> list[NearBy]:
        """What is within the radius of each of the given columns."""
        rows = _stack(likenesses)
        if not len(self._rows):
            return [_NOBODY for _ in rows]
        return [
            self._find(row, words, radius)
            for start in range(0, len(rows), _AT_ONCE)
            for part in [rows[start : start + _AT_ONCE]]
            for row, words in zip(part, self._compare_words(part), strict=True)
        ]

    def _find(self, row: Array, words: Array, radius: float) -> NearBy:
        # Names are compared with all, the rest only where the name leaves it open.
        open_ = np.flatnonzero(WEIGHTS["name"] * words <= radius + SLACK)
        if not len(open_):
            return _NOBODY
        distances = WEIGHTS["name"] * words[open_] + self._compare_rest(row, self._rows[open_])
        near = np.flatnonzero(distances <= radius + SLACK)
        order = near[np.argsort(distances[near], kind="stable")]
        return NearBy(open_[order], distances[order])

    def _compare_words(self, rows: Array) -> Array:
        """Distances between the names of some columns and of all that are remembered."""
        words = _unpack_words(rows)
        common = words @ self._words.T
        either = words.sum(axis=1)[:, None] + self._counts - common
        return np.where(either > 0, 1.0 - common / np.maximum(either, 1.0), 0.0)

    def _compare_rest(self, row: Array, rows: Array) -> Array:
        one, many = row.astype(np.float32), rows.astype(np.float32)
        stats = np.abs(many[:, NAME_BYTES:_SPLIT] - one[NAME_BYTES:_SPLIT]).mean(axis=1) / _TOP
        hits, others = one[_SPLIT : _SPLIT + HITS], many[:, _SPLIT : _SPLIT + HITS]
        most = np.maximum(np.maximum(others, hits).sum(axis=1), _TOP)
        apart = np.abs(others - hits).sum(axis=1) / most
        return np.asarray(
            WEIGHTS["stats"] * np.minimum(1.0, stats * STRETCH)
            + WEIGHTS["hits"] * apart
            + WEIGHTS["type"] * (many[:, -1] != one[-1])
        )


def _stack(likenesses: Sequence[bytes]) -> Array:
    return np.frombuffer(b"".join(likenesses), np.uint8).reshape(len(likenesses), SIZE)


def _unpack_words(rows: Array) -> Array:
    bits = np.unpackbits(rows[:, :NAME_BYTES], axis=1, bitorder="little")
    return bits.astype(np.float32)
