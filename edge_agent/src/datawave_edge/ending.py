"""How a job ends that was not closed: what the server is told, and whether it may come back."""

from __future__ import annotations

import logging

from .faults import SourceFault
from .halts import JobHalted
from .outbox import GONE, Outbox
from .spool import SpoolUnwritable
from .stream import JobStream

log = logging.getLogger(__name__)


def end_early(stream: JobStream, outbox: Outbox, error: Exception) -> bool:
    """Tell why the job ended, as far as it can be told, and whether it may be taken up again.

    Never raises.
    """
    try:
        return _tell_end(stream, outbox, error)
    except SpoolUnwritable:
        # It can't even keep that the job is over.
        stream.halt("spool")
    except Exception as another:
        log.error("The end of job %s met %s.", stream.job, type(another).__name__)  # noqa: TRY400  # its text may hold values
    return True


def _tell_end(stream: JobStream, outbox: Outbox, error: Exception) -> bool:
    if isinstance(error, JobHalted):
        _end_halted(stream, outbox, error)
        return error.reason in ("stopped", "lost", "access", "spool")
    if isinstance(error, SpoolUnwritable):
        stream.halt("spool")
        error = SourceFault("spool_failed")
    if not isinstance(error, SourceFault):
        # The text of an unforeseen error may hold a value; its kind can't.
        log.error("Job %s met %s.", stream.job, type(error).__name__)
        error = SourceFault("internal")
    stream.fail(error)
    return error.retry


def _end_halted(stream: JobStream, outbox: Outbox, halted: JobHalted) -> None:
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
