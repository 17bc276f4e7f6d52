"""The overview page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .selectors import load_overview

if TYPE_CHECKING:
    from apps.rbac.models import User


def _person_of(request: HttpRequest) -> User:
    """The signed-in person; the middleware sends everybody else to the sign-in page."""
    if not request.user.is_authenticated:
        raise Http404
    return request.user


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The state of everything the person may see; a refresh by htmx gets the figures alone."""
    part = getattr(request, "htmx", None) and request.htmx.target == "overview"  # type: ignore[attr-defined]  # django-htmx
    template = "analytics/_overview.html" if part else "analytics/overview.html"
    context = {"overview": load_overview(_person_of(request)), "active": "overview"}
    return render(request, template, context)
