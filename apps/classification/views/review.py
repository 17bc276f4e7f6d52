"""The review queue: groups of alike columns, decided at once and undone at once."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.classification import services
from apps.classification.filters import LabelFilter
from apps.classification.models import Label, LabelDecision
from apps.classification.queue import (
    explain,
    list_groups,
    list_members,
    list_waiting,
    load_groups,
    measure_members,
)
from apps.classification.selectors import (
    count_suggestions,
    get_decision,
    get_label,
    get_semantic_type,
    list_semantic_types,
)
from apps.classification.types import DecisionKind, Sensitivity
from apps.datasources.selectors import list_permitted_sources, list_visible_sources
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, NotThere, PermissionMissing
from datawave.common.pages import answer_csv, answer_errors, list_given, paginate

if TYPE_CHECKING:
    from apps.rbac.models import User

MOST_SHOWN: Final = 100
NARROWING: Final = ("q", "type", "sensitivity", "source", "personal", "max_confidence")
CSV_HEAD: Final = (
    "source", "table", "column", "type", "sensitivity", "alike", "tables", "sources", "doubt",
    "worth",
)  # fmt: skip
DONE: Final = {"accept": "accepted as", "reject": "rejected as", "change": "changed to"}


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def _list_among(request: HttpRequest) -> Any:
    return LabelFilter(request.GET, queryset=list_waiting(_user(request))).qs


@require_GET
def show_queue(request: HttpRequest) -> HttpResponseBase:
    """What is worth deciding first."""
    user = _user(request)
    among = _list_among(request)
    exported = list_permitted_sources(user, Action.EXPORT)
    if request.GET.get("format") == "csv":
        return _export(user, among.filter(field__dataset__source__in=exported.values("pk")))
    page = paginate(request, list_groups(among))
    deciding = list_permitted_sources(user, Action.DECIDE_LABELS)
    allowed = set(deciding.values_list("pk", flat=True))
    groups = [
        (group, explain(group), group.label.field.dataset.source_id in allowed)
        for group in load_groups(list(page.object_list))
    ]
    context = {
        "page": page,
        "groups": groups,
        "waiting": count_suggestions(user),
        "is_filtered": any(request.GET.get(name) for name in NARROWING),
        "types": list_semantic_types(),
        "sensitivities": Sensitivity.choices,
        "sources": list_visible_sources(user),
        "chosen": {name: list_given(request, name) for name in ("sensitivity", "type")},
        "may_decide": bool(allowed),
        "may_export": exported.exists(),
        "active": "classification",
    }
    return render(request, "classification/review.html", context)


def _export(user: User, among: Any) -> HttpResponseBase:
    rows = list(list_groups(among)[: services.MAX_AT_ONCE])
    return answer_csv(user, "review-queue", CSV_HEAD, map(_list_cells, load_groups(rows)))


def _list_cells(group: Any) -> list[object]:
    dataset = group.label.field.dataset
    return [
        dataset.source.name,
        dataset.fqn,
        group.label.field.name,
        group.semantic_type,
        group.label.sensitivity,
        group.size,
        group.tables,
        group.sources,
        round(group.doubt, 4),
        round(group.worth, 4),
    ]


@require_GET
@answer_errors
def show_members(request: HttpRequest) -> HttpResponse:
    """The columns that one decision settles."""
    label = _get_label(request, request.GET.get("label", ""))
    members = list_members(label, _list_among(request))
    context = {
        "members": measure_members(label, list(members[:MOST_SHOWN])),
        "total": members.count(),
    }
    return render(request, "classification/_members.html", context)


def _get_label(request: HttpRequest, text: str) -> Label:
    try:
        key = uuid.UUID(text)
    except ValueError:
        raise NotThere from None
    return get_label(user=_user(request), public_id=key)


@require_POST
@answer_errors
def decide_group(request: HttpRequest) -> HttpResponse:
    """Decide all columns of a group alike."""
    label = _get_label(request, request.POST.get("label", ""))
    kind = request.POST.get("kind", "")
    try:
        decisions = services.decide_group(
            label=label,
            among=_list_among(request),
            user=_user(request),
            kind=kind,
            semantic_type=request.POST.get("semantic_type", ""),
        )
    except DataWaveError as error:
        if isinstance(error, PermissionMissing | NotThere) and not error.field:
            raise
        return _answer(request, label, [], error.message)
    return _answer(request, label, decisions, _tell(decisions))


def _tell(decisions: list[LabelDecision]) -> str:
    number, first = len(decisions), decisions[0]
    title = get_semantic_type(first.type_after).title
    columns = f"{number} columns" if number > 1 else first.label.field.name
    return f"{columns} {DONE[DecisionKind(first.kind)]} {title}"


def _answer(
    request: HttpRequest, label: Label, decisions: list[LabelDecision], text: str
) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        level = messages.SUCCESS if decisions else messages.ERROR
        messages.add_message(request, level, f"{text.rstrip('.')}.")
        return redirect("classification:review")
    context = {
        "label": label,
        "decision": decisions[0] if decisions else None,
        "text": text,
        "waiting": count_suggestions(_user(request)),
    }
    return render(request, "classification/_settled.html", context)


@require_POST
@answer_errors
def undo_together(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Put all labels back that were decided at once."""
    decision = get_decision(user=_user(request), public_id=public_id)
    try:
        undone = services.undo_together(decision=decision, user=_user(request))
    except (PermissionMissing, NotThere):
        raise
    except DataWaveError as error:
        messages.error(request, error.message)
    else:
        number = len(undone)
        messages.success(request, f"{number} decision{'s' if number != 1 else ''} undone.")
    response = redirect("classification:review")
    if request.headers.get("HX-Request"):
        response = HttpResponse(headers={"HX-Refresh": "true"})  # type: ignore[assignment]  # either answers
    return response
