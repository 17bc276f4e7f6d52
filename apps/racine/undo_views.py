"""The page that says what taking a run back would do, and the button that does it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.rbac.selectors import may
from apps.rbac.services import require
from apps.rbac.types import Action
from datawave.common.pages import answer_errors

from . import services
from .models import Run
from .selectors import get_run
from .types import UndoState
from .undo_reads import explain_not_undoable, find_undo, preview_undo

if TYPE_CHECKING:
    from apps.rbac.models import User


@require_http_methods(["GET", "POST"])
@answer_errors
def undo_run(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What goes and what comes back; pressing the button does it."""
    user = cast("User", request.user)
    run = get_run(user=user, public_id=public_id)
    require(user, Action.DISCOVER, run.source)
    if request.method == "POST":
        return _take_back(request, run, user)
    context = {"run": run, "preview": preview_undo(run), "active": "runs"}
    return render(request, "racine/undo.html", context)


def _take_back(request: HttpRequest, run: Run, user: User) -> HttpResponse:
    try:
        services.request_undo(run=run, user=user)
    except services.NotUndoable as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "The discovery is being taken back.")
    return redirect("racine:run-detail", run.public_id)


def describe_undo(run: Run, user: User) -> dict[str, Any]:
    """What the run's page shows of it."""
    undo = find_undo(run)
    free = undo is None or undo.state == UndoState.FAILED
    permitted = not run.is_active and may(user, Action.DISCOVER, run.source)
    return {
        "undo": undo,
        "can_undo": free and permitted and not explain_not_undoable(run),
    }
