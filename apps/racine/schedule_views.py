"""Pages of schedules: the list, the form with its preview, and the hours of a source."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.datasources.selectors import get_source, list_permitted_sources
from apps.rbac.selectors import may
from apps.rbac.services import require
from apps.rbac.types import Action
from datawave.common.errors import InputInvalid, NotThere
from datawave.common.pages import answer_csv, answer_errors, paginate

from . import services
from .agenda import (
    describe_schedules,
    find_freshness,
    get_schedule,
    list_blackouts,
    list_visible_blackouts,
    list_visible_schedules,
    load_orchestration,
    preview,
)
from .filters import ScheduleFilter
from .models import Schedule
from .schedule_forms import BlackoutForm, FreshnessForm, LimitsForm, ScheduleForm, name_zone
from .types import ScheduleKind

if TYPE_CHECKING:
    from apps.datasources.models import DataSource
    from apps.rbac.models import User

CSV_HEAD = ("source", "kind", "when", "priority", "paused", "next_due_at", "last_due_at", "last")


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@require_GET
def list_schedules(request: HttpRequest) -> HttpResponseBase:
    """All schedules that the person may see, the next one first."""
    user = _user(request)
    narrowed = ScheduleFilter(request.GET, queryset=list_visible_schedules(user)).qs
    exportable = list_permitted_sources(user, Action.EXPORT)
    if request.GET.get("format") == "csv":
        allowed = narrowed.filter(source__in=exportable.values("pk"))
        return answer_csv(user, "schedules", CSV_HEAD, _list_cells(list(allowed)))
    page = paginate(request, narrowed)
    orchestration = load_orchestration()
    limits = {name: getattr(orchestration, name) for name in LimitsForm.base_fields}
    context = {
        "page_obj": page,
        "rows": describe_schedules(list(page.object_list)),
        "kinds": ScheduleKind.choices,
        "is_filtered": any(request.GET.get(name) for name in ("q", "kind", "source")),
        "permitted": _list_permitted(user),
        "may_export": exportable.exists(),
        "may_manage": may(user, Action.MANAGE),
        "orchestration": orchestration,
        "limits": LimitsForm(initial=limits),
        "keep_days": settings.RUN_KEEP_DAYS,
        "zone": name_zone(),
        "active": "runs",
    }
    return render(request, "racine/schedules.html", context)


def _list_permitted(user: User) -> set[int]:
    return set(list_permitted_sources(user, Action.DISCOVER).values_list("pk", flat=True))


def _list_cells(schedules: list[Schedule]) -> Iterator[tuple[object, ...]]:
    for row in describe_schedules(schedules):
        schedule, last = row["schedule"], row["last"]
        yield (
            schedule.source.name, schedule.kind, row["words"], schedule.get_priority_display(),
            schedule.paused_at is not None,
            schedule.next_due_at.isoformat() if schedule.next_due_at else "",
            last.due_at.isoformat() if last else "", last.state if last else "",
        )  # fmt: skip


@never_cache
@require_http_methods(["GET", "POST"])
@answer_errors
def add_schedule(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The form of a new schedule of a source."""
    source = get_source(user=_user(request), public_id=public_id)
    require(_user(request), Action.DISCOVER, source)
    return _answer_form(request, source, None)


