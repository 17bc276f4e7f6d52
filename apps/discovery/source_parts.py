"""What sources' pages show of datasets: counts in the list; containers and changes on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Sum

from apps.datasources.selectors import list_visible_sources
from datawave.common.parts import Part, register_facts, register_part

from .models import Dataset, DiscoveryJob
from .selectors import find_open_doubt, list_visible_changes
from .types import TAKEN_JOB_STATES, DatasetState

if TYPE_CHECKING:
    from apps.datasources.models import DataSource
    from apps.rbac.models import User

SHOWN_CHANGES = 8


def register_source_parts() -> None:
    """Add datasets to the list of sources and to the page of each."""
    register_facts("source", count_datasets)
    register_part(
        Part(
            page="source",
            slug="absence",
            order=0,
            template="discovery/_doubt.html",
            load=load_doubt,
        )
    )
    register_part(
        Part(
            page="source",
            slug="containers",
            order=20,
            template="discovery/_containers.html",
            load=load_containers,
        )
    )
    register_part(
        Part(
            page="source",
            slug="changes",
            order=30,
            template="discovery/_source_changes.html",
            load=load_changes,
            aside=True,
        )
    )


def register_agent_facts() -> None:
    """Add what agents work on to their list and pages."""
    register_facts("agent", load_current_jobs)


def load_current_jobs(user: User, agent_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The job that each agent holds, when the person may view its source."""
    held = DiscoveryJob.objects.filter(agent__in=agent_ids, state__in=TAKEN_JOB_STATES)
    visible = held.filter(source__in=list_visible_sources(user).values("pk"))
    return {job.agent_id: {"job": job} for job in visible.select_related("source")}  # type: ignore[misc]  # only jobs with an agent


def count_datasets(user: User, source_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Active datasets and their columns of each source."""
    active = Dataset.objects.filter(source__in=source_ids, state=DatasetState.ACTIVE).order_by()
    rows = active.values("source").annotate(tables=Count("pk"), columns=Sum("column_count"))
    return {
        row["source"]: {"tables": row["tables"], "columns": row["columns"] or 0} for row in rows
    }


def load_doubt(source: DataSource, user: User) -> dict[str, Any]:
    """The question whether tables are gone that vanished at once."""
    return {"doubt": find_open_doubt(source.pk)}


def load_containers(source: DataSource, user: User) -> dict[str, Any]:
    """Schemas of a source with what each holds."""
    active = Dataset.objects.filter(source=source, state=DatasetState.ACTIVE)
    grouped = active.order_by("container").values("container")
    rows = grouped.annotate(tables=Count("pk"), columns=Sum("column_count"), rows=Sum("row_count"))
    return {"containers": list(rows)}


def load_changes(source: DataSource, user: User) -> dict[str, Any]:
    """The newest differences between runs."""
    return {"changes": list(list_visible_changes(user).filter(source=source)[:SHOWN_CHANGES])}
