"""States of jobs, batches and datasets, and what stages are given to work on."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from django.db.models import TextChoices

from datawave_edge.protocol import TableSnapshot as WireTable


class JobState(TextChoices):
    """The agent's part of a run."""

    QUEUED = "queued", "Waiting for an agent"
    LEASED = "leased", "Taken by an agent"
    STREAMING = "streaming", "Reading"
    CLOSED = "closed", "Read"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


# With an agent; open adds those that wait for one.
TAKEN_JOB_STATES = (JobState.LEASED, JobState.STREAMING)
OPEN_JOB_STATES = (JobState.QUEUED, *TAKEN_JOB_STATES)
_FROM_TAKEN = frozenset(
    {JobState.STREAMING, JobState.QUEUED, JobState.CLOSED, JobState.FAILED, JobState.CANCELLED}
)
JOB_TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    # To streaming: an agent that was cut off comes back before another has taken the job.
    JobState.QUEUED: frozenset(
        {JobState.LEASED, JobState.STREAMING, JobState.FAILED, JobState.CANCELLED}
    ),
    JobState.LEASED: _FROM_TAKEN | {JobState.LEASED},
    # To leased: its agent was started again and takes it up anew.
    JobState.STREAMING: _FROM_TAKEN | {JobState.LEASED},
    # Resume takes a failed or cancelled job up again.
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
    JobState.CLOSED: frozenset(),
}


class BatchState(TextChoices):
    """What became of a batch."""

    ACCEPTED = "accepted", "Accepted"
    QUARANTINED = "quarantined", "Quarantined"
    # A steward decided to do without it.
    DISCARDED = "discarded", "Discarded"


# What is in these was never taken in.
REFUSED_BATCH_STATES = (BatchState.QUARANTINED, BatchState.DISCARDED)


class ItemOutcome(TextChoices):
    """What became of one dataset of a batch; a run balances over these."""

    STORED = "stored", "Stored"
    UNCHANGED = "unchanged", "Unchanged"
    FILTERED = "filtered", "Left out by a pattern"
    FAILED = "failed", "Could not be read"


class DatasetState(TextChoices):
    """Whether the dataset is there."""

    ACTIVE = "active", "Active"
    # Absent from one authoritative listing; dropped after the second.
    MISSING = "missing", "Not found in the last run"
    DROPPED = "dropped", "Dropped"


class DoubtState(TextChoices):
    """Whether someone has said if tables are gone that vanished all at once."""

    OPEN = "open", "Waits for a decision"
    CONFIRMED = "confirmed", "Dropped"
    KEPT = "kept", "Kept"
    # A newer discovery saw some of them, or asks anew.
    OUTDATED = "outdated", "Answered by a newer discovery"


class FieldState(TextChoices):
    """Whether the field is there."""

    ACTIVE = "active", "Active"
    REMOVED = "removed", "Removed"


class ChangeKind(TextChoices):
    """How the schema changed between two runs."""

    TABLE_ADDED = "table_added", "Table added"
    TABLE_MISSING = "table_missing", "Table not found"
    TABLE_DROPPED = "table_dropped", "Table dropped"
    TABLE_RETURNED = "table_returned", "Table is back"
    COLUMN_ADDED = "column_added", "Column added"
    COLUMN_REMOVED = "column_removed", "Column removed"
    TYPE_CHANGED = "type_changed", "Type changed"
    NULLABILITY_CHANGED = "nullability_changed", "Nullability changed"
    KEY_CHANGED = "key_changed", "Primary key changed"
    COMMENT_CHANGED = "comment_changed", "Comment changed"
    PATH_ADDED = "path_added", "Path added"
    PATH_REMOVED = "path_removed", "Path not seen any more"


@dataclass(frozen=True, kw_only=True)
class BatchTable:
    """One dataset of a batch as stages see it, with the snapshot that is current."""

    dataset_id: int
    fqn: str
    # False when the stage has worked on this very version: stored results may still stand.
    changed: bool
    snapshot: WireTable
    # Column name -> id of its Field.
    field_ids: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class BatchContent:
    """A batch, loaded by id."""

    batch_id: int
    job_id: int
    source_id: int
    tables: tuple[BatchTable, ...]


@dataclass(frozen=True, kw_only=True)
class RunScope:
    """What settling a run is about."""

    run_id: uuid.UUID
    job_id: int
    source_id: int


@dataclass(frozen=True, kw_only=True)
class UndoScope:
    """What taking a run back is about: all that it did between two times."""

    run_id: uuid.UUID
    job_id: int
    source_id: int
    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, kw_only=True)
class StageOutcome:
    """What a stage did, as counters for the run's summary, such as {"labels": 12}."""

    counters: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Balance:
    """seen = stored + unchanged + filtered + failed, or the run is not right."""

    seen: int
    stored: int
    unchanged: int
    filtered: int
    failed: int

    @property
    def lacking(self) -> int:
        """How many were seen of which nothing came; below zero, how many came unseen."""
        return self.seen - (self.stored + self.unchanged + self.filtered + self.failed)

    @property
    def holds(self) -> bool:
        """Whether nothing was lost and nothing invented."""
        return self.lacking == 0


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that is not what it was: drift, a label, or a finding."""

    # "table_added", "label_changed", "finding_new", ...
    kind: str
    dataset_id: int | None
    dataset: str
    column: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class TimeSpan:
    """A source between two times."""

    source_id: int
    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, kw_only=True)
class PatternHits:
    """Tables that one pattern speaks of, or that all of them let in or leave out."""

    pattern: str = ""
    tables: int
    examples: list[str]

    @property
    def more(self) -> int:
        """How many tables the examples leave unnamed."""
        return self.tables - len(self.examples)


@dataclass(frozen=True, kw_only=True)
class PatternPreview:
    """What patterns would do to the tables that are known of a source."""

    known: int
    let_in: PatternHits
    left_out: PatternHits
    include: list[PatternHits]
    exclude: list[PatternHits]
