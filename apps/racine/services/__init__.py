"""Writes of racine: what people and agents do to runs, the work of stages, and the sweeper."""

from .admission import admit_runs
from .fan_out import add_missing_stage_runs, add_stage_runs
from .planning import (
    add_blackout,
    add_schedule,
    change_schedule,
    clear_freshness,
    delete_blackout,
    delete_schedule,
    pause_all,
    pause_schedule,
    renew_hook,
    resume_all,
    resume_schedule,
    set_freshness,
    set_limits,
)
from .refused import RunUnfinished, discard_refused, requeue_refused
from .reopening import (
    NothingToRerun,
    NothingToResume,
    NothingToRetry,
    RunOutdated,
    rerun_stage,
    resume_run,
    retry_quarantined,
)
from .restarting import end_old_leases
from .runs import (
    RunOver,
    SourceBusy,
    cancel_run,
    close_reading,
    fail_reading,
    finish_cancel,
    follow_job,
    log_job,
    note_batch_quarantined,
    start_run,
    start_scheduled_run,
    stop_reading,
)
from .scheduling import announce_change, check_freshness, fire_schedules
from .set_aside import NotSetAside, RunSettling, discard_stage, requeue_stage
from .settling import fail_run, settle_claimed, settle_run, try_settle
from .stage_work import finish_alone, run_stage
from .story import note_absence_decided, note_progress
from .sweeping import URGENT_STEPS, sweep
from .undoing import NotUndoable, request_undo, work_on_undo

__all__ = [
    "URGENT_STEPS",
    "NotSetAside",
    "NotUndoable",
    "NothingToRerun",
    "NothingToResume",
    "NothingToRetry",
    "RunOutdated",
    "RunOver",
    "RunSettling",
    "RunUnfinished",
    "SourceBusy",
    "add_blackout",
    "add_missing_stage_runs",
    "add_schedule",
    "add_stage_runs",
    "admit_runs",
    "announce_change",
    "cancel_run",
    "change_schedule",
    "check_freshness",
    "clear_freshness",
    "close_reading",
    "delete_blackout",
    "delete_schedule",
    "discard_refused",
    "discard_stage",
    "end_old_leases",
    "fail_reading",
    "fail_run",
    "finish_alone",
    "finish_cancel",
    "fire_schedules",
    "follow_job",
    "log_job",
    "note_absence_decided",
    "note_batch_quarantined",
    "note_progress",
    "pause_all",
    "pause_schedule",
    "renew_hook",
    "request_undo",
    "requeue_refused",
    "requeue_stage",
    "rerun_stage",
    "resume_all",
    "resume_run",
    "resume_schedule",
    "retry_quarantined",
    "run_stage",
    "set_freshness",
    "set_limits",
    "settle_claimed",
    "settle_run",
    "start_run",
    "start_scheduled_run",
    "stop_reading",
    "sweep",
    "try_settle",
    "work_on_undo",
]
