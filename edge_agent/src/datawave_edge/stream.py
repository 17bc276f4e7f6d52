"""The stream of one job: batches go out while tables are still being read."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final, Literal

import msgspec

from .connectors import TableRef
from .egress import clean_ref, clean_text
from .faults import SourceFault
from .halts import Halt, JobHalted, reason_of
from .letters import DeadLetters, source_key
from .manifest import schema_hash
from .outbox import CANCELLED, CLOSED, FAILED, Outbox
from .packing import Packed
from .protocol import (
    CloseAck,
    DiscoveryWork,
    Interval,
    JobClose,
    JobFailure,
    JobProgress,
    LogLine,
    Opened,
    OpenStream,
    root_hash,
)
from .protocol.compression import Encoding, choose_encoding
from .sending import BatchSender
from .spool import SpoolUnwritable
from .transport import (
    AccessRefused,
    RequestRefused,
    ServerUnavailable,
    Stopped,
    Transport,
)

log = logging.getLogger(__name__)

PROGRESS_SECONDS: Final = 0.3
PROGRESS_LIMIT: Final = 2.0
PROGRESS_SHARE: Final = 0.05
LOG_LINES: Final = 100
LOG_WIDTH: Final = 400
CLOSE_ROUNDS: Final = 5
FAIL_SECONDS: Final = 60.0
# What can't be entered in the ledger is not sent; a full disk seldom gets room by waiting.
SPOOL_FAIL_SECONDS: Final = 5.0
# From here on the spool fills more slowly.
SLOW_FROM: Final = 0.8
SLOW_SECONDS: Final = 2.0

Level = Literal["info", "warning", "error"]


def choose_rest(gone_on: float) -> float:
    """Seconds until the progress of a job that has gone on for so long is told again.

    Who watches a long job does not look for a change three times a second.
    """
    return min(PROGRESS_LIMIT, max(PROGRESS_SECONDS, gone_on * PROGRESS_SHARE))


class JobStream:
    """Spools and sends the batches of one job, and tells how it goes."""

    def __init__(self, work: DiscoveryWork, transport: Transport, outbox: Outbox) -> None:
        self.job = work.job
        self.blackouts: Sequence[Interval] = work.settings.blackouts
        self._transport = transport
        self._outbox = outbox
        self._letters = DeadLetters(outbox.file)
        self._source = source_key(work.source)
        self._lease = max(1, work.lease_seconds)
        self._halted = threading.Event()
        self._reason: Halt = ""
        self._ended = threading.Event()
        self._news = threading.Event()
        self._posting = threading.Lock()
        self._quiet = False
        self._sender = BatchSender(
            work.job, self._source, transport, outbox, halt=self.halt, tell=self._complain
        )
        self._lines: list[LogLine] = []
        self._listed = self._done = 0
        self._current = ""
        self._reporter = threading.Thread(target=self._report, name="reporter", daemon=True)

    @property
    def reason(self) -> Halt:
        """Why the job was halted; empty while it goes on."""
        return self._reason

    @property
    def encoding(self) -> Encoding:
        """How batches are packed for this server."""
        return self._sender.encoding

    def open(self) -> Opened:
        """Start or take up the stream. Raises JobHalted, or SourceFault `spool_lost`."""
        now = OpenStream(agent_time=dt.datetime.now(dt.UTC), egress_schema=schema_hash())
        try:
            opened = self._transport.keep_trying(
                lambda: self._transport.open_stream(self.job, now), self._halted
            )
        except (RequestRefused, AccessRefused, Stopped) as error:
            self.halt(reason_of(error))
            raise JobHalted(self._reason) from None
        self._take_up(opened)
        self._sender.start(choose_encoding(opened.capabilities), opened.window)
        self._reporter.start()
        return opened

    def _take_up(self, opened: Opened) -> None:
        try:
            self._outbox.open_job(self.job)
            # An agent may run for months, and what is old must not wait for its next start.
            self._outbox.forget_old_jobs()
            self._outbox.adopt_hashes(self.job, opened.hashes)
            if not self._outbox.resume_at(self.job, opened.resume_seq):
                raise SourceFault("spool_lost")
            again = self._letters.take_up(self.job, self._source)
        except SpoolUnwritable:
            raise self._fail_spool() from None
        if again:
            self.tell(f"{len(again)} dead letters are sent again")

    def halt(self, reason: Halt) -> None:
        """Stop the job at the next table."""
        self._reason = self._reason or reason
        self._halted.set()
        self._news.set()
        self._sender.end()

    def require_live(self) -> None:
        """Raises JobHalted once the job must not go on."""
        if self._reason:
            raise JobHalted(self._reason)

    def pause(self, seconds: float) -> None:
        """Wait so long. Raises JobHalted as soon as the job must not go on."""
        self._halted.wait(seconds)
        self.require_live()

    def wait_halted(self) -> None:
        """Return once the job must not go on, or is over."""
        self._halted.wait()

    def leave(self) -> None:
        """Hand the lease back, so that another agent need not wait for it to run out."""
        self._go_quiet()
        with suppress(ServerUnavailable, RequestRefused, AccessRefused):
            self._transport.post_progress(self.job, self._take_figures(leaving=True))

    def put(self, content: Packed, refs: Iterable[TableRef]) -> None:
        """Spool a batch; ever slower as the spool fills, and not at all while it is full."""
        self._wait_for_room()
        try:
            self._outbox.put_packed(self.job, content, [clean_ref(ref) for ref in refs])
        except SpoolUnwritable:
            raise self._fail_spool() from None
        self._sender.wake()

    def _wait_for_room(self) -> None:
        try:
            fill = self._outbox.fill()
            if fill >= 1:
                self.tell("The spool is full; reading pauses until there is room", "warning")
            elif fill >= SLOW_FROM:
                self._halted.wait(SLOW_SECONDS * (fill - SLOW_FROM) / (1 - SLOW_FROM))
            while fill >= 1:
                self.require_live()
                self._halted.wait(1.0)
                fill = self._outbox.fill()
        except SpoolUnwritable:
            raise self._fail_spool() from None

    def _fail_spool(self) -> SourceFault:
        """Nothing more can be kept, so nothing more is read; the process ends after reporting."""
        self._reason = self._reason or "spool"
        self._sender.end()
        return SourceFault("spool_failed")

    def drain(self) -> None:
        """Wait until the server has every batch. Raises JobHalted."""
        self._sender.wait_until_sent(self.require_live)
        self.require_live()

    def close(self, message: JobClose) -> None:
        """End the stream, sending again what the server lacks. Raises JobHalted or SourceFault."""
        for _ in range(CLOSE_ROUNDS):
            self.drain()
            self._go_quiet()
            reply = self._ask_close(self._seal(message))
            if reply.status == "closed":
                self._outbox.end_job(self.job, CLOSED)
                self._letters.retire(self.job, self._source)
                return
            if not self._outbox.mark_missing(self.job, reply.missing):
                raise SourceFault("spool_lost")
            self._sender.wake()
        raise SourceFault("batch_refused")

    def _seal(self, message: JobClose) -> JobClose:
        """With what the stream consists of now: a refused batch was replaced meanwhile."""
        hashes = self._outbox.list_hashes(self.job)
        return msgspec.structs.replace(
            message, last_seq=len(hashes) - 1, root_hash=root_hash(hashes)
        )

    def fail(self, fault: SourceFault) -> None:
        """Give the job up; the server learns why if it still listens."""
        message = JobFailure(
            code=fault.code, message=fault.message, hint=fault.hint[:500], retry=fault.retry
        )
        self._go_quiet()
        try:
            self._transport.keep_trying(
                lambda: self._transport.fail_job(self.job, message),
                threading.Event(),
                SPOOL_FAIL_SECONDS if self._reason == "spool" else FAIL_SECONDS,
            )
        except (RequestRefused, AccessRefused, ServerUnavailable):
            log.warning("The server did not take the failure of job %s.", self.job)
        if not fault.retry:
            self._outbox.end_job(self.job, CANCELLED if fault.code == CANCELLED else FAILED)

    def stop_threads(self) -> None:
        """Let the sender and the reporter end."""
        self._ended.set()
        self._halted.set()
        self._news.set()
        self._sender.end()
        self._sender.join()
        if self._reporter.is_alive():
            self._reporter.join(timeout=5)

    def tell(self, message: str, level: Level = "info") -> None:
        """Add a line to the run's live log: names and counts only."""
        # A file's name need not be text, and one such name would cost the whole message.
        text = clean_text(message[:LOG_WIDTH])
        self._lines.append(LogLine(level=level, message=text, at=dt.datetime.now(dt.UTC)))
        self._news.set()

    def _complain(self, message: str) -> None:
        self.tell(message, "error")

    def count(
        self, *, listed: int | None = None, done: int = 0, current: str | None = None
    ) -> None:
        """Update the figures of the progress."""
        self._listed = self._listed if listed is None else listed
        self._done += done
        self._current = self._current if current is None else clean_text(current[:LOG_WIDTH])
        if not self._news.is_set():
            self._news.set()

    def report_now(self) -> None:
        """Send the last figures before the end."""
        self._post_progress()

    # The reporter thread.

    def _report(self) -> None:
        began = time.monotonic()
        while not self._ended.is_set() and not self._reason:
            self._news.wait(self._lease / 3)
            self._news.clear()
            if not self._ended.is_set():
                self._post_progress()
            self._ended.wait(choose_rest(time.monotonic() - began))

    def _post_progress(self) -> None:
        with self._posting:
            if not self._quiet:
                self._post_figures()

    def _go_quiet(self) -> None:
        """No progress once the job's end is sent: the server would refuse it."""
        with self._posting:
            self._quiet = True

    def _take_figures(self, *, leaving: bool = False) -> JobProgress:
        lines, self._lines[:LOG_LINES] = self._lines[:LOG_LINES], []
        return JobProgress(
            listed=self._listed,
            done=self._done,
            current=self._current,
            spool_bytes=self._outbox.spool_bytes(),
            log=lines,
            leaving=leaving,
        )

    def _post_figures(self) -> None:
        try:
            message = self._take_figures()
        except SpoolUnwritable:
            self.halt("spool")
            return
        try:
            directive = self._transport.post_progress(self.job, message)
        except ServerUnavailable:
            self._lines[:0] = message.log
            return
        except (RequestRefused, AccessRefused) as error:
            self.halt(reason_of(error))
            return
        if directive.blackouts is not None:
            self.blackouts = directive.blackouts
        if directive.cancel:
            self.halt("cancelled")

    def _ask_close(self, message: JobClose) -> CloseAck:
        try:
            return self._transport.keep_trying(
                lambda: self._transport.close_stream(self.job, message), self._halted
            )
        except (RequestRefused, AccessRefused, Stopped) as error:
            self.halt(reason_of(error))
            raise JobHalted(self._reason) from None
