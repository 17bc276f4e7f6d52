"""Pages of runs: the list, the live page, and what can be done to a run."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from apps.datasources.selectors import get_source, list_permitted_sources, list_visible_sources
from apps.discovery.selectors import (
    find_open_doubt,
    list_failed_items,
    list_unread_items,
)
from apps.discovery.stages import list_stages
from apps.rbac.selectors import may
from apps.rbac.services import require
from apps.rbac.types import Action
from datawave.common.demo import begin_demo
from datawave.common.errors import DataWaveError, NotThere, PermissionMissing
from datawave.common.pages import answer_csv, answer_errors, paginate

from . import services
from .error_codes import find_kind
from .filters import RunFilter
from .incident_reads import list_run_incidents
from .load import describe_egress, describe_load
from .models import Run
from .quarantine import get_refused, get_set_aside, list_set_aside
from .run_log import render_log
from .selectors import get_run, is_newest, list_visible_runs, load_live, topic_of
from .timeline import load_timeline
from .types import FINISHED_RUN_STATES, RESUMABLE_RUN_STATES, RunState, StageState, Trigger
from .undo_views import describe_undo

if TYPE_CHECKING:
    from apps.rbac.models import User

NARROWING = ("q", "state", "source", "trigger", "started_after", "started_before")
COUNTS = ("tables", "columns", "labels", "findings")
CSV_HEAD = ("number", "source", "state", "trigger", "started_by", "started_at", "finished_at",
            "seconds", *COUNTS)  # fmt: skip


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@require_GET
def list_runs(request: HttpRequest) -> HttpResponseBase:
    """All runs that the person may view, filtered and sorted by the address."""
    user = _user(request)
    narrowed = RunFilter(request.GET, queryset=list_visible_runs(user))
    exportable = list_permitted_sources(user, Action.EXPORT)
    if request.GET.get("format") == "csv":
        allowed = narrowed.qs.filter(source__in=exportable.values("pk"))
        return answer_csv(user, "discovery-runs", CSV_HEAD, map(_list_cells, allowed.iterator(500)))
    page = paginate(request, narrowed.qs)
    context = {
        "page_obj": page,
        "runs": page.object_list,
        "filter": narrowed,
        "states": RunState.choices,
        "chosen_states": request.GET.getlist("state"),
        "triggers": Trigger.choices,
        "sources": list_visible_sources(user),
        "is_filtered": any(request.GET.get(name) for name in NARROWING),
        "may_export": exportable.exists(),
        "active": "runs",
    }
    return render(request, "racine/list.html", context)


def _list_cells(run: Run) -> tuple[object, ...]:
    counts = run.summary.get("counts", {})
    return (
        run.pk, run.source.name, run.state, run.trigger,
        run.started_by.username if run.started_by else "",
        run.started_at.isoformat(), run.finished_at.isoformat() if run.finished_at else "",
        run.seconds, *(counts.get(name) for name in COUNTS),
    )  # fmt: skip


@require_GET
@answer_errors
def show_run(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One run, live; `?part=changes` is what its script fetches when the state changed."""
    user = _user(request)
    run = get_run(user=user, public_id=public_id)
    context = _describe_run(user, run)
    if request.GET.get("part") == "changes":
        return render(request, "racine/_changes.html", context)
    return render(request, "racine/detail.html", context)


def _describe_run(user: User, run: Run) -> dict[str, Any]:
    live = load_live(run)
    return {
        "load": describe_load(run.job.load if run.job else {}),
        "egress": describe_egress(run.job.egress_schema if run.job else ""),
        "run": run,
        "live": live,
        "snapshot": live,
        "topic": topic_of(run),
        "summary": run.summary,
        "retries": run.summary.get("retries", 0),
        "balance": run.summary.get("balance"),
        "troubles": [] if run.is_active else run.summary.get("troubles", []),
        "failed_tables": [_explain_failed(item) for item in list_failed_items(run.job)[:100]],
        "unread_tables": [_explain_unread(item) for item in list_unread_items(run.job)[:100]],
        "absence": {"doubt": find_open_doubt(run.source_id)},
        "set_aside": list_set_aside(run),
        "may_discover": may(user, Action.DISCOVER, run.source),
        "can_cancel": run.is_active and run.state != RunState.CANCELLING,
        **_list_ways_back(run),
        **load_timeline(run),
        **describe_undo(run, user),
        "incidents": list_run_incidents(run),
        "active": "runs",
    }


def _explain_failed(item: Any) -> dict[str, str]:
    return {
        "container": item.container,
        "name": item.name,
        "code": item.code,
        "message": item.message,
        "next_step": find_kind(item.code).next_step,
    }


def _explain_unread(item: Any) -> dict[str, str]:
    code = item.snapshot.payload.get("profile_error", "")
    return {
        "container": item.container,
        "name": item.name,
        "why": find_kind(code).sentence,
        "next_step": find_kind(code).next_step,
    }


