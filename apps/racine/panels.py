"""What sources' pages show of runs: the last one in the list, the history on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Max

from apps.rbac.selectors import may
from apps.rbac.types import Action
from datawave.common.parts import Part, register_facts, register_part

from .agenda import (
    describe_schedules,
    find_freshness,
    list_blackouts,
    list_visible_schedules,
    load_orchestration,
)
from .incident_reads import list_open_incidents
from .models import Run
from .selectors import list_visible_runs

if TYPE_CHECKING:
    from apps.datasources.models import Agent, DataSource
    from apps.rbac.models import User

SHOWN_RUNS = 10


def register_source_parts() -> None:
    """Add runs to the list of sources and to the page of each."""
    register_facts("source", load_last_runs)
    register_part(
        Part(
            page="source",
            slug="runs",
            order=10,
            template="racine/_source_runs.html",
            load=load_history,
        )
    )
    register_part(
        Part(
            page="source",
            slug="incidents",
            order=5,
            template="racine/_source_incidents.html",
            load=load_incidents,
        )
    )
    register_part(
        Part(
            page="source",
            slug="schedules",
            order=15,
            template="racine/_source_schedules.html",
            load=load_agenda,
        )
    )


def load_incidents(source: DataSource, user: User) -> dict[str, Any]:
    """What is wrong with a source now."""
    return {"incidents": list_open_incidents(source)}


def load_agenda(source: DataSource, user: User) -> dict[str, Any]:
    """What discovers a source by itself, when it may not, and how old it may grow."""
    own = list_visible_schedules(user).filter(source=source).order_by("next_due_at", "pk")
    return {
        "rows": describe_schedules(list(own)),
        "blackouts": list(list_blackouts(source)),
        "objective": find_freshness(source),
        "all_paused": load_orchestration().paused_at is not None,
        "may_discover": may(user, Action.DISCOVER, source),
    }


def register_agent_parts() -> None:
    """Add the runs that an agent read for to its page."""
    register_part(
        Part(
            page="agent",
            slug="runs",
            order=10,
            template="racine/_agent_runs.html",
            load=load_agent_runs,
        )
    )


def load_agent_runs(agent: Agent, user: User) -> dict[str, Any]:
    """The newest runs that the agent read for, of sources that the person may view."""
    runs = list_visible_runs(user).filter(job__agent=agent).select_related("source", "job")
    return {"runs": list(runs[:SHOWN_RUNS])}


def load_last_runs(user: User, source_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The newest run of each source, and how many tables and columns the last full one had."""
    newest = Run.objects.filter(source__in=source_ids).order_by().values("source")
    pks = newest.annotate(newest=Max("pk")).values("newest")
    return {run.source_id: {"last_run": run} for run in Run.objects.filter(pk__in=pks)}


def load_history(source: DataSource, user: User) -> dict[str, Any]:
    """The newest runs of a source."""
    runs = list_visible_runs(user).filter(source=source)
    return {
        "runs": list(runs[:SHOWN_RUNS]),
        "count": runs.count(),
        "active": runs.active().first(),
        "may_discover": may(user, Action.DISCOVER, source),
    }
