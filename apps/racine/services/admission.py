"""Lets runs begin, the most urgent first, as far as limits and blackout windows allow.

All of it happens under the lock of one row, so no two processes give the last place away.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone

from apps.discovery import services as discovery
from apps.discovery.types import OPEN_JOB_STATES
from apps.notifications import services as notifications
from apps.notifications.types import NoticeLevel
from apps.racine.agenda import load_orchestration
from apps.racine.holdups import find_blackout
from apps.racine.models import Blackout, Orchestration, Run
from apps.racine.types import RunState

from .stakeholders import list_stakeholders
from .story import add_line, note_progress

if TYPE_CHECKING:
    from apps.datasources.models import DataSource
    from apps.racine.models import RunQuerySet


class _Places:
    """How many runs go on, in all and per agent; None is the server's own agent."""

    def __init__(self, limits: Orchestration) -> None:
        self.limits = limits
        begun = Run.objects.active().filter(held=False)
        reading = begun.filter(job__state__in=OPEN_JOB_STATES)
        self.all = begun.count()
        self.by_agent: Counter[int | None] = Counter(
            reading.values_list("source__agent", flat=True)
        )

    def find_obstacle(self, run: Run, now: dt.datetime) -> str:
        """What the run has to wait for; empty when nothing."""
        window = find_blackout(run.source, now)
        if window:
            return f"Waits for {window[0]}."
        if self.all >= self.limits.most_runs:
            return f"Waits for a free place: {self.all} discoveries go on, which is the limit."
        busy = self.by_agent[run.source.agent_id]
        # Each further agent of a source adds its places.
        agents = 1 + run.source.more_agents.count()
        if busy >= self.limits.most_runs_per_agent * agents:
            name = run.source.agent.name if run.source.agent else "the server’s own agent"
            return f"Waits for {name}: it works on {busy} already, which is its limit."
        return ""

    def take(self, run: Run) -> None:
        """One place fewer."""
        self.all += 1
        self.by_agent[run.source.agent_id] += 1


def admit_runs() -> None:
    """Let every held run begin that may; the others say what they wait for."""
    if not _list_held().exists():
        return
    with transaction.atomic():
        _admit_in_turn()


def _list_held() -> RunQuerySet:
    return Run.objects.filter(held=True, state=RunState.WAITING)


def _admit_in_turn() -> None:
    places, now = _Places(lock_orchestration()), timezone.now()
    related = Prefetch("source__blackouts", queryset=Blackout.objects.order_by("begins", "pk"))
    held = _list_held().select_related("source__agent", "job").prefetch_related(related)
    for run in held.order_by("-priority", "pk"):
        obstacle = places.find_obstacle(run, now)
        if obstacle:
            _note_obstacle(run, obstacle)
        elif _begin(run, now):
            places.take(run)


def lock_orchestration() -> Orchestration:
    """The one row, locked until the surrounding transaction ends."""
    return Orchestration.objects.select_for_update().get(pk=load_orchestration().pk)


def _note_obstacle(run: Run, obstacle: str) -> None:
    obstacle = obstacle[:300]
    if run.waits_for == obstacle:
        return
    if _list_held().filter(pk=run.pk).update(waits_for=obstacle) == 1:
        add_line(run, obstacle)
        _tell_unreadable(run.source)
        transaction.on_commit(lambda: note_progress(run_id=run.pk))


def _tell_unreadable(source: DataSource) -> None:
    """Once: nothing of the source begins before a person has seen to the window."""
    for blackout in source.blackouts.all():
        if blackout.problem:
            notifications.notify(
                users=list_stakeholders(source),
                kind="blackout_unreadable",
                level=NoticeLevel.WARNING,
                title=f"No discovery of {source.name} can begin"[:200],
                body=f"Blackout window “{blackout.name}”: {blackout.problem}",
                url=reverse("racine:source-hours", args=[source.public_id]),
                dedupe_key=f"blackout:{blackout.public_id}:{blackout.time_zone}",
            )


def _begin(run: Run, now: dt.datetime) -> bool:
    # From now on it waits for an agent, which has its own patience.
    begun = _list_held().filter(pk=run.pk).update(held=False, waits_for="", waiting_since=now)
    if begun != 1:
        return False
    discovery.release_job(job=run.job)
    if run.waits_for:
        add_line(run, "It may begin; waiting for an agent.")
    return True
