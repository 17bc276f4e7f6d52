"""What a run is measured by, and the settings that a run is given."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field


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
    retries: int = 0
