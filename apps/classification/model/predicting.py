"""From what is known of columns to shares of types: forest, linear part and rules together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from .features import Features, ReadTable, list_contexts
from .forest import Array
from .names import hash_all_names, is_opaque
from .store import Linear, Model

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
        told = example.features
        known = {places[name]: value for name, value in told.items() if name in places}
        row[list(known)] = list(known.values())
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
    parts = log_parts(model, examples)
    return np.asarray(
        sum(_settings_of(model, name, examples) * part for name, part in parts.items())
    )


def _settings_of(model: Model, name: str, examples: Sequence[Example]) -> Array:
    usual = model.settings[name]
    opaque = model.settings.get(f"opaque_{name}", usual)
    return np.array([[opaque if each.opaque else usual] for each in examples])


def log_parts(model: Model, examples: Sequence[Example]) -> dict[str, Array]:
    """Log shares by each part alone."""
    parts = predict_parts(model, examples)
    return {name: np.log(np.maximum(part, _LEAST)) for name, part in parts.items()}


def predict_parts(model: Model, examples: Sequence[Example]) -> dict[str, Array]:
    """Shares by forest, linear part and rules, each alone."""
    rows = fill_rows(examples, model.features)
    count = len(model.types)
    found = {"forest": np.zeros((len(rows), count)), "linear": np.zeros((len(rows), count))}
    opaque = np.array([each.opaque for each in examples], bool)
    # Each column is told by the parts that are for its kind of name.
    if (blind := np.flatnonzero(opaque)).size:
        found["forest"][blind] = model.blind.predict(rows[blind], count)
        found["linear"][blind] = raise_points(_add_up(model.blind_linear, rows[blind]))
    if (named := np.flatnonzero(~opaque)).size:
        found["forest"][named] = model.forest.predict(rows[named], count)
        names = [each.names for each in examples if not each.opaque]
        found["linear"][named] = raise_points(_add_up(model.linear, rows[named], names))
    return found | {"rules": _fill_rules(model, examples)}


def _add_up(linear: Linear, rows: Array, names: Sequence[Mapping[int, float]] = ()) -> Array:
    """Points by features, and by hashed names where there are some."""
    points = normalise(rows, linear.centre, linear.scale) @ linear.dense
    for place, each in enumerate(names):
        if each:
            weights = np.log1p(np.fromiter(each.values(), np.float32))
            points[place] += weights @ linear.named[list(each)]
    return np.asarray(points * linear.steps + linear.bias)


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
