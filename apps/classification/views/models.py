"""Versions of the judge: what would change, activating, rolling back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.classification import services
from apps.classification.filters import ReplayChangeFilter
from apps.classification.models import ReplayChange
from apps.classification.selectors import (
    count_replay_changes,
    find_active_version,
    find_preview,
    get_model,
    get_replay,
    list_activations,
    list_learnings,
    list_models,
    list_replay_changes,
    list_replays,
)
from apps.datasources.selectors import list_permitted_sources, list_visible_sources
from apps.rbac.selectors import may
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, NotThere, PermissionMissing
from datawave.common.pages import answer_csv, answer_errors, paginate

if TYPE_CHECKING:
    from apps.rbac.models import User

SHOWN: Final = 10
CSV_HEAD: Final = (
    "source", "table", "column", "decided", "type_before", "type_after", "confidence_before",
    "confidence_after", "sensitivity_before", "sensitivity_after", "personal_before",
    "personal_after",
)  # fmt: skip


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@require_GET
def list_versions(request: HttpRequest) -> HttpResponse:
    """The version in force, the others, and what is being judged anew."""
    user = _user(request)
    if not list_visible_sources(user).exists():
        raise Http404
    services.ensure_shipped()
    page = paginate(request, list_models(user))
    active = find_active_version()
    for model in page.object_list:
        model.is_active = model.version == active
        model.preview = find_preview(model)
        model.was_active = model.activations.exists()
    replays = list(list_replays(user)[:SHOWN])
    learnings = list(list_learnings(user)[:SHOWN])
    context = {
        "page": page,
        "models": page.object_list,
        "activations": list_activations(user)[:SHOWN],
        "may_roll_back": list_activations(user).exclude(previous=None).exists(),
        "replays": replays,
        "learnings": learnings,
        "is_working": any(replay.is_open for replay in replays)
        or any(learning.is_open for learning in learnings),
        "may_change": may(user, Action.DECIDE_LABELS),
        "active": "classification",
    }
    return render(request, "classification/model_list.html", context)


@require_GET
@answer_errors
def show_replay(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """What a version would change, by type and column by column."""
    user = _user(request)
    replay = get_replay(user=user, public_id=public_id)
    changes = ReplayChangeFilter(request.GET, list_replay_changes(replay, user)).qs
    exported = list_permitted_sources(user, Action.EXPORT)
    if request.GET.get("format") == "csv":
        allowed = changes.filter(label__field__dataset__source__in=exported.values("pk"))
        return answer_csv(user, "changes", CSV_HEAD, map(_list_cells, allowed.iterator(500)))
    page = paginate(request, changes)
    context = {
        "replay": replay,
        "pairs": count_replay_changes(replay, user),
        "page": page,
        "changes": page.object_list,
        "is_filtered": any(request.GET.get(n) for n in ("type_before", "type_after", "decided")),
        "moves_much": services.moves_much(replay),
        "is_current": find_preview(replay.model) == replay,
        "is_active": find_active_version() == replay.model.version,
        "may_change": may(user, Action.DECIDE_LABELS),
        "may_export": exported.exists(),
        "active": "classification",
    }
    return render(request, "classification/replay_detail.html", context)


def _list_cells(row: ReplayChange) -> list[object]:
    dataset = row.label.field.dataset
    return [
        dataset.source.name,
        dataset.fqn,
        row.label.field.name,
        "yes" if row.decided else "no",
        row.type_before,
        row.type_after,
        row.confidence_before,
        row.confidence_after,
        row.sensitivity_before,
        row.sensitivity_after,
        "yes" if row.personal_before else "no",
        "yes" if row.personal_after else "no",
    ]


@require_POST
@answer_errors
def preview_model(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Start to see what a version would change."""
    model = get_model(user=_user(request), public_id=public_id)

    def start() -> str:
        services.start_preview(model=model, user=_user(request))
        return f"Judging everything with {model.version}; nothing changes yet."

    return _try(request, start)


@require_POST
@answer_errors
def activate_model(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Put a version in force."""
    model = get_model(user=_user(request), public_id=public_id)

    def activate() -> str:
        services.activate_model(model=model, user=_user(request))
        return f"{model.version} is in force; labels follow."

    return _try(request, activate)


@require_POST
@answer_errors
def roll_back(request: HttpRequest) -> HttpResponse:
    """Put the version before in force again."""

    def go_back() -> str:
        made = services.roll_back(user=_user(request))
        return f"{made.model.version} is in force again; labels follow."

    return _try(request, go_back)


@require_POST
@answer_errors
def cancel_replay(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Stop a preview."""
    replay = get_replay(user=_user(request), public_id=public_id)

    def cancel() -> str:
        services.cancel_replay(replay=replay, user=_user(request))
        return "Stopped."

    return _try(request, cancel)


def _try(request: HttpRequest, work: Callable[[], str]) -> HttpResponse:
    """Rights are refused as pages; what else is wrong is said on the list."""
    try:
        messages.success(request, work())
    except (NotThere, PermissionMissing):
        raise
    except DataWaveError as error:
        messages.error(request, error.message)
    return redirect("classification:model-list")
