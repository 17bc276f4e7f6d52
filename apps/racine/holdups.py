"""What a run that goes on is held up by, in words, and until when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from apps.discovery.types import TAKEN_JOB_STATES

from .models import Run
from .types import RunState

# A run that is being cancelled ends within this time, whether or not its agent answers.
CANCEL_PATIENCE = dt.timedelta(seconds=90)
# An agent that reads gives a sign of life more often than this.
SILENT_AFTER = dt.timedelta(seconds=15)


def find_holdup(run: Run) -> dict[str, Any] | None:
    """The kind of holdup, its words, and the time at which it is over; None when nothing is."""
    if run.state == RunState.CANCELLING:
        return _describe_cancel(run)
    return None


def _describe_cancel(run: Run) -> dict[str, Any]:
    asked = run.cancel_requested_at or timezone.now()
    end = asked + CANCEL_PATIENCE
    text = f"{_tell_cancel(run, asked)} Cancelled by {end:%H:%M:%S} UTC at the latest."
    return {"kind": "cancel", "text": text, "until": end.isoformat()}


def _tell_cancel(run: Run, asked: dt.datetime) -> str:
    job = run.job
    if job.state not in TAKEN_JOB_STATES:
        return "The agent has stopped; the run is about to end."
    name = job.agent.name if job.agent else "The agent"
    silent = timezone.now() - (job.heartbeat_at or job.leased_at or asked)
    if silent > SILENT_AFTER:
        since = round(silent.total_seconds())
        return (
            f"{name} has not answered for {since} s. Its job is taken from it if it stays silent."
        )
    late = job.batches.filter(received_at__gt=asked).order_by("-seq").first()
    if late is not None:
        return f"{name} was still sending: batch {late.seq} came in and is kept. It stops after it."
    return f"{name} finishes the table that it reads, then it stops."
