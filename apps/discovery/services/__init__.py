"""Opens jobs, takes their batches in, and settles what a complete listing means."""

from .absence import settle_absence, take_back_absence
from .doubts import DoubtDecided, decide_absence
from .jobs import (
    JobNotFailed,
    SourceBusy,
    fail_job,
    fail_overdue_jobs,
    lease_job,
    open_job,
    release_agent_jobs,
    release_job,
    release_lost_jobs,
    release_unserved_jobs,
    request_cancel,
    resume_job,
    set_blackouts,
    withdraw_job,
)
from .lease import JobOver, LeaseLost, renew_agent_leases
from .refused import ContentGone, NotRefused, StillRefused, discard_refused, retry_refused
from .retention import clear_old_jobs
from .reversal import restore_states, take_back_job
from .sketches import forget_sketches
from .stream import (
    BatchConflict,
    HashMismatch,
    RootHashMismatch,
    WindowExceeded,
    accept_batch,
    close_job,
    open_stream,
    record_progress,
)

__all__ = [
    "BatchConflict",
    "ContentGone",
    "DoubtDecided",
    "HashMismatch",
    "JobNotFailed",
    "JobOver",
    "LeaseLost",
    "NotRefused",
    "RootHashMismatch",
    "SourceBusy",
    "StillRefused",
    "WindowExceeded",
    "accept_batch",
    "clear_old_jobs",
    "close_job",
    "decide_absence",
    "discard_refused",
    "fail_job",
    "fail_overdue_jobs",
    "forget_sketches",
    "lease_job",
    "open_job",
    "open_stream",
    "record_progress",
    "release_agent_jobs",
    "release_job",
    "release_lost_jobs",
    "release_unserved_jobs",
    "renew_agent_leases",
    "request_cancel",
    "restore_states",
    "resume_job",
    "retry_refused",
    "set_blackouts",
    "settle_absence",
    "take_back_absence",
    "take_back_job",
    "withdraw_job",
]