@never_cache
@require_http_methods(["GET", "POST"])
@answer_errors
def edit_schedule(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The form of a schedule."""
    schedule = get_schedule(user=_user(request), public_id=public_id)
    require(_user(request), Action.DISCOVER, schedule.source)
    return _answer_form(request, schedule.source, schedule)


def _answer_form(
    request: HttpRequest, source: DataSource, schedule: Schedule | None
) -> HttpResponse:
    form = ScheduleForm(request.POST or None, schedule=schedule)
    if request.method == "POST" and form.is_valid():
        saved = _save(request, form, source, schedule)
        if saved is not None:
            return _go_on(request, saved)
    values = form.cleaned_data if form.is_bound and form.is_valid() else form.initial
    context = {
        "form": form,
        "source": source,
        "schedule": schedule,
        "fires": schedule.fires.select_related("run")[:10] if schedule else [],
        "preview": preview(values, timezone.now()),
        "zone": name_zone(),
        "active": "runs",
    }
    return render(request, "racine/schedule_form.html", context)


def _save(
    request: HttpRequest, form: ScheduleForm, source: DataSource, schedule: Schedule | None
) -> Schedule | None:
    user, values = _user(request), form.cleaned_data
    try:
        if schedule is None:
            return services.add_schedule(user=user, source=source, **values)
        return services.change_schedule(user=user, schedule=schedule, **values)
    except InputInvalid as error:
        form.add_problem(error)
        return None


def _go_on(request: HttpRequest, schedule: Schedule) -> HttpResponse:
    messages.success(request, "The schedule is saved.")
    if schedule.kind == ScheduleKind.CHANGE and not schedule.token_hash:
        return redirect("racine:schedule-edit", schedule.public_id)
    return redirect("racine:schedule-list")


@require_GET
def preview_schedule(request: HttpRequest) -> HttpResponse:
    """What the form's values mean: in words, and the next five times."""
    form = ScheduleForm(request.GET)
    values = form.cleaned_data if form.is_valid() else {**form.initial, **request.GET.dict()}
    context = {"preview": preview(values, timezone.now()), "zone": name_zone()}
    return render(request, "racine/_preview.html", context)


@require_POST
@answer_errors
def act_on_schedule(request: HttpRequest, public_id: uuid.UUID, act: str) -> HttpResponse:
    """Pause, resume or delete it."""
    user = _user(request)
    schedule = get_schedule(user=user, public_id=public_id)
    acts = {
        "pause": (services.pause_schedule, "The schedule is paused."),
        "resume": (services.resume_schedule, "The schedule goes on."),
        "delete": (services.delete_schedule, "The schedule is deleted."),
    }
    if act not in acts:
        raise NotThere
    do, said = acts[act]
    do(user=user, schedule=schedule)
    messages.success(request, said)
    return redirect("racine:schedule-list")


@never_cache
@require_POST
@answer_errors
def renew_hook(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """A new secret for announcing changes, shown once."""
    user = _user(request)
    schedule = get_schedule(user=user, public_id=public_id)
    secret = services.renew_hook(user=user, schedule=schedule)
    url = request.build_absolute_uri(f"/api/v1/hooks/{schedule.public_id}/")
    context = {"schedule": schedule, "secret": secret, "hook_url": url, "active": "runs"}
    return render(request, "racine/hook.html", context)


@require_POST
@answer_errors
def pause_all(request: HttpRequest) -> HttpResponse:
    """No schedule starts anything until it is undone."""
    services.pause_all(user=_user(request))
    messages.success(request, "All schedules are paused. What goes on goes on.")
    return redirect("racine:schedule-list")


@require_POST
@answer_errors
def resume_all(request: HttpRequest) -> HttpResponse:
    """Schedules go on."""
    services.resume_all(user=_user(request))
    messages.success(request, "Schedules go on from now.")
    return redirect("racine:schedule-list")


@require_POST
@answer_errors
def set_limits(request: HttpRequest) -> HttpResponse:
    """How many discoveries may go on at once."""
    require(_user(request), Action.MANAGE, None)
    form = LimitsForm(request.POST)
    if _accept(
        request, form, lambda: services.set_limits(user=_user(request), **form.cleaned_data)
    ):
        messages.success(request, "The limits hold from now.")
    return redirect("racine:schedule-list")


def _accept(request: HttpRequest, form: Any, act: Any) -> bool:
    """Whether the form and then the service take the values; says why when they do not."""
    try:
        if form.is_valid():
            act()
            return True
    except InputInvalid as error:
        form.add_problem(error)
    told = [problem for problems in form.errors.values() for problem in problems]
    messages.error(request, " ".join(told))
    return False


@require_GET
@answer_errors
def show_hours(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Blackout windows and the freshness objective of a source."""
    source = get_source(user=_user(request), public_id=public_id)
    return _render_hours(request, source, BlackoutForm(initial={"time_zone": name_zone()}))


def _render_hours(request: HttpRequest, source: DataSource, form: BlackoutForm) -> HttpResponse:
    objective = find_freshness(source)
    context = {
        "source": source,
        "blackouts": list_blackouts(source),
        "objective": objective,
        "freshness": FreshnessForm(initial={"hours": objective.hours if objective else None}),
        "form": form,
        "may_discover": may(_user(request), Action.DISCOVER, source),
        "active": "sources",
    }
    return render(request, "racine/hours.html", context)


@require_POST
@answer_errors
def set_freshness(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Set the objective; an empty field takes it away."""
    user = _user(request)
    source = get_source(user=user, public_id=public_id)
    require(user, Action.DISCOVER, source)
    form = FreshnessForm(request.POST)
    hours = form.cleaned_data["hours"] if form.is_valid() else None

    def act() -> None:
        if hours is None:
            services.clear_freshness(user=user, source=source)
        else:
            services.set_freshness(user=user, source=source, hours=hours)

    if _accept(request, form, act):
        said = "The objective is set." if hours else "The objective is taken away."
        messages.success(request, said)
    return redirect("racine:source-hours", source.public_id)


@require_POST
@answer_errors
def add_blackout(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Add a window."""
    user = _user(request)
    source = get_source(user=user, public_id=public_id)
    require(user, Action.DISCOVER, source)
    form = BlackoutForm(request.POST)
    if form.is_valid():
        try:
            services.add_blackout(user=user, source=source, **form.cleaned_data)
        except InputInvalid as error:
            form.add_problem(error)
        else:
            messages.success(request, "No discovery begins in these hours.")
            return redirect("racine:source-hours", source.public_id)
    return _render_hours(request, source, form)


@require_POST
@answer_errors
def delete_blackout(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take a window away."""
    user = _user(request)
    blackout = list_visible_blackouts(user).filter(public_id=public_id).first()
    if blackout is None:
        raise NotThere
    services.delete_blackout(user=user, blackout=blackout)
    messages.success(request, "The window is gone.")
    return redirect("racine:source-hours", blackout.source.public_id)
