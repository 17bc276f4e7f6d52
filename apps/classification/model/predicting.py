"""From what is known of columns to shares of types: forest, linear part and rules together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from .features import Features, ReadTable, list_contexts
from .forest import Array
from .names import hash_all_names, is_opaque
from .store import Model

_LEAST: Final = 1e-4
_FAR: Final = 6.0
_STEP: Final = 0.3
_NARROW: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class Example:
    """One column, ready for the model."""

    features: Features
    names: Mapping[int, float]
    rules: Mapping[str, float]
    # Whether its name tells nothing.
    opaque: bool = False


def list_examples(table: ReadTable) -> list[Example]:
    """Examples of all columns of a table."""
    shares = [each.shares for each in table.columns]
    names = hash_all_names([each.column.name for each in table.columns], table.facts.name)
    contexts = list_contexts(shares, table.subject)
    return [
        Example(
            features=each.features | context,
            names=hashed,
            rules=each.shares,
            opaque=is_opaque(each.column.name),
        )
        for each, context, hashed in zip(table.columns, contexts, names, strict=True)
    ]


def fill_rows(examples: Sequence[Example], features: Sequence[str]) -> Array:
    """Features as a matrix; those that the model does not know are left out."""
    places = {name: place for place, name in enumerate(features)}
    rows = np.zeros((len(examples), len(features)), np.float32)
    for row, example in zip(rows, examples, strict=True):
        known = [name for name in example.features if name in places]
        row[[places[name] for name in known]] = [example.features[name] for name in known]
    return rows


def normalise(rows: Array, centre: Array, scale: Array) -> Array:
    """Features around zero, with outliers cut."""
    spread = (rows - centre) / np.maximum(scale, _NARROW)
    return np.asarray(np.clip(spread, -_FAR, _FAR) * _STEP, np.float32)


def predict(model: Model, examples: Sequence[Example]) -> Array:
    """Calibrated shares of the types, a row for each example."""
    temperatures = _settings_of(model, "temperature", examples)
    return raise_points(mix(model, examples) / temperatures)


def mix(model: Model, examples: Sequence[Example]) -> Array:
    """Log points of the types: the parts, each to the power that its kind of name gives it."""
    parts = predict_parts(model, examples)
    return np.asarray(
        sum(
            _settings_of(model, name, examples) * np.log(np.maximum(part, _LEAST))
            for name, part in parts.items()
        )
    )


def _settings_of(model: Model, name: str, examples: Sequence[Example]) -> Array:
    usual = model.settings[name]
    opaque = model.settings.get(f"opaque_{name}", usual)
    return np.array([[opaque if each.opaque else usual] for each in examples])


def predict_parts(model: Model, examples: Sequence[Example]) -> dict[str, Array]:
    """Shares by forest, linear part and rules, each alone."""
    rows = fill_rows(examples, model.features)
    return {
        "forest": _ask_forests(model, rows, np.array([each.opaque for each in examples])),
        "linear": raise_points(_add_up(model, rows, examples)),
        "rules": _fill_rules(model, examples),
    }


def _ask_forests(model: Model, rows: Array, opaque: Array) -> Array:
    """Each column is told by the forest that is for its kind of name."""
    shares = np.zeros((len(rows), len(model.types)))
    for forest, chosen in ((model.blind, opaque), (model.forest, ~opaque)):
        if chosen.any():
            shares[chosen] = forest.predict(rows[chosen], len(model.types))
    return shares


def _add_up(model: Model, rows: Array, examples: Sequence[Example]) -> Array:
    """Points of the linear part."""
    spread = normalise(rows, model.centre, model.scale)
    points = spread @ model.dense
    for place, example in enumerate(examples):
        if example.names:
            weights = np.log1p(np.fromiter(example.names.values(), np.float32))
            points[place] += weights @ model.weights[list(example.names)].astype(np.float32)
    return np.asarray(points * model.steps + model.bias)


def raise_points(points: Array) -> Array:
    """Points as log-odds, made into shares of one."""
    raised = np.exp(points - points.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _fill_rules(model: Model, examples: Sequence[Example]) -> Array:
    places = {name: place for place, name in enumerate(model.types)}
    rows = np.zeros((len(examples), len(model.types)))
    for row, example in zip(rows, examples, strict=True):
        for name, share in example.rules.items():
            if name in places:
                row[places[name]] = share
    return rows
