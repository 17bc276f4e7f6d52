"""What becomes of a job that must not go on here."""

from __future__ import annotations

import logging

from .faults import SourceFault
from .halts import JobHalted
from .outbox import GONE, Outbox
from .stream import JobStream

log = logging.getLogger(__name__)


def end_halted(stream: JobStream, outbox: Outbox, halted: JobHalted) -> None:
    """Tell the server, and let go of what nobody will ask for again."""
    log.info("Job %s halted: %s.", stream.job, halted.reason)
    if halted.reason == "stopped":
        stream.leave()
    if halted.reason == "gone":
        outbox.end_job(stream.job, GONE)
    if halted.reason == "cancelled":
        stream.fail(SourceFault("cancelled"))
    if halted.reason == "spool":
        stream.fail(SourceFault("spool_failed"))
    if halted.reason == "refused":
        stream.fail(SourceFault("batch_refused"))
