"""The model as a file: arrays in .npz, the rest in JSON, both under one SHA-256. No pickle."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from datawave.common.errors import DataWaveError

from .forest import Array, Forest
from .names import SPACE

FORMAT: Final = 2
SHIPPED: Final = Path(__file__).parent / "shipped"
_FOREST: Final = tuple(each.name for each in fields(Forest))
_FORESTS: Final = ("forest", "blind")
_MOST_BYTES: Final = 15 * 2**20


class ModelRefused(DataWaveError):
    """The model file is missing, damaged or not one of ours."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """All that was learnt."""

    # Types in the order of all arrays, and names of the features.
    types: tuple[str, ...]
    features: tuple[str, ...]
    # Examples of each type, and columns among them that people labelled.
    counts: dict[str, int]
    labelled: dict[str, int]
    settings: dict[str, float]
    version: str
    forest: Forest
    # Grown on columns whose name tells nothing, and asked about such columns alone.
    blind: Forest
    # Linear part: hashed names first, then the features, as whole numbers times a step a type.
    weights: Array
    steps: Array
    bias: Array
    centre: Array
    scale: Array

    @cached_property
    def dense(self) -> Array:
        """Weights of the features, ready to multiply with."""
        return np.asarray(self.weights[SPACE:], np.float32)


def save_model(model: Model, path: Path) -> str:
    """Write `path`.npz and `path`.json; returns the hash of the arrays."""
    packed = io.BytesIO()
    arrays = {
        f"{forest}_{name}": getattr(getattr(model, forest), name)
        for forest in _FORESTS
        for name in _FOREST
    }
    linear = {name: getattr(model, name) for name in _LINEAR}
    np.savez_compressed(packed, **arrays, **linear)
    digest = hashlib.sha256(packed.getvalue()).hexdigest()
    told = {
        "format": FORMAT,
        "version": model.version,
        "sha256": digest,
        "settings": model.settings,
        "types": model.types,
        "counts": model.counts,
        "labelled": model.labelled,
        "features": model.features,
    }
    told["seal"] = _seal(told)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".npz").write_bytes(packed.getvalue())
    path.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return digest


_LINEAR: Final = ("weights", "steps", "bias", "centre", "scale")


def _seal(told: dict[str, Any]) -> str:
    """Hash of everything beside the arrays, which it names by their own hash."""
    plain = json.dumps({key: told[key] for key in told if key != "seal"}, sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def load_model(path: Path = SHIPPED) -> Model:
    """Read a model. Raises ModelRefused."""
    try:
        told = json.loads(path.with_suffix(".json").read_bytes())
        packed = path.with_suffix(".npz").read_bytes()
    except (OSError, ValueError):
        raise ModelRefused from None
    _check(told, packed)
    try:
        return _unpack(told, packed)
    except (KeyError, TypeError, ValueError, OSError):
        raise ModelRefused from None


def _check(told: Any, packed: bytes) -> None:
    if not isinstance(told, dict) or told.get("format") != FORMAT or len(packed) > _MOST_BYTES:
        raise ModelRefused("The model file has a format that is not known here.")
    if told.get("seal") != _seal(told) or told.get("sha256") != hashlib.sha256(packed).hexdigest():
        raise ModelRefused("The model file is not the one that was described: its hash differs.")


def _unpack(told: dict[str, Any], packed: bytes) -> Model:
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        forests = {
            forest: Forest(**{name: arrays[f"{forest}_{name}"] for name in _FOREST})
            for forest in _FORESTS
        }
        linear = {name: arrays[name] for name in _LINEAR}
    return Model(
        types=tuple(told["types"]),
        features=tuple(told["features"]),
        counts=told["counts"],
        labelled=told["labelled"],
        settings=told["settings"],
        version=told["version"],
        forest=forests["forest"],
        blind=forests["blind"],
        **linear,
    )
