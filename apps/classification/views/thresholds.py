"""Pages of least confidences: what holds for each type, why, and what another would change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.classification import services
from apps.classification.selectors import (
    get_threshold,
    list_steps,
    list_threshold_history,
    list_thresholds,
)
from apps.classification.thresholds import LEAST
from apps.datasources.selectors import list_visible_sources
from apps.rbac.selectors import may
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, InputInvalid, NotThere, PermissionMissing
from datawave.common.pages import answer_errors

if TYPE_CHECKING:
    from apps.rbac.models import User


def _user(request: HttpRequest) -> User:
    """The person, who may view something."""
    user = cast("User", request.user)
    if not list_visible_sources(user).exists():
        raise Http404
    return user


@require_GET
def list_all(request: HttpRequest) -> HttpResponse:
    """Every type with its threshold."""
    context = {
        "thresholds": list_thresholds(_user(request)),
        "general": LEAST,
        "active": "classification",
    }
    return render(request, "classification/thresholds.html", context)


@require_GET
@answer_errors
def show(request: HttpRequest, name: str) -> HttpResponse:
    """One type: what each threshold would do to its suggestions."""
    user = _user(request)
    threshold = get_threshold(user=user, name=name)
    context = {
        "threshold": threshold,
        "steps": list_steps(user=user, name=name),
        "history": list_threshold_history(name),
        "general": LEAST,
        "may_change": may(user, Action.DECIDE_LABELS),
        "active": "classification",
    }
    return render(request, "classification/threshold.html", context)


@require_POST
@answer_errors
def change(request: HttpRequest, name: str) -> HttpResponse:
    """Set it, release it, or take the last change back."""
    user, action = _user(request), request.POST.get("action", "")

    def work() -> str:
        if action == "undo":
            services.undo_threshold(user=user, semantic_type=name)
            return "Taken back; columns are judged anew."
        least = None if action == "release" else _read(request.POST.get("least", ""))
        services.set_threshold(user=user, semantic_type=name, least=least)
        return "Columns are judged anew; suggestions follow in a moment."

    _try(request, work)
    return redirect("classification:threshold", name=name)


def _read(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputInvalid("Choose a threshold first.", field="least") from None


def _try(request: HttpRequest, work: Callable[[], str]) -> None:
    try:
        messages.success(request, work())
    except DataWaveError as error:
        if isinstance(error, PermissionMissing | NotThere):
            raise
        messages.error(request, error.message)
