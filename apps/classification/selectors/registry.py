"""Reads of versions of the judge and of replays."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet

from apps.classification.models import (
    Activation,
    Label,
    Replay,
    ReplayChange,
    StoredModel,
)
from apps.classification.types import (
    ModelKind,
    ReplayKind,
    ReplayState,
)
from apps.datasources.selectors import list_visible_sources
from datawave.common.errors import NotThere

if TYPE_CHECKING:
    from apps.rbac.models import User


def list_models(user: User) -> QuerySet[StoredModel]:
    """Stored versions, newest first, for people who may view any source."""
    rows = StoredModel.objects.select_related("file", "made_by", "base")
    rows = rows.defer("file__arrays", "file__described")
    return rows if list_visible_sources(user).exists() else rows.none()


def get_model(*, user: User, public_id: uuid.UUID | str) -> StoredModel:
    """The version. Raises NotThere."""
    if found := list_models(user).filter(public_id=public_id).first():
        return found
    raise NotThere


def find_preview(model: StoredModel) -> Replay | None:
    """The newest finished preview of a model that was made since the last activation."""
    done = model.replays.filter(kind=ReplayKind.PREVIEW, state=ReplayState.DONE)
    if last := Activation.objects.first():
        done = done.filter(created_at__gt=last.created_at)
    return done.first()


def list_activations(user: User) -> QuerySet[Activation]:
    """Who put which version in force, newest first."""
    rows = Activation.objects.select_related("model", "previous", "user", "preview")
    return rows if list_visible_sources(user).exists() else rows.none()


def list_replays(user: User) -> QuerySet[Replay]:
    """Replays, newest first, for people who may view any source."""
    rows = Replay.objects.select_related("model", "started_by")
    return rows if list_visible_sources(user).exists() else rows.none()


def get_replay(*, user: User, public_id: uuid.UUID | str) -> Replay:
    """The replay. Raises NotThere."""
    if found := list_replays(user).filter(public_id=public_id).first():
        return found
    raise NotThere


def list_replay_changes(replay: Replay, user: User) -> QuerySet[ReplayChange]:
    """Labels that would change, of sources that the person may view."""
    rows = replay.changes.filter(label__in=Label.objects.visible_to(user).values("pk"))
    return rows.select_related("label__field__dataset__source").order_by("pk")


def count_replay_changes(replay: Replay, user: User) -> list[dict[str, Any]]:
    """How many labels would change from which type to which, the most first."""
    rows = list_replay_changes(replay, user).order_by().values("type_before", "type_after")
    counted = rows.annotate(
        number=Count("pk"),
        decided=Count("pk", filter=Q(decided=True)),
        newly_personal=Count("pk", filter=Q(personal_before=False, personal_after=True)),
        no_longer_personal=Count("pk", filter=Q(personal_before=True, personal_after=False)),
    )
    return [dict(row) for row in counted.order_by("-number", "type_before", "type_after")]


def find_active_version() -> str:
    """The version that is in force; the newest shipped one while none was activated."""
    rows = StoredModel.objects.order_by("-active", "-pk")
    found = rows.filter(Q(active=True) | Q(kind=ModelKind.SHIPPED)).first()
    return found.version if found else ""
