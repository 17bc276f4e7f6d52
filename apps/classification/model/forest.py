"""A forest of trees as flat arrays: walks all trees at once with numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_BYTE = 255.0
# Rows that walk together; more would leave the processor's cache.
_AT_ONCE = 512
# Steps between two looks at who has arrived; who has stays where it is.
_STEPS = 4


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

    @cached_property
    def _children(self) -> Array:
        """Right and left child of each node, side by side."""
        return np.stack([self.right, self.left], axis=1).ravel()

    def _predict(self, rows: Array, count: int) -> Array:
        at = here = np.tile(self.roots, len(rows))
        start = np.repeat(np.arange(len(rows)) * rows.shape[1], len(self.roots))
        values, walking = rows.ravel(), np.arange(len(at))
        while len(walking):
            for _ in range(_STEPS):
                value = values.take(start + self.feature.take(here))
                goes_left = value <= self.threshold.take(here)
                here = self._children.take(2 * here + goes_left)
            at[walking] = here
            on = np.flatnonzero(self.left.take(here) != here)
            walking, here, start = walking[on], here[on], start[on]
        return self._gather(self.leaf[at].reshape(len(rows), -1), count)

    def _gather(self, leaves: Array, count: int) -> Array:
        size = len(leaves)
        place = self.classes[leaves].astype(np.int64) + np.arange(size)[:, None, None] * count
        weights = self.shares[leaves] / _BYTE
        total = np.bincount(place.ravel(), weights.ravel(), minlength=size * count)
        return np.asarray(total.reshape(size, count) / leaves.shape[1])
