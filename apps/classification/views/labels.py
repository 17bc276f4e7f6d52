"""Pages of labels: the review queue, deciding, and undoing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from apps.classification import services
from apps.classification.exporting import DECISIONS, LABELS, export
from apps.classification.filters import LabelFilter
from apps.classification.models import Label, LabelDecision, LabelQuerySet
from apps.classification.selectors import (
    count_conflicts,
    count_suggestions,
    count_suggestions_of,
    get_decision,
    get_label,
    get_semantic_type,
    list_nearest,
    list_past_verdicts,
    list_semantic_types,
    list_visible_decisions,
    list_visible_labels,
)
from apps.classification.types import DecisionKind, LabelState, Sensitivity
from apps.datasources.selectors import list_visible_sources
from apps.rbac.selectors import may
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, NotThere, PermissionMissing
from datawave.common.pages import answer_errors, list_given, paginate

if TYPE_CHECKING:
    from apps.rbac.models import User

NARROWING: Final = (
    "q", "state", "sensitivity", "type", "personal", "source", "dataset", "min_confidence",
    "max_confidence", "conflict",
)  # fmt: skip
DONE: Final = {
    DecisionKind.ACCEPT: "Accepted",
    DecisionKind.REJECT: "Rejected",
    DecisionKind.CHANGE: "Changed",
}


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@require_GET
def list_labels(request: HttpRequest) -> HttpResponseBase:
    """The review queue, filtered and sorted by the address; without any filter what waits."""
    user = _user(request)
    narrowed = LabelFilter(request.GET, queryset=list_visible_labels(user))
    labels = narrowed.qs if _is_narrowed(request) else _list_waiting(narrowed.qs)
    if answer := export(request, "labels", labels.filter(_exportable(user)), LABELS):
        return answer
    page = paginate(request, labels)
    _note_rights(page.object_list, user)
    _note_waiting(page.object_list)
    context = {
        "page": page,
        "labels": page.object_list,
        "filter": narrowed,
        "is_filtered": _is_narrowed(request),
        "states": LabelState.choices,
        "sensitivities": Sensitivity.choices,
        "types": list_semantic_types(),
        "sources": list_visible_sources(user),
        "chosen": {name: list_given(request, name) for name in ("state", "sensitivity", "type")},
        "waiting": count_suggestions(user),
        "conflicts": count_conflicts(user),
        "may_decide": any(label.may_decide for label in page.object_list),
        "may_export": _permitted(user, Action.EXPORT).exists(),
        # Another order would tear the tables apart.
        "grouped": not request.GET.get("sort"),
        "active": "classification",
    }
    return render(request, "classification/label_list.html", context)


def _is_narrowed(request: HttpRequest) -> bool:
    # An empty state in the address asks for all states.
    return "state" in request.GET or any(request.GET.get(name) for name in NARROWING)


def _list_waiting(labels: LabelQuerySet) -> LabelQuerySet:
    return labels.filter(state=LabelState.SUGGESTED).exclude(semantic_type="")


def _permitted(user: User, action: Action) -> Any:
    return list_visible_sources(user).permitted_to(user, action)


def _exportable(user: User) -> Q:
    return Q(field__dataset__source__in=_permitted(user, Action.EXPORT).values("pk"))


@require_GET
def export_decisions(request: HttpRequest) -> HttpResponseBase:
    """What people decided, the newest first, of sources that the person may export."""
    user = _user(request)
    sources = _permitted(user, Action.EXPORT).values("pk")
    rows = list_visible_decisions(user).filter(label__field__dataset__source__in=sources)
    answer = export(request, "decisions", rows.select_related("user"), DECISIONS)
    if answer is None:
        raise Http404
    return answer


def _note_rights(labels: Iterable[Any], user: User) -> None:
    """Set `may_decide` on each label."""
    allowed = set(_permitted(user, Action.DECIDE_LABELS).values_list("pk", flat=True))
    for label in labels:
        label.may_decide = label.field.dataset.source_id in allowed


def _note_waiting(labels: Iterable[Any]) -> None:
    """Set `waiting_here` on each label: how many of its table wait."""
    left = count_suggestions_of({label.field.dataset_id for label in labels})
    for label in labels:
        label.waiting_here = left.get(label.field.dataset_id, 0)


@require_GET
@answer_errors
def show_label(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Why a column has its label, and the form to choose another type."""
    user = _user(request)
    label = get_label(user=user, public_id=public_id)
    _note_rights([label], user)
    context = {
        "label": label,
        "types": list_semantic_types(),
        "decisions": label.decisions.select_related("user")[:20],
        "nearest": list_nearest(label, user),
        "may_teach": may(user, Action.DECIDE_LABELS),
        "verdicts": list_past_verdicts(label)[:20],
        "active": "classification",
    }
    return render(request, "classification/label_detail.html", context)


