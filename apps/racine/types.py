"""States of runs and stage runs, and which change may follow which."""

from __future__ import annotations

from django.db.models import IntegerChoices, TextChoices


class RunState(TextChoices):
    """Life of a run."""

    WAITING = "waiting", "Waiting for an agent"
    RUNNING = "running", "Running"
    SETTLING = "settling", "Settling"
    CANCELLING = "cancelling", "Cancelling"
    COMPLETED = "completed", "Completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors", "Completed with errors"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


# The first step of settling, before the stages'.
ABSENCE = "absence"
ACTIVE_RUN_STATES = (
    RunState.WAITING,
    RunState.RUNNING,
    RunState.SETTLING,
    RunState.CANCELLING,
)
RUN_TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    RunState.WAITING: frozenset({RunState.RUNNING, RunState.CANCELLING, RunState.FAILED}),
    RunState.RUNNING: frozenset(
        {RunState.WAITING, RunState.SETTLING, RunState.CANCELLING, RunState.FAILED}
    ),
    RunState.SETTLING: frozenset(
        {
            RunState.COMPLETED,
            RunState.COMPLETED_WITH_ERRORS,
            RunState.CANCELLING,
            RunState.FAILED,
        }
    ),
    RunState.CANCELLING: frozenset({RunState.CANCELLED}),
    # Resume takes up again what has failed or was cancelled.
    RunState.FAILED: frozenset({RunState.WAITING, RunState.RUNNING}),
    RunState.CANCELLED: frozenset({RunState.WAITING, RunState.RUNNING}),
    # Set-aside batches are retried, or one stage works on all batches again.
    RunState.COMPLETED_WITH_ERRORS: frozenset({RunState.RUNNING}),
    RunState.COMPLETED: frozenset({RunState.RUNNING}),
}


class StageState(TextChoices):
    """Life of a stage run."""

    READY = "ready", "Ready"
    LEASED = "leased", "Running"
    RETRY_WAIT = "retry_wait", "Will be retried"
    DONE = "done", "Done"
    QUARANTINED = "quarantined", "Quarantined"
    # A steward decided to do without it.
    DISCARDED = "discarded", "Discarded"
    CANCELLED = "cancelled", "Cancelled"


STAGE_TRANSITIONS: dict[StageState, frozenset[StageState]] = {
    StageState.READY: frozenset({StageState.LEASED, StageState.CANCELLED}),
    # Back to ready when the lease ran out.
    StageState.LEASED: frozenset(
        {
            StageState.READY,
            StageState.RETRY_WAIT,
            StageState.DONE,
            StageState.QUARANTINED,
            StageState.CANCELLED,
        }
    ),
    StageState.RETRY_WAIT: frozenset({StageState.READY, StageState.CANCELLED}),
    StageState.QUARANTINED: frozenset({StageState.READY, StageState.DISCARDED}),
    StageState.DISCARDED: frozenset(),
    # A steward has the stage work on it again.
    StageState.DONE: frozenset({StageState.READY}),
    # The run was resumed.
    StageState.CANCELLED: frozenset({StageState.READY}),
}
RESUMABLE_RUN_STATES = (RunState.FAILED, RunState.CANCELLED)
FINISHED_RUN_STATES = (RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS)
OPEN_STAGE_STATES = (StageState.READY, StageState.LEASED, StageState.RETRY_WAIT)


class ChangeOf(TextChoices):
    """Whose state has changed."""

    RUN = "run", "Run"
    JOB = "job", "Agent"
    STAGE = "stage", "Stage"


class Trigger(TextChoices):
    """What started a run."""

    PERSON = "person", "Person"
    API = "api", "API"
    COMMAND = "command", "Command line"
    DEMO = "demo", "Demo"
    SCHEDULE = "schedule", "Schedule"


class LogLevel(TextChoices):
    """Level of a line in the run's log."""

    INFO = "info", "Info"
    WARNING = "warning", "Warning"
    ERROR = "error", "Error"


class ScheduleKind(TextChoices):
    """What a schedule waits for."""

    CRON = "cron", "Cron"
    INTERVAL = "interval", "Interval"
    RECONNECT = "reconnect", "After the agent reconnects"
    CHANGE = "change", "When a change is announced"


TIMED_KINDS = (ScheduleKind.CRON, ScheduleKind.INTERVAL)


class FireState(TextChoices):
    """What became of a time that a schedule was due."""

    STARTED = "started", "Started"
    SKIPPED = "skipped", "Skipped"


class Priority(IntegerChoices):
    """Which of the runs that wait begins first."""

    LOW = 1, "Low"
    NORMAL = 5, "Normal"
    HIGH = 9, "High"


class UndoState(TextChoices):
    """Life of taking a run back."""

    OPEN = "open", "Being taken back"
    DONE = "done", "Taken back"
    FAILED = "failed", "Could not be taken back"


class ErrorClass(TextChoices):
    """Whose matter a failure is."""

    TRANSIENT = "transient", "Passes by itself"
    PERMANENT = "permanent", "Stays until something changes"
    SOURCE = "source", "The source’s"
    AGENT = "agent", "The agent’s"
    OURS = "ours", "DataWave’s"
