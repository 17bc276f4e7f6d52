"""Writes of racine: what people and agents do to runs, the work of stages, and the sweeper."""

from .fan_out import add_missing_stage_runs, add_stage_runs
from .restarting import end_old_leases
from .runs import (
    NothingToRetry,
    RunNotFailed,
    RunOutdated,
    RunOver,
    SourceBusy,
    cancel_run,
    close_reading,
    fail_reading,
    finish_cancel,
    follow_job,
    log_job,
    note_batch_quarantined,
    resume_run,
    retry_quarantined,
    start_run,
    stop_reading,
)
from .settling import fail_run, settle_run, try_settle
from .stage_work import run_stage
from .story import note_progress
from .sweeping import sweep

__all__ = [
    "NothingToRetry",
    "RunNotFailed",
    "RunOutdated",
    "RunOver",
    "SourceBusy",
    "add_missing_stage_runs",
    "add_stage_runs",
    "cancel_run",
    "close_reading",
    "end_old_leases",
    "fail_reading",
    "fail_run",
    "finish_cancel",
    "follow_job",
    "log_job",
    "note_batch_quarantined",
    "note_progress",
    "resume_run",
    "retry_quarantined",
    "run_stage",
    "settle_run",
    "start_run",
    "stop_reading",
    "sweep",
    "try_settle",
]
