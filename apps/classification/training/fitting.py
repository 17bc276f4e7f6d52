"""Fits forest, linear part, mixture and temperature; scikit-learn is needed here alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from apps.classification.model.features import list_known
from apps.classification.model.forest import Array, Forest
from apps.classification.model.names import SPACE
from apps.classification.model.predicting import (
    Example,
    fill_rows,
    mix,
    normalise,
)
from apps.classification.model.store import Model

from .examples import OPAQUE, PART, Taught

TREES: Final = 60
LEAVES: Final = 2000
_TOP: Final = 5
_INT8: Final = 127.0
_KEPT: Final = 5
# Shares of the parts, and temperatures, that were best under folds by family; columns whose name
# tells nothing have a temperature of their own.
MIXTURE: Final = {
    "forest": 1.0,
    "linear": 1.0,
    "rules": 0.3,
    "temperature": 2.1,
    "opaque_temperature": 1.8,
}


def fit_model(taught: Sequence[Taught], *, version: str, seed: int = 7) -> Model:
    """The same examples and seed give the same model."""
    examples = [each.example for each in taught]
    features = list_known((each.features for each in examples), _KEPT)
    rows = fill_rows(examples, features)
    labels = np.array([each.label for each in taught])
    weights = np.array([each.weight for each in taught])
    types = tuple(map(str, np.unique(labels)))
    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    named, blind = _part(taught)
    whole = np.array([each.weight != PART for each in taught])
    linear = _fit_linear(
        [each for each, is_whole in zip(examples, whole, strict=True) if is_whole],
        normalise(rows[whole], centre, scale),
        labels[whole],
        weights[whole],
    )
    places = np.searchsorted(types, labels)
    return Model(
        types=types,
        features=tuple(features),
        counts=dict(sorted(Counter(map(str, labels)).items())),
        labelled=dict(sorted(Counter(each.label for each in taught if each.as_found).items())),
        settings=dict(MIXTURE),
        version=version,
        forest=_fit_forest(rows[named], places[named], weights[named], seed),
        blind=_fit_forest(rows[blind], places[blind], weights[blind], seed),
        centre=centre,
        scale=scale,
        **linear,
    )


def _part(taught: Sequence[Taught]) -> tuple[Array, Array]:
    """Examples for the forest and for the blind one; all for both where one would have none."""
    opaque = np.array([each.example.opaque for each in taught])
    if opaque.all() or not opaque.any():
        return np.ones(len(taught), bool), np.ones(len(taught), bool)
    return ~opaque, opaque


def _fit_linear(
    examples: Sequence[Example], rows: Array, labels: Array, weights: Array
) -> dict[str, Array]:
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    table = sparse.hstack([_hash_matrix(examples), sparse.csr_matrix(rows)]).tocsr()
    fitted = LogisticRegression(C=0.3, max_iter=40, tol=1e-3)
    _fit_quietly(fitted, table, labels, weights)
    steps = np.maximum(np.abs(fitted.coef_).max(axis=1), 1e-9) / _INT8
    whole = np.rint(fitted.coef_ / steps[:, None]).astype(np.int8).T
    return {
        "weights": np.ascontiguousarray(whole),
        "steps": steps.astype(np.float32),
        "bias": fitted.intercept_.astype(np.float32),
    }


def _fit_quietly(fitted: Any, table: Any, labels: Array, weights: Array) -> None:
    """Steps are bounded on purpose, and a type may have one example; the library warns of both."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted.fit(table, labels, sample_weight=weights)


def _hash_matrix(examples: Sequence[Example]) -> Any:
    from scipy import sparse

    counts = [len(each.names) for each in examples]
    starts = np.concatenate([[0], np.cumsum(counts)])
    places = [place for each in examples for place in each.names]
    weights = np.array([weight for each in examples for weight in each.names.values()], np.float32)
    return sparse.csr_matrix((np.log1p(weights), places, starts), (len(examples), SPACE))


# Forest


def _fit_forest(rows: Array, labels: Array, weights: Array, seed: int) -> Forest:
    from sklearn.ensemble import ExtraTreesClassifier

    fitted = ExtraTreesClassifier(
        TREES,
        min_samples_leaf=2,
        max_leaf_nodes=LEAVES,
        max_features=40,
        random_state=seed,
        n_jobs=2,
    )
    _fit_quietly(fitted, rows, labels, weights)
    return _flatten([each.tree_ for each in fitted.estimators_], fitted.classes_)


def _flatten(trees: Sequence[Any], known: Array) -> Forest:
    sizes = [tree.node_count for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    nodes = np.arange(sum(sizes))
    left, right = (
        np.concatenate([getattr(t, side) + root for t, root in zip(trees, roots, strict=True)])
        for side in ("children_left", "children_right")
    )
    is_leaf = np.concatenate([tree.children_left < 0 for tree in trees])
    leaf = np.where(is_leaf, np.cumsum(is_leaf) - 1, 0)
    value = np.concatenate([tree.value[:, 0, :] for tree in trees])[is_leaf]
    value /= value.sum(axis=1, keepdims=True)
    classes = np.argsort(-value, axis=1, kind="stable")[:, :_TOP]
    return Forest(
        roots=roots.astype(np.int32),
        feature=np.where(is_leaf, 0, np.concatenate([t.feature for t in trees])).astype(np.uint16),
        threshold=np.concatenate([t.threshold for t in trees]).astype(np.float32),
        left=np.where(is_leaf, nodes, left).astype(np.int32),
        right=np.where(is_leaf, nodes, right).astype(np.int32),
        leaf=leaf.astype(np.int32),
        classes=known[classes].astype(np.uint8),
        shares=np.rint(np.take_along_axis(value, classes, axis=1) * 255).astype(np.uint8),
    )


# Calibration


@dataclass(frozen=True, eq=False)
class Scored:
    """Log points of held-back examples, and the place of each one's right type."""

    points: Array
    right: Array


def score(model: Model, taught: Sequence[Taught]) -> dict[str, Scored]:
    """What a model thinks of columns it did not see: as found, and under opaque names."""
    known = [each for each in taught if each.label in model.types]
    groups = {
        "": [each for each in known if each.as_found],
        "opaque_": [each for each in known if each.weight == OPAQUE],
    }
    return {name: _score(model, group) for name, group in groups.items() if group}


def _score(model: Model, taught: Sequence[Taught]) -> Scored:
    points = mix(model, [each.example for each in taught])
    return Scored(points, np.array([model.types.index(each.label) for each in taught]))


def find_temperatures(scores: Sequence[Mapping[str, Scored]]) -> dict[str, float]:
    """The temperatures under which unseen columns are told with the least surprise."""
    return {
        f"{name}temperature": _search([each[name] for each in scores if name in each])
        for name in ("", "opaque_")
    }


def _search(scores: Sequence[Scored]) -> float:
    def surprise(temperature: float) -> float:
        return sum(_surprise(each, temperature) for each in scores)

    return round(float(min(np.arange(0.5, 4.0, 0.05), key=surprise)), 2)


def _surprise(scored: Scored, temperature: float) -> float:
    points = scored.points / temperature
    top = points.max(axis=1)
    total = np.log(np.exp(points - top[:, None]).sum(axis=1))
    right = points[np.arange(len(points)), scored.right]
    return float(np.sum(top - right + total))
