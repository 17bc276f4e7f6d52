"""Many likenesses at once: distances from each of some columns to each of the remembered ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .likeness import HITS, NAME_BYTES, SIZE, STATS, STRETCH, WEIGHTS

Array = NDArray[Any]
_TOP: Final = 255.0
_SPLIT: Final = NAME_BYTES + STATS
# Distances in memory at once, so that a large memory does not make a large matrix.
_CELLS: Final = 2_000_000


class Neighbours:
    """Remembered columns, ready to be compared with."""

    def __init__(self, likenesses: Sequence[bytes]) -> None:
        rows = _stack(likenesses)
        self._words = _unpack_words(rows)
        self._counts = self._words.sum(axis=1)
        self._stats = rows[:, NAME_BYTES:_SPLIT].astype(np.float32)
        self._hits = rows[:, _SPLIT : _SPLIT + HITS].astype(np.float32)
        self._types = rows[:, -1]

    def __len__(self) -> int:
        return len(self._types)

    def measure(self, likenesses: Sequence[bytes]) -> Array:
        """Distances, a row for each given column and a place for each remembered one."""
        if not len(self) or not likenesses:
            return np.ones((len(likenesses), len(self)), np.float32)
        step = max(1, _CELLS // (len(self) * HITS))
        rows = _stack(likenesses)
        parts = [self._measure(rows[at : at + step]) for at in range(0, len(rows), step)]
        return np.concatenate(parts)

    def _measure(self, rows: Array) -> Array:
        words = self._compare_words(_unpack_words(rows))
        stats = np.abs(rows[:, None, NAME_BYTES:_SPLIT].astype(np.float32) - self._stats)
        mean = np.minimum(1.0, stats.mean(axis=2) / _TOP * STRETCH)
        hits = rows[:, None, _SPLIT : _SPLIT + HITS].astype(np.float32)
        most = np.maximum(np.maximum(hits, self._hits).sum(axis=2), _TOP)
        apart = np.abs(hits - self._hits).sum(axis=2) / most
        typed = rows[:, None, -1] != self._types
        return np.asarray(
            WEIGHTS["name"] * words
            + WEIGHTS["stats"] * mean
            + WEIGHTS["hits"] * apart
            + WEIGHTS["type"] * typed,
            np.float32,
        )

    def _compare_words(self, words: Array) -> Array:
        common = words @ self._words.T
        either = words.sum(axis=1)[:, None] + self._counts - common
        return np.where(either > 0, 1.0 - common / np.maximum(either, 1.0), 0.0)


def _stack(likenesses: Sequence[bytes]) -> Array:
    rows = np.frombuffer(b"".join(likenesses), np.uint8)
    return rows.reshape(len(likenesses), SIZE)


def _unpack_words(rows: Array) -> Array:
    bits = np.unpackbits(rows[:, :NAME_BYTES], axis=1, bitorder="little")
    return bits.astype(np.float32)
