"""Why a job must not go on here."""

from __future__ import annotations

from typing import Final, Literal

from .transport import AccessRefused, RequestRefused

Halt = Literal["", "stopped", "cancelled", "gone", "lost", "refused", "access", "spool"]

# The server no longer wants this job: it is over, unknown, or in conflict with it.
_GONE: Final = frozenset({404, 409, 410})
# Another agent's for now: it may come back, and what was read is not read again then.
_LOST: Final = "lease_lost"


class JobHalted(Exception):
    """The job must not go on here; `reason` says why."""

    def __init__(self, reason: Halt) -> None:
        super().__init__(reason)
        self.reason = reason


def reason_of(error: Exception) -> Halt:
    """What the server's answer means for the job."""
    if isinstance(error, AccessRefused):
        return "access"
    if isinstance(error, RequestRefused):
        if error.code == _LOST:
            return "lost"
        return "gone" if error.status in _GONE else "refused"
    return "stopped"
