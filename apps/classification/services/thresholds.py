"""Sets from which confidence on a type is suggested, and takes that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from apps.classification.models import TypeThreshold
from apps.classification.selectors import get_semantic_type
from apps.classification.thresholds import LEAST, MOST
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, InputInvalid

from .teaching import judge_anew, record_teaching

if TYPE_CHECKING:
    from apps.rbac.models import User


class NothingToUndo(DataWaveError):
    """Nobody has set this threshold."""

    status = 409


@transaction.atomic
def set_threshold(*, user: User, semantic_type: str, least: float | None) -> TypeThreshold:
    """Ask for a least confidence of a type; None follows what is learnt.

    Raises PermissionMissing, UnknownSemanticType, InputInvalid.
    """
    rbac.require(user, Action.DECIDE_LABELS, None)
    get_semantic_type(semantic_type)
    if least is not None and not LEAST <= least <= MOST:
        said = f"The least confidence is from {LEAST:.0%} to {MOST:.0%}."
        raise InputInvalid(said, field="least")
    return _put(user, semantic_type, least, "threshold_set")


@transaction.atomic
def undo_threshold(*, user: User, semantic_type: str) -> TypeThreshold:
    """Go back to what was asked before. Raises PermissionMissing, NothingToUndo."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    newest = list(TypeThreshold.objects.filter(semantic_type=semantic_type)[:2])
    if not newest:
        raise NothingToUndo
    before = newest[1].least if len(newest) > 1 else None
    return _put(user, semantic_type, before, "threshold_undone")


def _put(user: User, name: str, least: float | None, action: str) -> TypeThreshold:
    newest = TypeThreshold.objects.filter(semantic_type=name).first()
    made = TypeThreshold.objects.create(semantic_type=name, least=least, set_by=user)
    before = newest.least if newest else None
    record_teaching(user, action, {"type": name, "before": before, "after": least})
    judge_anew(user)
    return made
