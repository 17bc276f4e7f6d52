"""Rows of racine: runs with their history, and what starts them by itself."""

from .incidents import Incident
from .runs import Run, RunEvent, RunQuerySet, StageRun, StateChange, Undo
from .schedules import Blackout, Freshness, Orchestration, Schedule, ScheduleFire

__all__ = [
    "Blackout",
    "Freshness",
    "Incident",
    "Orchestration",
    "Run",
    "RunEvent",
    "RunQuerySet",
    "Schedule",
    "ScheduleFire",
    "StageRun",
    "StateChange",
    "Undo",
]
