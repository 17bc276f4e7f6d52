"""Tells what happens to a run: its log, its live pages, analytics, and the people concerned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from apps.analytics import services as analytics
from apps.analytics.types import RunMeasure
from apps.notifications import services as notifications
from apps.notifications.types import NoticeLevel
from apps.racine.error_codes import find_kind
from apps.racine.models import Run, RunEvent
from apps.racine.selectors import load_live, render_line, topic_of
from apps.racine.signals import run_finished, run_progressed
from apps.racine.types import LogLevel, RunState
from apps.rbac.selectors import may
from apps.rbac.types import Action
from datawave.common.announcing import announce

from .incidents import News, note_end
from .stakeholders import list_alarmed, list_askers

if TYPE_CHECKING:
    from apps.discovery.models import AbsenceDoubt, DiscoveryJob
    from apps.rbac.models import User

PROGRESS_EVERY = dt.timedelta(milliseconds=250)
# To count a large run takes long; so that it is done for little of the time, a telling is followed
# by a rest this many times as long.
REST_SHARE, REST_LIMIT = 40, dt.timedelta(seconds=2)
LEVELS = {
    RunState.COMPLETED: NoticeLevel.SUCCESS,
    RunState.COMPLETED_WITH_ERRORS: NoticeLevel.WARNING,
    RunState.FAILED: NoticeLevel.ERROR,
    RunState.CANCELLED: NoticeLevel.INFO,
}


@transaction.atomic
def add_lines(run: Run, source: str, lines: Iterable[tuple[str, str]]) -> None:
    """Write (level, message) lines to the run's log and show them live."""
    events = RunEvent.objects.bulk_create(
        RunEvent(run=run, source=source[:40], level=_choose_level(level), message=message[:500])
        for level, message in lines
    )
    notifications.publish_events(topic=topic_of(run), kind="log", data=map(render_line, events))


def _choose_level(level: str) -> str:
    return level if level in LogLevel.values else LogLevel.INFO.value


def add_line(run: Run, message: str, *, source: str = "run", level: str = LogLevel.INFO) -> None:
    """Write one line to the run's log and show it live."""
    add_lines(run, source, [(level, message)])


def note_progress(*, run_id: int) -> None:
    """Show progress live, four times a second at most, less often for a run that is slow to count.

    What is held back the sweeper shows.
    """
    now = timezone.now()
    runs = Run.objects.filter(pk=run_id)
    due = Q(told_at=None) | Q(told_at__lte=now - PROGRESS_EVERY)
    # Most calls end here, and to read costs less than to write in vain.
    if runs.exclude(due).filter(untold=True).exists():
        return
    if runs.filter(due).update(told_at=now, untold=False) == 1:
        _tell_progress(runs.select_related("job__agent").get())
    else:
        runs.filter(untold=False).update(untold=True)


@transaction.atomic
def _tell_progress(run: Run) -> None:
    started = timezone.now()
    data = load_live(run, with_log=False)
    told_at = timezone.now()
    rest = min(REST_LIMIT, (told_at - started) * REST_SHARE)
    Run.objects.filter(pk=run.pk).update(progress=data["progress"], told_at=told_at + rest)
    notifications.publish_event(topic=topic_of(run), kind="progress", data=data)
    announce(run_progressed, Run, run=run)


def record_measure(run: Run) -> None:
    """Give analytics the newest figures of the run."""
    summary = run.summary
    analytics.record_run(
        measure=RunMeasure(
            run_id=run.public_id,
            number=run.pk,
            source_id=run.source_id,
            state=run.state,
            trigger=run.trigger,
            started_by_id=run.started_by_id,
            started_at=run.started_at,
            finished_at=run.finished_at,
            counts=summary.get("counts", {}),
            timings=summary.get("timings", {}),
            rested_seconds=run.rested_seconds,
            retries=summary.get("retries", 0),
        )
    )


def tell_end(run: Run) -> None:
    """Tell everyone that the run is over; called in the transaction that ends it."""
    record_measure(run)
    _notify_end(run, note_end(run))
    data = load_live(run, with_log=False)
    notifications.publish_event(topic=topic_of(run), kind="finished", data=data)
    notifications.publish_event(topic="overview", kind="run_finished", data={})
    announce(run_finished, Run, run=run)


def _notify_end(run: Run, news: News) -> None:
    state = RunState(run.state)
    notifications.notify(
        users=_list_concerned(run, news),
        kind=f"run_{state.value}",
        level=LEVELS[state],
        title=f"{state.label}: discovery of {run.source.name}"[:200],
        body=_describe_end(run),
        url=reverse("racine:run-detail", args=[run.public_id]),
        # A run that is taken up again ends again, and that is news.
        dedupe_key=f"run:{run.public_id}:{run.resumes}:{state.value}",
        email=news != News.KNOWN and _deserves_email(run),
    )


def _deserves_email(run: Run) -> bool:
    """What a schedule does well every night is no news."""
    if run.state == RunState.COMPLETED:
        return run.schedule is None
    return run.state != RunState.CANCELLED


def notify_waiting(run: Run) -> None:
    """Tell once that no agent has taken the run up."""
    notifications.notify(
        users=list_askers(run),
        kind="run_waiting",
        level=NoticeLevel.WARNING,
        title=f"No agent is connected for {run.source.name}"[:200],
        body=f"{run} is waiting. Start the agent that serves this source, or look at its log.",
        url=reverse("racine:run-detail", args=[run.public_id]),
        dedupe_key=f"run:{run.public_id}:{run.resumes}:waiting",
    )


def _list_concerned(run: Run, news: News) -> list[User]:
    """A failure that goes on is told to who asked for the run, and to nobody else again."""
    if news == News.INCIDENT:
        return list_alarmed(run.source, [run])
    return _list_starters(run) if news == News.KNOWN else list_askers(run)


def _list_starters(run: Run) -> list[User]:
    starter = run.started_by
    return [starter] if starter is not None and may(starter, Action.VIEW, run.source) else []


def _describe_end(run: Run) -> str:
    if run.state == RunState.FAILED:
        kind = find_kind(run.error_code)
        return f"{run.error_message or kind.sentence} {run.error_hint or kind.next_step}"
    counts = run.summary.get("counts")
    if not counts:
        return f"{run} was stopped. What it had already read is kept."
    text = (
        f"{counts['tables']} tables, {counts['columns']} columns, "
        f"{counts['labels']} labels, {counts['findings']} findings."
    )
    troubles = run.summary.get("troubles", [])
    return " ".join([text, *troubles])


def note_absence_decided(*, job: DiscoveryJob, doubt: AbsenceDoubt) -> None:
    """Say what a person decided on tables that vanished at once."""
    run = Run.objects.filter(job=job).first()
    if run is not None:
        who = doubt.decided_by.username if doubt.decided_by else "Someone"
        add_line(run, f"{doubt.tables} tables no longer listed: {doubt.state}, said {who}.")
