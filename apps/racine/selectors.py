"""Reads of runs: lists, one run, and the live picture of it."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.discovery.types import OPEN_JOB_STATES, JobState
from datawave.common.errors import NotThere

from .error_codes import find_kind
from .estimates import expect_tables, guess_remaining
from .figures import Figures, StageFigures, load_figures
from .holdups import find_holdup
from .models import Run, RunEvent, RunQuerySet, StageRun, Undo
from .types import (
    ABSENCE,
    ACTIVE_RUN_STATES,
    OPEN_STAGE_STATES,
    RunState,
    StageState,
    UndoState,
)

if TYPE_CHECKING:
    from apps.rbac.models import User

LOG_LINES = 200
# Shares of the whole that reading, the stages and settling have.
READING, STAGES, SETTLING = 50, 40, 10
RUNNING_SHOWN = 3
RESULT_SECONDS = 24 * 3600
AGENT_STATES = {
    JobState.QUEUED: "waiting",
    JobState.LEASED: "running",
    JobState.STREAMING: "running",
    JobState.CLOSED: "done",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "stopped",
}
FINISHED = (RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS)


def list_visible_runs(user: User) -> RunQuerySet:
    """Runs of sources that the person may view, newest first."""
    return Run.objects.visible_to(user).select_related("source", "started_by")


def get_run(*, user: User, public_id: uuid.UUID | str) -> Run:
    """One run that the person may view. Raises NotThere."""
    related = ("source__owner", "started_by", "job__agent")
    run = Run.objects.visible_to(user).select_related(*related).filter(public_id=public_id).first()
    if run is None:
        raise NotThere
    return run


def is_newest(run: Run) -> bool:
    """Whether the source has no newer run and this one was not taken back."""
    newer = Run.objects.filter(source_id=run.source_id, pk__gt=run.pk)
    return run.undone_at is None and not hasattr(run, "undo") and not newer.exists()


def count_active_runs(user: User) -> int:
    """How many runs that the person may view are not over."""
    return Run.objects.visible_to(user).active().count()


def has_ready_work() -> bool:
    """Whether a stage run, a run to settle or a run to take back waits for a worker."""
    now = timezone.now()
    settling = Run.objects.filter(_is_due(now), state=RunState.SETTLING, lease_until=None)
    undoing = Undo.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now), state=UndoState.OPEN
    )
    return _list_ready().exists() or settling.exists() or undoing.exists()


def _is_due(now: dt.datetime) -> Q:
    return Q(not_before=None) | Q(not_before__lte=now)


def count_waiting_work(most: int) -> int:
    """Stage runs of runs that go on which wait for a worker, counted no further than `most`."""
    return _list_ready().order_by()[:most].count()


def _list_ready() -> QuerySet[StageRun]:
    return StageRun.objects.filter(state=StageState.READY, run__state__in=ACTIVE_RUN_STATES)


def has_active_runs() -> bool:
    """Whether any run goes on, whoever may see it."""
    return Run.objects.filter(state__in=ACTIVE_RUN_STATES).exists()


def is_visible_run(user: User, key: str) -> bool:
    """Whether the person may view the run of that public id."""
    try:
        public_id = uuid.UUID(key)
    except ValueError:
        return False
    return Run.objects.visible_to(user).filter(public_id=public_id).exists()


def list_log(run: Run) -> QuerySet[RunEvent]:
    """The run's log, oldest first."""
    return RunEvent.objects.filter(run=run).order_by("pk")


def topic_of(run: Run) -> str:
    """The topic that live pages of the run follow."""
    return f"run:{run.public_id}"


def render_line(event: RunEvent) -> dict[str, Any]:
    """A line of the log as live pages get it."""
    return {
        "id": event.pk,
        "at": event.at.isoformat(),
        "level": event.level,
        "source": event.source,
        "message": event.message,
    }


def load_live(run: Run, *, with_log: bool = True) -> dict[str, Any]:
    """The run as its live page shows it."""
    live = _load_figures_of(run)
    if with_log:
        newest = list(list_log(run).reverse()[:LOG_LINES])
        total = list_log(run).count() if len(newest) == LOG_LINES else len(newest)
        lines = [render_line(event) for event in reversed(newest)]
        live = {**live, "log": lines, "log_cut": total - len(newest)}
    return live


def _load_figures_of(run: Run) -> dict[str, Any]:
    """What is over and at rest changes no more, unless it is taken up again: the key tells that."""
    if run.state in ACTIVE_RUN_STATES:
        return _build_live(run)
    key = f"racine:live:{run.public_id}:{run.resumes}:{run.state}"
    live: dict[str, Any] | None = cache.get(key)
    if live is None:
        # Asked first: what ends while it is counted would be left out for good.
        at_rest = _is_at_rest(run)
        live = _build_live(run)
        if at_rest:
            # What is rolled back must not be remembered.
            transaction.on_commit(partial(cache.set, key, live, RESULT_SECONDS))
    return live


def _is_at_rest(run: Run) -> bool:
    """Whether neither the agent nor any stage still works on a run that is over."""
    if run.job.state in OPEN_JOB_STATES:
        return False
    return not StageRun.objects.filter(run=run, state__in=OPEN_STAGE_STATES).exists()