def _list_ways_back(run: Run) -> dict[str, Any]:
    """How the run can be taken up again, if it can be at all."""
    may_go_on = is_newest(run)
    finished = may_go_on and run.state in FINISHED_RUN_STATES
    aside = run.stage_runs.filter(state=StageState.QUARANTINED)
    return {
        "can_resume": may_go_on and run.state in RESUMABLE_RUN_STATES,
        "can_retry": may_go_on and run.state == RunState.COMPLETED_WITH_ERRORS and aside.exists(),
        "rerun_stages": list_stages() if finished and run.stage_runs.exists() else [],
    }


@require_POST
@answer_errors
def start_run(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Start a discovery of a source and go to its live page."""
    user = _user(request)
    source = get_source(user=user, public_id=public_id)
    try:
        run = services.start_run(source=source, user=user, trigger=Trigger.PERSON)
    except services.SourceBusy as error:
        messages.warning(request, error.message)
        running = list_visible_runs(user).active().filter(source=source).first()
        if running is None:
            return redirect("racine:run-list")
        return redirect("racine:run-detail", running.public_id)
    return redirect("racine:run-detail", run.public_id)


@require_POST
@answer_errors
def start_demo(request: HttpRequest) -> HttpResponseBase:
    """Register the demo database, discover it and go to its live page."""
    user = _user(request)
    require(user, Action.MANAGE, None)
    try:
        return redirect("racine:run-detail", begin_demo(user))
    except services.SourceBusy as error:
        messages.warning(request, error.message)
        return redirect("racine:run-list")


def _act(
    request: HttpRequest, public_id: uuid.UUID, act: Callable[..., Any], said: str
) -> HttpResponseBase:
    user = _user(request)
    run = get_run(user=user, public_id=public_id)
    level = messages.SUCCESS
    try:
        act(run=run, user=user)
    except (NotThere, PermissionMissing):
        raise
    except DataWaveError as error:
        level, said = messages.ERROR, error.message
    if request.headers.get("HX-Request"):
        run = get_run(user=user, public_id=public_id)
        told = {"said": said, "said_level": messages.DEFAULT_TAGS[level]}
        return render(request, "racine/_changes.html", _describe_run(user, run) | told)
    messages.add_message(request, level, said)
    return redirect(_next(request) or reverse("racine:run-detail", args=[run.public_id]))


def _next(request: HttpRequest) -> str:
    url = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()})
    return url if safe else ""


@require_POST
@answer_errors
def cancel_run(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Stop a run."""
    return _act(request, public_id, services.cancel_run, "The run is being stopped.")


@require_POST
@answer_errors
def resume_run(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Take a failed or cancelled run up again."""
    return _act(request, public_id, services.resume_run, "The run goes on where it stopped.")


@require_POST
@answer_errors
def retry_run(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Try set-aside batches again."""
    return _act(
        request, public_id, services.retry_quarantined, "The set-aside batches are tried again."
    )


@require_POST
@answer_errors
def rerun_stage(request: HttpRequest, public_id: uuid.UUID, stage: str) -> HttpResponseBase:
    """Have one stage work on all batches again."""
    rerun = partial(services.rerun_stage, stage=stage)
    return _act(request, public_id, rerun, "The stage works on all batches again.")


@require_POST
@answer_errors
def requeue_stage(request: HttpRequest, public_id: uuid.UUID, work_id: int) -> HttpResponseBase:
    """Try one set-aside batch again."""
    return _decide(request, public_id, work_id, services.requeue_stage, "The batch is tried again.")


@require_POST
@answer_errors
def discard_stage(request: HttpRequest, public_id: uuid.UUID, work_id: int) -> HttpResponseBase:
    """Do without one set-aside batch."""
    return _decide(request, public_id, work_id, services.discard_stage, "The batch is discarded.")


def _decide(
    request: HttpRequest, public_id: uuid.UUID, work_id: int, act: Callable[..., Any], said: str
) -> HttpResponseBase:
    def decide(*, run: Run, user: User) -> None:
        act(work=get_set_aside(run, work_id), user=user)

    return _act(request, public_id, decide, said)


@require_POST
@answer_errors
def requeue_refused(request: HttpRequest, public_id: uuid.UUID, seq: int) -> HttpResponseBase:
    """Validate one refused batch again."""
    return _decide_refused(
        request, public_id, seq, services.requeue_refused, "The batch is taken in after all."
    )


@require_POST
@answer_errors
def discard_refused(request: HttpRequest, public_id: uuid.UUID, seq: int) -> HttpResponseBase:
    """Do without one refused batch."""
    return _decide_refused(
        request, public_id, seq, services.discard_refused, "The batch is discarded."
    )


def _decide_refused(
    request: HttpRequest, public_id: uuid.UUID, seq: int, act: Callable[..., Any], said: str
) -> HttpResponseBase:
    def decide(*, run: Run, user: User) -> None:
        act(run=run, batch=get_refused(run, seq), user=user)

    return _act(request, public_id, decide, said)


@require_GET
@answer_errors
def download_log(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """The run's log as text; `?level=warning` leaves out what is less."""
    run = get_run(user=_user(request), public_id=public_id)
    return HttpResponse(
        render_log(run, request.GET.get("level", "")), content_type="text/plain; charset=utf-8"
    )
