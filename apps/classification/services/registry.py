"""Stores versions of the judge and says which one is in force."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from apps.classification.active import find_active
from apps.classification.model.store import SHIPPED, load_model
from apps.classification.model_files import hash_parts, keep_parts, read_parts
from apps.classification.models import Activation, Replay, StoredModel
from apps.classification.selectors import find_preview
from apps.classification.types import ModelKind, ReplayState
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, InputInvalid

from .replaying import start_applying

if TYPE_CHECKING:
    from apps.rbac.models import User


class VersionTaken(InputInvalid):
    """Another model has this version already."""


class PreviewNeeded(DataWaveError):
    """First see what would change: start a preview of this model."""

    status = 409


class AlreadyActive(DataWaveError):
    """This model is in force already."""

    status = 409


class NothingBefore(DataWaveError):
    """No other model was in force before this one."""

    status = 409


def ensure_shipped() -> StoredModel:
    """The shipped version as a row, so that it can be gone back to after an upgrade."""
    digest, version, size = _read_shipped(SHIPPED.with_suffix(".json").stat().st_mtime_ns)
    if found := StoredModel.objects.filter(file__sha256=digest).first():
        return found
    return _store(SHIPPED, _free(version), size=size, kind=ModelKind.SHIPPED)


@lru_cache(maxsize=2)
def _read_shipped(_changed: int) -> tuple[str, str, int]:
    arrays, described = read_parts(SHIPPED)
    return hash_parts(arrays, described), _read_version(described), len(arrays) + len(described)


def _read_version(described: bytes) -> str:
    return str(json.loads(described)["version"])[:24]


def _free(version: str) -> str:
    """The version, with a number where another file is called so."""
    taken = set(StoredModel.objects.values_list("version", flat=True))
    names = (version, *(f"{version}.{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _store(path: Path, version: str, **fields: Any) -> StoredModel:
    return StoredModel.objects.create(version=version, file=keep_parts(*read_parts(path)), **fields)


@transaction.atomic
def register_model(*, path: Path, note: str = "", user: User | None = None) -> StoredModel:
    """Store a trained model from its files. Raises ModelRefused, VersionTaken."""
    version = load_model(path).version[:32]
    if StoredModel.objects.filter(version=version).exists():
        raise VersionTaken(f"There is a model {version} already.", field="version")
    size = sum(len(part) for part in read_parts(path))
    made = _store(path, version, kind=ModelKind.TRAINED, note=note[:500], made_by=user, size=size)
    _audit(made, user, "model_registered", {"sha256": made.file.sha256})
    return made


def _audit(model: StoredModel, user: User | None, action: str, detail: dict[str, Any]) -> None:
    rbac.record_audit(
        actor=user, action=action, scope=None, detail={"model": model.version, **detail}
    )


def require_everywhere(user: User) -> None:
    """What a model says concerns all sources. Raises PermissionMissing, NotThere."""
    rbac.require(user, Action.DECIDE_LABELS, None)


@transaction.atomic
def activate_model(*, model: StoredModel, user: User) -> Activation:
    """Put a version in force and judge everything anew with it.

    Raises PermissionMissing, NotThere, AlreadyActive, PreviewNeeded.
    """
    require_everywhere(user)
    preview = find_preview(model)
    if preview is None and not model.activations.exists():
        raise PreviewNeeded
    return put_in_force(model=model, user=user, preview=preview)


@transaction.atomic
def roll_back(*, user: User) -> Activation:
    """Put the version in force that was so before. Raises PermissionMissing, NothingBefore."""
    require_everywhere(user)
    last = Activation.objects.select_related("previous").first()
    if last is None or last.previous is None:
        raise NothingBefore
    return put_in_force(model=last.previous, user=user, is_rollback=True)


def put_in_force(
    *,
    model: StoredModel,
    user: User | None,
    preview: Replay | None = None,
    is_rollback: bool = False,
) -> Activation:
    """Switch, note who did it and judge anew. Raises AlreadyActive."""
    # Locked, so that two people who switch at once do it one after the other.
    list(StoredModel.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    previous = find_active() or ensure_shipped()
    if previous.pk == model.pk:
        raise AlreadyActive
    StoredModel.objects.filter(active=True).update(active=False)
    StoredModel.objects.filter(pk=model.pk).update(active=True, refusal="")
    made = Activation.objects.create(
        model=model, previous=previous, user=user, preview=preview, is_rollback=is_rollback
    )
    action = "model_rolled_back" if is_rollback else "model_activated"
    _audit(model, user, action, {"before": previous.version})
    start_applying(model=model, user=user)
    return made


# The share of labels that a promotion may move without anybody looking, and a number that is few.
MOST_MOVED: Final = 0.2
FEW_MOVED: Final = 50


@transaction.atomic
def end_replay(*, replay_id: int) -> None:
    """Put the model of a finished preview in force, if that was asked and changes little."""
    rows = Replay.objects.select_for_update(of=("self",)).select_related("model__file")
    replay = rows.get(pk=replay_id)
    if not replay.then_activate or replay.state != ReplayState.DONE:
        return
    Replay.objects.filter(pk=replay.pk).update(then_activate=False)
    if find_preview(replay.model) is None or moves_much(replay):
        return
    put_in_force(model=replay.model, user=None, preview=replay)


def moves_much(replay: Replay) -> bool:
    """Whether a person should look at a preview before it comes true."""
    return replay.changed > max(FEW_MOVED, MOST_MOVED * replay.columns)