def _build_live(run: Run) -> dict[str, Any]:
    figures = load_figures(run)
    elapsed = _elapsed(run)
    return {
        "state": run.state,
        "state_label": run.get_state_display(),
        "progress": _measure_progress(run, figures),
        "elapsed_seconds": round(elapsed, 1),
        "eta_seconds": guess_remaining(run),
        "expected": expect_tables(run),
        "counts": figures.counts,
        "stages": [_describe_stage(run, stage) for stage in figures.stages],
        "agent": _describe_agent(run),
        "validation": _describe_validation(run, figures),
        "settle": _describe_settling(run, figures),
        "error": _describe_error(run),
        "holdup": find_holdup(run),
    }


def _elapsed(run: Run) -> float:
    return run.measure_until(run.finished_at or timezone.now())


def _measure_progress(run: Run, figures: Figures) -> int:
    if run.state in FINISHED:
        return 100
    settled = len(run.settled) / (len(figures.stages) + 1)
    done = READING * _share_read(run) + STAGES * _share_worked(run, figures) + SETTLING * settled
    return min(99, math.floor(done))


def _share_worked(run: Run, figures: Figures) -> float:
    # Of all batches that are to come, or the share would fall with each that comes.
    coming = _guess_batches(run) * len(figures.stages)
    total = max(coming, sum(stage.total for stage in figures.stages))
    if not total:
        return 1.0 if run.job.state == JobState.CLOSED else 0.0
    return sum(stage.done + stage.failed for stage in figures.stages) / total


def _share_read(run: Run) -> float:
    job = run.job
    if job.state == JobState.CLOSED:
        return 1.0
    return min(1.0, job.done / job.listed) if job.listed else 0.0


def _describe_stage(run: Run, stage: StageFigures) -> dict[str, Any]:
    total = max(stage.total, _guess_batches(run))
    return {
        "name": stage.name,
        "title": stage.title,
        "description": stage.description,
        "icon": stage.icon,
        "done": stage.done,
        "total": total,
        "failed": stage.failed,
        "state": _state_of_stage(run, stage),
    }


def _guess_batches(run: Run) -> int:
    """How many batches are to come in all, while the agent still reads."""
    if run.job.state == JobState.CLOSED or run.state not in ACTIVE_RUN_STATES:
        return 0
    size: int = run.job.settings.get("tables_per_batch", 1)
    return math.ceil(run.job.listed / size)


def _state_of_stage(run: Run, stage: StageFigures) -> str:
    over = run.state not in ACTIVE_RUN_STATES
    if stage.failed and stage.failed == stage.total:
        return "failed"
    if run.state in FINISHED or run.state == RunState.SETTLING:
        return "done"
    if over:
        whole = stage.total == stage.done + stage.failed
        return ("done" if whole else "stopped") if stage.total else "skipped"
    return "running" if stage.total else "waiting"


def _describe_agent(run: Run) -> dict[str, Any]:
    job = run.job
    state = AGENT_STATES[JobState(job.state)]
    return {
        # A job that no agent ever took was stopped before it began.
        "state": "skipped" if state == "stopped" and not job.epoch else state,
        "done": job.done,
        "total": job.listed,
        "name": job.agent.name if job.agent else "",
        "current": job.current if run.state in ACTIVE_RUN_STATES else "",
    }


def _describe_validation(run: Run, figures: Figures) -> dict[str, Any]:
    state = AGENT_STATES[JobState(run.job.state)]
    checked = figures.accepted + figures.quarantined
    if state == "running" and not checked:
        state = "waiting"
    elif state in ("failed", "stopped"):
        # It was the agent that ended; what came was checked.
        state = "done" if checked else "skipped"
    return {
        "accepted": figures.accepted,
        "quarantined": figures.quarantined,
        "done": checked,
        "total": max(checked, _guess_batches(run)),
        "failed": figures.quarantined,
        "state": state,
    }


def _describe_settling(run: Run, figures: Figures) -> dict[str, Any]:
    state = "waiting"
    if run.state == RunState.SETTLING:
        state = "running"
    elif run.state in FINISHED:
        state = "done"
    elif run.state not in ACTIVE_RUN_STATES:
        broken = "stopped" if run.state == RunState.CANCELLED else "failed"
        state = broken if run.settling_since else "skipped"
    names = [ABSENCE, *(stage.name for stage in figures.stages)]
    return {"state": state, "done": len(run.settled), "total": len(names)}


def _describe_error(run: Run) -> dict[str, str] | None:
    if not run.error_code:
        return None
    kind = find_kind(run.error_code)
    return {
        "code": run.error_code,
        "message": run.error_message or kind.sentence,
        "hint": run.error_hint or kind.next_step,
        "class": kind.group.value,
        "class_label": str(kind.group.label),
    }


def list_running(user: User) -> list[dict[str, Any]]:
    """The newest runs that go on, as the top bar shows them."""
    runs = list_visible_runs(user).active()[:RUNNING_SHOWN]
    return [
        {
            "title": run.source.name,
            "url": reverse("racine:run-detail", args=[run.public_id]),
            "topic": topic_of(run),
            "progress": run.progress,
        }
        for run in runs
    ]