@require_POST
@answer_errors
def decide_label(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Accept, reject or change a label."""
    user = _user(request)
    label = get_label(user=user, public_id=public_id)
    try:
        decision = services.decide_label(
            label=label,
            user=user,
            kind=request.POST.get("kind", ""),
            semantic_type=request.POST.get("semantic_type", ""),
        )
    except DataWaveError as error:
        return _answer_refusal(request, label, error)
    return _answer(request, user, [label], _tell(label, decision), [decision])


def _tell(label: Label, decision: LabelDecision) -> str:
    done = DONE[DecisionKind(decision.kind)]
    if decision.kind == DecisionKind.REJECT:
        return f"{label.field.name}: {done.lower()}"
    title = get_semantic_type(decision.type_after).title
    joint = "to" if decision.kind == DecisionKind.CHANGE else "as"
    return f"{label.field.name}: {done.lower()} {joint} {title}"


@require_POST
@answer_errors
def undo_decision(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Put a label back as it was before a decision."""
    user = _user(request)
    decision = get_decision(user=user, public_id=public_id)
    try:
        services.undo_decision(decision=decision, user=user)
    except DataWaveError as error:
        return _answer_refusal(request, decision.label, error)
    return _answer(request, user, [decision.label], f"Undone for {decision.label.field.name}")


@require_POST
@answer_errors
def undo_decisions(request: HttpRequest) -> HttpResponse:
    """Put several labels back at once."""
    user = _user(request)
    ids = [value for value in request.POST.getlist("decision") if _is_uuid(value)]
    decisions = list(list_visible_decisions(user).filter(public_id__in=ids[: services.MAX_AT_ONCE]))
    labels = [decision.label for decision in decisions]
    try:
        services.undo_many(decisions=decisions, user=user)
    except (PermissionMissing, NotThere):
        raise
    except DataWaveError as error:
        return _answer(request, user, labels, error.message, level="error")
    return _answer(request, user, labels, f"{len(labels)} undone" if len(labels) > 1 else "Undone")


def _answer(
    request: HttpRequest,
    user: User,
    labels: Sequence[Label],
    text: str,
    decisions: Sequence[LabelDecision] = (),
    *,
    level: str = "success",
) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        messages.add_message(request, getattr(messages, level.upper()), f"{text.rstrip('.')}.")
        return redirect(_next_url(request))
    fresh = list(list_visible_labels(user).filter(pk__in=[label.pk for label in labels]))
    _note_rights(fresh, user)
    context = {
        "labels": fresh,
        "decisions": decisions,
        "text": text,
        "level": level,
        "undo_url": reverse("classification:decisions-undo"),
        "waiting": count_suggestions(user),
        "waiting_by_dataset": _count_by_dataset(fresh),
    }
    response = render(request, "classification/_decided.html", context)
    # Parts of a page that depend on labels are fetched again.
    response["HX-Trigger"] = '{"dw:decided": {"target": "body"}}'
    return response


def _count_by_dataset(labels: Iterable[Label]) -> dict[uuid.UUID, int]:
    datasets = {label.field.dataset for label in labels}
    left = count_suggestions_of({dataset.pk for dataset in datasets})
    return {dataset.public_id: left.get(dataset.pk, 0) for dataset in datasets}


def _answer_refusal(request: HttpRequest, label: Label, error: DataWaveError) -> HttpResponse:
    """Rights are refused as pages; what else is wrong is said beside the unchanged label."""
    if isinstance(error, PermissionMissing | NotThere) and not error.field:
        raise error
    return _answer(request, _user(request), [label], error.message, level="error")


def _next_url(request: HttpRequest) -> str:
    url = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()})
    return url if safe else reverse("classification:label-list")


@require_POST
@answer_errors
def decide_labels(request: HttpRequest) -> HttpResponse:
    """Decide the chosen labels alike, or with `everything` all that the address matches."""
    user = _user(request)
    labels = list(_list_chosen(request, user)[: services.MAX_AT_ONCE + 1])
    try:
        decisions = services.decide_many(
            labels=labels,
            user=user,
            kind=request.POST.get("kind", ""),
            semantic_type=request.POST.get("semantic_type", ""),
        )
    except DataWaveError as error:
        if isinstance(error, PermissionMissing | NotThere) and not error.field:
            raise
        return _answer(request, user, labels, error.message, level="error")
    return _answer(request, user, labels, _tell_many(decisions), decisions)


def _tell_many(decisions: Sequence[LabelDecision]) -> str:
    if not decisions:
        return "Nothing to decide"
    if len(decisions) == 1:
        return _tell(decisions[0].label, decisions[0])
    return f"{len(decisions)} labels {DONE[DecisionKind(decisions[0].kind)].lower()}"


def _list_chosen(request: HttpRequest, user: User) -> LabelQuerySet:
    visible = list_visible_labels(user)
    if request.POST.get("everything"):
        chosen = LabelFilter(request.GET, queryset=visible).qs
        return chosen if _is_narrowed(request) else _list_waiting(chosen)
    ids = [value for value in request.POST.getlist("label") if _is_uuid(value)]
    return visible.filter(public_id__in=ids)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
