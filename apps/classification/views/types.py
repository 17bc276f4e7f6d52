"""Types: what they are used for, own ones and their examples, exceptions and ratings."""

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
from apps.classification.exporting import TYPES, export
from apps.classification.models import Label
from apps.classification.selectors import (
    count_types_in_use,
    get_label,
    get_lesson,
    get_own_type,
    list_lessons,
    list_own_types,
    list_semantic_types,
    list_visible_labels,
)
from apps.classification.showing import find_hits
from apps.classification.taxonomy import SHIPPED
from apps.classification.types import Sensitivity
from apps.datasources.selectors import list_visible_sources
from apps.rbac.selectors import may
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, NotThere, PermissionMissing
from datawave.common.pages import answer_errors

if TYPE_CHECKING:
    from apps.rbac.models import User

OFFERED: Final = 12
# So near is a column offered as a further example.
_OFFERED_WITHIN: Final = 0.3


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@require_GET
def list_types(request: HttpRequest) -> HttpResponseBase:
    """All types with how often they are used here, and what was taught."""
    user = _user(request)
    if not list_visible_sources(user).exists():
        raise Http404
    used = count_types_in_use(user)
    every = [(each, used.get(each.name, 0)) for each in list_semantic_types()]
    if answer := export(request, "types", every, TYPES):
        return answer
    shipped = SHIPPED.types
    context = {
        "own_types": [(own, used.get(own.name, 0)) for own in list_own_types(user)],
        "lessons": list_lessons(user),
        "types": [
            (each, used.get(each.name, 0), each.sensitivity != shipped[each.name].sensitivity)
            for each in list_semantic_types()
            if each.name in shipped
        ],
        "sensitivities": Sensitivity.choices,
        "may_change": may(user, Action.DECIDE_LABELS),
        "active": "classification",
    }
    return render(request, "classification/type_list.html", context)


@require_GET
@answer_errors
def show_teaching(request: HttpRequest) -> HttpResponse:
    """Columns to make a type of, and what it would reach."""
    user = _user(request)
    chosen = _list_chosen(request.GET.getlist("label"), user)
    if not chosen:
        raise NotThere
    radius = _read_radius(request.GET.get("radius", ""))
    examples = [bytes(label.likeness) for label in chosen if label.likeness]
    visible = list_visible_labels(user)
    keys = {label.pk for label in chosen}
    offered = find_hits(examples, _OFFERED_WITHIN, visible).shown
    context = {
        "chosen": chosen,
        "offered": [pair for pair in offered if pair[0].pk not in keys][:OFFERED],
        "hits": find_hits(examples, radius, visible),
        "radius": radius,
        "fewest": services.FEWEST_EXAMPLES,
        "values": request.GET,
        "sensitivities": Sensitivity.choices,
        "may_change": may(user, Action.DECIDE_LABELS),
        "active": "classification",
    }
    return render(request, "classification/teach.html", context)


def _list_chosen(given: list[str], user: User) -> list[Label]:
    keys = []
    for text in given[:50]:
        try:
            keys.append(uuid.UUID(text))
        except ValueError:
            continue
    return list(list_visible_labels(user).filter(public_id__in=keys).order_by("pk"))


def _read_radius(text: str) -> float:
    try:
        return min(services.MOST_RADIUS, max(0.02, float(text)))
    except ValueError:
        return services.USUAL_RADIUS


@require_POST
@answer_errors
def teach_type(request: HttpRequest) -> HttpResponse:
    """Make a type of the chosen columns."""
    labels = _list_chosen(request.POST.getlist("label"), _user(request))

    def teach() -> str:
        made = services.teach_type(
            user=_user(request),
            labels=labels,
            title=request.POST.get("title", ""),
            sensitivity=request.POST.get("sensitivity", ""),
            personal=bool(request.POST.get("personal")),
            description=request.POST.get("description", ""),
            radius=_read_radius(request.POST.get("radius", "")),
        )
        return f"{made.title} is known from now on; alike columns follow."

    return _try(request, teach)


@require_POST
@answer_errors
def change_type(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Rename a type, rate it anew, retire or delete it."""
    own = get_own_type(user=_user(request), public_id=public_id)
    user, action = _user(request), request.POST.get("action", "")

    def change() -> str:
        if action == "retire":
            services.retire_type(own=own, user=user)
            return f"{own.title} is not suggested any more."
        if action == "delete":
            services.delete_type(own=own, user=user)
            return f"{own.title} is gone."
        services.change_type(
            own=own,
            user=user,
            title=request.POST.get("title", ""),
            sensitivity=request.POST.get("sensitivity", ""),
            description=request.POST.get("description", own.description),
        )
        return f"{own.title} is changed; its labels follow."

    return _try(request, change)


@require_POST
@answer_errors
def rate_type(request: HttpRequest) -> HttpResponse:
    """Say how sensitive a shipped type is here."""

    def rate() -> str:
        services.rate_type(
            user=_user(request),
            semantic_type=request.POST.get("semantic_type", ""),
            sensitivity=request.POST.get("sensitivity", ""),
        )
        return "Rated; labels of this type follow."

    return _try(request, rate)


@require_POST
@answer_errors
def teach_exception(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Columns like this one are never of the type that it is suggested to be."""
    label = get_label(user=_user(request), public_id=public_id)

    def teach() -> str:
        services.teach_exception(
            user=_user(request), label=label, semantic_type=label.semantic_type
        )
        return f"Columns like {label.field.name} are never called so again."

    return _try(request, teach)


@require_POST
@answer_errors
def take_back_lesson(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What was taught counts no more."""
    lesson = get_lesson(user=_user(request), public_id=public_id)

    def take_back() -> str:
        services.take_back_lesson(lesson=lesson, user=_user(request))
        return "Taken back; columns are judged anew."

    return _try(request, take_back)


def _try(request: HttpRequest, work: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, work())
    except DataWaveError as error:
        if isinstance(error, PermissionMissing | NotThere) and not error.field:
            raise
        messages.error(request, error.message)
    return redirect("classification:type-list")
