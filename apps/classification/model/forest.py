"""A forest of trees as flat arrays: walks all trees at once with numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_BYTE = 255.0
# Rows that walk together; more would leave the processor's cache.
_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Forest:
    """Nodes of all trees in one row of arrays; a leaf points at itself."""

    roots: Array
    feature: Array
    threshold: Array
    left: Array
    right: Array
    # Per node its leaf number; and per leaf its likeliest classes with shares in 1/255.
    leaf: Array
    classes: Array
    shares: Array

    def predict(self, rows: Array, count: int) -> Array:
        """Mean shares of `count` classes for each row."""
        parts = [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]
        return np.concatenate([self._predict(part, count) for part in parts])

    def _predict(self, rows: Array, count: int) -> Array:
        at = np.tile(self.roots, len(rows))
        line = np.repeat(np.arange(len(rows)), len(self.roots))
        walking = np.arange(len(at))
        while len(walking):
            here = at[walking]
            goes_left = rows[line[walking], self.feature[here]] <= self.threshold[here]
            there = np.where(goes_left, self.left[here], self.right[here])
            at[walking] = there
            walking = walking[self.left[there] != there]
        return self._gather(self.leaf[at].reshape(len(rows), -1), count)

    def _gather(self, leaves: Array, count: int) -> Array:
        size = len(leaves)
        place = self.classes[leaves].astype(np.int64) + np.arange(size)[:, None, None] * count
        weights = self.shares[leaves] / _BYTE
        total = np.bincount(place.ravel(), weights.ravel(), minlength=size * count)
        return np.asarray(total.reshape(size, count) / leaves.shape[1])
