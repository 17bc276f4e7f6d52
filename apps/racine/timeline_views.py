"""The page and the download of a run's whole timeline."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.rbac.selectors import may
from apps.rbac.services import require
from apps.rbac.types import Action
from datawave.common.pages import answer_csv, answer_errors, paginate

from .models import Run
from .selectors import get_run
from .timeline import describe_changes, list_changes, read_all

if TYPE_CHECKING:
    from apps.rbac.models import User

CSV_HEAD = ("at", "who", "before", "after", "fence")


@require_GET
@answer_errors
def show_timeline(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Oldest first, so that a link to a page goes on showing the same; `?format=csv` has it all."""
    user = cast("User", request.user)
    run = get_run(user=user, public_id=public_id)
    if request.GET.get("format") == "csv":
        require(user, Action.EXPORT, run.source)
        return answer_csv(user, f"discovery-{run.pk}-timeline", CSV_HEAD, _list_cells(run))
    page = paginate(request, list_changes(run), usual=100)
    context = {
        "run": run,
        "page_obj": page,
        "timeline": describe_changes(list(page.object_list)),
        "may_export": may(user, Action.EXPORT, run.source),
        "active": "runs",
    }
    return render(request, "racine/timeline.html", context)


def _list_cells(run: Run) -> Iterator[tuple[object, ...]]:
    for moment in read_all(run):
        yield moment.at.isoformat(), moment.who, moment.before, moment.after, moment.fence
