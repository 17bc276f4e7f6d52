"""The overview page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.rbac.selectors import may
from apps.rbac.types import Action

from .selectors import load_overview
from .types import RecentRun

if TYPE_CHECKING:
    from apps.rbac.models import User

MORNING, NOON, EVENING = 5, 12, 18


def _person_of(request: HttpRequest) -> User:
    """The signed-in person; the middleware sends everybody else to the sign-in page."""
    if not request.user.is_authenticated:
        raise Http404
    return request.user


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The state of everything the person may see; a refresh by htmx gets the figures alone."""
    user = _person_of(request)
    shown = load_overview(user)
    context = {
        "overview": shown,
        "greeting": _greet(timezone.localtime().hour),
        "zone": timezone.get_current_timezone_name(),
        "runs": [_place_run(run) for run in shown.recent_runs],
        "labelled": sum(share.count for share in shown.sensitivities),
        "steps_done": sum(step.done for step in shown.first_steps),
        "may_add": may(user, Action.MANAGE),
        "active": "overview",
    }
    part = request.headers.get("HX-Request")
    template = "analytics/_overview.html" if part else "analytics/overview.html"
    return render(request, template, context)


def _greet(hour: int) -> str:
    if hour < MORNING or hour >= EVENING:
        return "Good evening"
    return "Good morning" if hour < NOON else "Good afternoon"


def _place_run(run: RecentRun) -> dict[str, Any]:
    """A line of the table: what goes on has no progress of its own, live pages tell it."""
    finished = run.state in ("completed", "completed_with_errors")
    return {
        "run": run,
        "url": reverse("racine:run-detail", args=[run.run_id]),
        "progress": 100 if finished else 0,
        "over": finished or run.state in ("failed", "cancelled"),
    }
