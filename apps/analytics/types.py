"""What a run is measured by, and the settings that a run is given."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class CurrentTuning:
    """Settings for the next run of a source; see protocol.RunSettings for the units."""

    tables_per_batch: int = 8
    sample_rows: int = 2_000


@dataclass(frozen=True, kw_only=True)
class RunMeasure:
    """One run as the conductor reports it, at its start and at each change of state."""

    run_id: uuid.UUID
    number: int
    source_id: int
    state: str
    trigger: str
    started_by_id: int | None
    started_at: dt.datetime
    finished_at: dt.datetime | None = None
    # tables, columns, labels, findings, batches, stored, unchanged, filtered, failed, ...
    counts: dict[str, int] = field(default_factory=dict)
    # Seconds: "wait", "read", "settle", and "stage.<name>" summed over batches.
    timings: dict[str, float] = field(default_factory=dict)
    # Of the time between start and end, when it was over and not yet taken up again.
    rested_seconds: float = 0.0
    retries: int = 0


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """One figure of the overview, with its run over the past discoveries."""

    key: str
    label: str
    # The number itself, and as people read it.
    value: float | None
    text: str
    hint: str
    icon: str
    url: str
    tone: str = "gray"
    # Change over the past runs, as "6%"; empty when there is none to tell.
    delta: str = ""
    up: bool = False
    series: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Share:
    """One part of a whole, such as the labels of one sensitivity."""

    key: str
    title: str
    tone: str
    count: int


@dataclass(frozen=True, kw_only=True)
class RecentRun:
    """One line of the table of recent runs."""

    run_id: uuid.UUID
    number: int
    source: str
    source_id: uuid.UUID
    state: str
    state_label: str
    trigger: str
    started_by: str
    started_at: dt.datetime
    duration_seconds: float | None
    counts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class FirstStep:
    """A step of the get-started list, which ticks itself."""

    key: str
    title: str
    detail: str
    url: str
    done: bool


@dataclass(frozen=True, kw_only=True)
class Concern:
    """Something that needs attention."""

    kind: str
    title: str
    detail: str
    url: str
    tone: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Everything that the overview shows one person."""

    kpis: tuple[Kpi, ...]
    sources: int
    tables: int
    columns: int
    # Share of columns with a label that names a type; None without columns.
    classified: float | None
    suggestions: int
    sensitivities: tuple[Share, ...]
    severities: tuple[Share, ...]
    open_findings: int
    median_seconds: float | None
    # {"labels": [...], "datasets": [{"label", "data", "tone"}]}, as charts.js takes it.
    sensitivity_chart: dict[str, Any]
    runs_chart: dict[str, Any]
    recent_runs: tuple[RecentRun, ...]
    first_steps: tuple[FirstStep, ...]
    concerns: tuple[Concern, ...]

    @property
    def started(self) -> bool:
        """Whether every step of the get-started list is done."""
        return all(step.done for step in self.first_steps)
