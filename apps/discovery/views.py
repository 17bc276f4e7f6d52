"""The page on which a person says whether tables are gone; what patterns would leave out."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.datasources.selectors import get_source
from apps.rbac.selectors import may
from apps.rbac.services import require
from apps.rbac.types import Action
from datawave.common.errors import InputInvalid
from datawave.common.pages import answer_csv, answer_errors, paginate

from . import services
from .preview import preview_patterns
from .selectors import get_doubt
from .types import DoubtState

if TYPE_CHECKING:
    from apps.rbac.models import User

CSV_HEAD = ("container", "table", "state", "columns", "rows", "last_seen_at")
TOLD = {
    DoubtState.CONFIRMED: "{} tables are marked as dropped.",
    DoubtState.KEPT: "The tables are kept as they were.",
    DoubtState.OPEN: "{} tables are back.",
}


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@require_GET
@answer_errors
def show_absence(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """The tables in question, and what can be decided."""
    user = _user(request)
    doubt = get_doubt(user=user, public_id=public_id)
    rows = doubt.datasets.all()
    if request.GET.get("format") == "csv":
        require(user, Action.EXPORT, doubt.source)
        cells = rows.values_list(
            "container", "name", "state", "column_count", "row_count", "last_seen_at"
        )
        return answer_csv(user, "absent-tables", CSV_HEAD, cells.iterator(500))
    page = paginate(request, rows)
    context = {
        "doubt": doubt,
        "page_obj": page,
        "tables": page.object_list,
        "may_decide": may(user, Action.DISCOVER, doubt.source),
        "may_export": may(user, Action.EXPORT, doubt.source),
        "active": "sources",
    }
    return render(request, "discovery/absence.html", context)


@require_POST
@answer_errors
def decide_absence(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Drop the tables, keep them, or take a drop back."""
    user = _user(request)
    doubt = get_doubt(user=user, public_id=public_id)
    wanted = request.POST.get("decision", "")
    if wanted not in (DoubtState.CONFIRMED, DoubtState.KEPT, DoubtState.OPEN):
        messages.error(request, "Choose whether the tables are gone or still there.")
        return redirect("discovery:absence-detail", public_id)
    try:
        decision = DoubtState(wanted)
        changed = services.decide_absence(doubt=doubt, user=user, decision=decision)
        messages.success(request, TOLD[decision].format(changed))
    except services.DoubtDecided as error:
        messages.error(request, error.message)
    return redirect("discovery:absence-detail", public_id)


@require_POST
@answer_errors
def show_preview(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """A part: what the patterns of the form hit, or those of the source where none are given."""
    source = get_source(user=_user(request), public_id=public_id)
    given = {name: request.POST.get(name) for name in ("include", "exclude")}
    context: dict[str, object] = {"source": source}
    try:
        context["preview"] = preview_patterns(source=source, **given)
    except InputInvalid as error:
        context["problem"] = error.message
    return render(request, "discovery/_patterns.html", context)
