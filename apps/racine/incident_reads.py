"""Reads of incidents, each with its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .error_codes import ErrorKind, find_kind
from .models import Incident, Run

if TYPE_CHECKING:
    from apps.datasources.models import DataSource
    from apps.rbac.models import User

    from .models.schedules import OfSourceQuerySet

SHOWN = 20


@dataclass(frozen=True)
class ToldIncident:
    """An incident and what people are told of its code."""

    incident: Incident
    kind: ErrorKind


def list_visible_incidents(user: User) -> OfSourceQuerySet[Incident]:
    """Incidents of sources that the person may view, newest first."""
    return Incident.objects.visible_to(user).select_related("source", "last_run")


def list_open_incidents(source: DataSource) -> list[ToldIncident]:
    """What is wrong with a source now."""
    rows = Incident.objects.filter(source=source, cleared_at=None).select_related("last_run")
    return [ToldIncident(row, find_kind(row.code)) for row in rows[:SHOWN]]


def list_run_incidents(run: Run) -> list[ToldIncident]:
    """What was wrong with a run and had been before it: worth more than one run's attention."""
    rows = Incident.objects.filter(last_run=run, runs__gt=1)
    return [ToldIncident(row, find_kind(row.code)) for row in rows[:SHOWN]]
