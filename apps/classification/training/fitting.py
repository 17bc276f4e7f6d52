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
    log_parts,
    normalise,
)
from apps.classification.model.store import Linear, Model

from .examples import OPAQUE, Taught

TREES: Final = 60
LEAVES: Final = 2000
_TOP: Final = 5
# Features that a branch chooses from. In columns without telling names three of four hardly ever
# differ (names, siblings, points of types that nothing speaks for), so that few drawn ones tell.
_LOOKED: Final = 40
_LOOKED_BLIND: Final = 120
_INT8: Final = 127.0
# Points of a type that the linear part was shown no example of.
_NEVER: Final = -30.0
_KEPT: Final = 5
# Shares of the parts, and temperatures, that were best under folds by family; columns whose name
# tells nothing have their own.
MIXTURE: Final = {
    "forest": 1.0,
    "linear": 1.0,
    "rules": 0.3,
    "temperature": 2.15,
    "opaque_rules": 0.15,
    "opaque_temperature": 2.25,
}
# Powers of the rules that are tried for columns whose name tells nothing.
_OPAQUE_RULES: Final = (0.0, 0.15, 0.3)


def fit_model(taught: Sequence[Taught], *, version: str, seed: int = 7) -> Model:
    """The same examples and seed give the same model."""
    examples = [each.example for each in taught]
    whole = np.array([not each.blind_only for each in taught])
    read = [each for each, is_whole in zip(examples, whole, strict=True) if is_whole]
    features = list_known((each.features for each in read), _KEPT)
    rows = fill_rows(examples, features)
    labels = np.array([each.label for each in taught])
    weights = np.array([each.weight for each in taught])
    types = tuple(map(str, np.unique(labels)))
    named, blind = _part(taught)
    places = np.searchsorted(types, labels)
    return Model(
        types=types,
        features=tuple(features),
        counts=dict(sorted(Counter(map(str, labels)).items())),
        labelled=dict(sorted(Counter(each.label for each in taught if each.as_found).items())),
        settings=dict(MIXTURE),
        version=version,
        forest=_fit_forest(rows[named], places[named], weights[named], seed, _LOOKED),
        blind=_fit_forest(rows[blind], places[blind], weights[blind], seed, _LOOKED_BLIND),
        linear=_fit_linear(rows[whole], places[whole], weights[whole], len(types), read),
        blind_linear=_fit_linear(rows[blind], places[blind], weights[blind], len(types)),
    )


def _part(taught: Sequence[Taught]) -> tuple[Array, Array]:
    """Examples for the forest and for the blind one; all for both where one would have none."""
    opaque = np.array([each.example.opaque for each in taught])
    if opaque.all() or not opaque.any():
        return np.ones(len(taught), bool), np.ones(len(taught), bool)
    return ~opaque, opaque


def _fit_linear(
    rows: Array, labels: Array, weights: Array, count: int, named: Sequence[Example] = ()
) -> Linear:
    """Points of `count` types by the features, and by the hashed names of `named` examples."""
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    spread: Any = normalise(rows, centre, scale)
    if named:
        spread = sparse.hstack([_hash_matrix(named), sparse.csr_matrix(spread)]).tocsr()
    fitted = LogisticRegression(C=0.3, max_iter=40, tol=1e-3)
    _fit_quietly(fitted, spread, labels, weights)
    points, bias = np.zeros((count, spread.shape[1])), np.full(count, _NEVER)
    points[fitted.classes_], bias[fitted.classes_] = fitted.coef_, fitted.intercept_
    steps = np.maximum(np.abs(points).max(axis=1), 1e-9) / _INT8
    whole = np.rint(points / steps[:, None]).astype(np.int8).T
    return Linear(
        weights=np.ascontiguousarray(whole),
        steps=steps.astype(np.float32),
        bias=bias.astype(np.float32),
        centre=centre,
        scale=scale,
    )


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


def _fit_forest(rows: Array, labels: Array, weights: Array, seed: int, looked: int) -> Forest:
    from sklearn.ensemble import ExtraTreesClassifier

    fitted = ExtraTreesClassifier(
        TREES,
        min_samples_leaf=2,
        max_leaf_nodes=LEAVES,
        max_features=looked,
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
    """Log points of held-back examples, the rules' alone, and the place of each right type."""

    learnt: Array
    rules: Array
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
    parts = log_parts(model, [each.example for each in taught])
    right = np.array([model.types.index(each.label) for each in taught])
    learnt = MIXTURE["forest"] * parts["forest"] + MIXTURE["linear"] * parts["linear"]
    return Scored(learnt, parts["rules"], right)


def find_settings(scores: Sequence[Mapping[str, Scored]]) -> dict[str, float]:
    """Temperatures, and the rules' power, under which unseen columns surprise least."""
    named = [each[""] for each in scores if "" in each]
    opaque = [each["opaque_"] for each in scores if "opaque_" in each]
    temperature, _, _ = _search(named, (MIXTURE["rules"],))
    opaque_temperature, opaque_rules, _ = _search(opaque, _OPAQUE_RULES)
    return {
        "temperature": temperature,
        "opaque_temperature": opaque_temperature,
        "opaque_rules": opaque_rules,
    }


def _search(scores: Sequence[Scored], powers: Sequence[float]) -> tuple[float, float, float]:
    """Temperature and power of the rules, with how much unseen columns surprise under them."""
    tried = (
        (round(float(heat), 2), power) for power in powers for heat in np.arange(0.5, 4.0, 0.05)
    )
    every = ((sum(_surprise(each, *pair) for each in scores), pair) for pair in tried)
    least, (heat, power) = min(every)
    return heat, power, least


def _surprise(scored: Scored, temperature: float, power: float) -> float:
    points = (scored.learnt + power * scored.rules) / temperature
    top = points.max(axis=1)
    total = np.log(np.exp(points - top[:, None]).sum(axis=1))
    right = points[np.arange(len(points)), scored.right]
    return float(np.sum(top - right + total))
