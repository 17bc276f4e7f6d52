"""The page that puts two runs side by side."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.discovery.types import Difference
from apps.rbac.selectors import may
from apps.rbac.services import require
from apps.rbac.types import Action
from datawave.common.errors import InputInvalid
from datawave.common.pages import answer_csv, answer_errors, paginate

from .comparison import compare_runs, list_comparable
from .selectors import get_run

if TYPE_CHECKING:
    from apps.rbac.models import User

CSV_HEAD = ("kind", "table", "column", "before", "after")


@require_GET
@answer_errors
def compare(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """`?with=<id>` names the other run, `?kind=` narrows; without the first, the run before."""
    user = cast("User", request.user)
    run = get_run(user=user, public_id=public_id)
    others = list_comparable(run)
    before = next((other for other in others if other.pk < run.pk), None)
    other = request.GET.get("with") or (str(before.public_id) if before else "")
    may_export = may(user, Action.EXPORT, run.source)
    context = {"run": run, "others": others, "other": other, "active": "runs"}
    try:
        found = compare_runs(user=user, public_id=public_id, other=other)
    except InputInvalid as error:
        context["problem"] = error.message if other else "There is nothing to compare with yet."
        return render(request, "racine/compare.html", context, status=422 if other else 200)
    rows = found.narrow(request.GET.get("kind", ""))
    if request.GET.get("format") == "csv":
        require(user, Action.EXPORT, run.source)
        name = f"compare-{found.earlier.pk}-{found.later.pk}"
        return answer_csv(user, name, CSV_HEAD, _list_cells(rows))
    page = paginate(request, rows)
    context |= {
        "found": found,
        "page_obj": page,
        "rows": page.object_list,
        "kind": request.GET.get("kind", ""),
        "may_export": may_export,
    }
    return render(request, "racine/compare.html", context)


def _list_cells(rows: list[Difference]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield row.kind, row.dataset, row.column, row.before, row.after
