"""The model as a file: arrays in .npz, the rest in JSON, both under one SHA-256. No pickle."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from datawave.common.errors import DataWaveError

from .forest import Array, Forest

FORMAT: Final = 3
SHIPPED: Final = Path(__file__).parent / "shipped"
_MOST_BYTES: Final = 15 * 2**20


class ModelRefused(DataWaveError):
    """The model file is missing, damaged or not one of ours."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Linear:
    """Weights of hashed names, where it reads them, then of the features around their centre."""

    # Whole numbers times a step a type.
    weights: Array
    steps: Array
    bias: Array
    centre: Array
    scale: Array

    @cached_property
    def named(self) -> Array:
        """Weights of the hashed names, ready to add up."""
        return np.asarray(self.weights[: -len(self.centre)], np.float32)

    @cached_property
    def dense(self) -> Array:
        """Weights of the features, ready to multiply with."""
        return np.asarray(self.weights[-len(self.centre) :], np.float32)


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
    linear: Linear
    # Learnt from columns whose name tells nothing, and asked about such columns alone.
    blind: Forest
    blind_linear: Linear


_PARTS: Final[Mapping[str, type[Forest | Linear]]] = {
    "forest": Forest,
    "linear": Linear,
    "blind": Forest,
    "blind_linear": Linear,
}


def save_model(model: Model, path: Path) -> str:
    """Write `path`.npz and `path`.json; returns the hash of the arrays."""
    packed = io.BytesIO()
    arrays = {
        f"{part}_{each.name}": getattr(getattr(model, part), each.name)
        for part, kind in _PARTS.items()
        for each in fields(kind)
    }
    np.savez_compressed(packed, **arrays)
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
        parts: dict[str, Any] = {
            part: kind(**{each.name: arrays[f"{part}_{each.name}"] for each in fields(kind)})
            for part, kind in _PARTS.items()
        }
    return Model(
        types=tuple(told["types"]),
        features=tuple(told["features"]),
        counts=told["counts"],
        labelled=told["labelled"],
        settings=told["settings"],
        version=told["version"],
        **parts,
    )
