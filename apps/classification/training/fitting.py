"""Fits forest, linear part, mixture and temperature; scikit-learn is needed here alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from apps.classification.model.features import list_known
from apps.classification.model.forest import Array, Forest
from apps.classification.model.names import SPACE
from apps.classification.model.predicting import (
    Example,
    fill_rows,
    normalise,
    predict_parts,
)
from apps.classification.model.store import Model

from .examples import Taught

TREES: Final = 60
LEAVES: Final = 2000
_TOP: Final = 5
_INT8: Final = 127.0
_FOLDS: Final = 3
_KEPT: Final = 5
# Shares of the parts that were best under folds by family; the temperature is fitted.
MIXTURE: Final = {"forest": 1.0, "linear": 1.0, "rules": 0.3}


def fit_model(taught: Sequence[Taught], *, version: str, seed: int = 7) -> Model:
    """A calibrated model; the same examples and seed give the same one."""
    model = _fit(taught, version, seed)
    return replace(model, settings={**MIXTURE, "temperature": _fit_temperature(taught, seed)})


def _fit(taught: Sequence[Taught], version: str, seed: int) -> Model:
    examples = [each.example for each in taught]
    features = list_known((each.features for each in examples), _KEPT)
    rows = fill_rows(examples, features)
    labels = np.array([each.label for each in taught])
    weights = np.array([each.weight for each in taught])
    types = tuple(map(str, np.unique(labels)))
    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    linear = _fit_linear(examples, normalise(rows, centre, scale), labels, weights)
    return Model(
        types=types,
        features=tuple(features),
        counts=dict(sorted(Counter(map(str, labels)).items())),
        labelled=dict(sorted(Counter(each.label for each in taught if each.as_found).items())),
        settings={**MIXTURE, "temperature": 1.0},
        version=version,
        forest=_fit_forest(rows, labels, weights, seed),
        centre=centre,
        scale=scale,
        **linear,
    )


def _fit_linear(
    examples: Sequence[Example], rows: Array, labels: Array, weights: Array
) -> dict[str, Array]:
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    table = sparse.hstack([_hash_matrix(examples), sparse.csr_matrix(rows)]).tocsr()
    fitted = LogisticRegression(C=0.3, max_iter=60, tol=1e-3)
    _fit_quietly(fitted, table, labels, weights)
    steps = np.maximum(np.abs(fitted.coef_).max(axis=1), 1e-9) / _INT8
    whole = np.rint(fitted.coef_ / steps[:, None]).astype(np.int8).T
    return {
        "weights": np.ascontiguousarray(whole),
        "steps": steps.astype(np.float32),
        "bias": fitted.intercept_.astype(np.float32),
    }


def _fit_quietly(fitted: Any, table: Any, labels: Array, weights: Array) -> None:
    """The number of steps is bounded on purpose; the library warns of that."""
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
    ).fit(rows, labels, sample_weight=weights)
    return _flatten([each.tree_ for each in fitted.estimators_])


def _flatten(trees: Sequence[Any]) -> Forest:
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
        classes=classes.astype(np.uint8),
        shares=np.rint(np.take_along_axis(value, classes, axis=1) * 255).astype(np.uint8),
    )


# Calibration


def _fit_temperature(taught: Sequence[Taught], seed: int) -> float:
    """The temperature under which columns of unseen families are told with the least surprise."""
    from sklearn.model_selection import GroupKFold

    families = [each.family for each in taught]
    folds = GroupKFold(_FOLDS, shuffle=True, random_state=seed)
    learn, hold = next(folds.split(families, groups=families))
    held = [taught[place] for place in hold if taught[place].as_found]
    if not held:
        return 1.0
    model = _fit([taught[place] for place in learn], "", seed)
    held = [each for each in held if each.label in model.types]
    points = _mix(model, [each.example for each in held])
    right = points[np.arange(len(held)), [model.types.index(each.label) for each in held]]
    return _search(points, right)


def _mix(model: Model, examples: Sequence[Example]) -> Array:
    parts = predict_parts(model, examples)
    return np.asarray(sum(MIXTURE[k] * np.log(np.maximum(part, 1e-4)) for k, part in parts.items()))


def _search(points: Array, right: Array) -> float:
    def surprise(temperature: float) -> float:
        top = points.max(axis=1)
        total = np.exp((points - top[:, None]) / temperature).sum(axis=1)
        return float(np.sum((top - right) / temperature + np.log(total)))

    return float(min(np.arange(0.5, 4.0, 0.05), key=surprise))
