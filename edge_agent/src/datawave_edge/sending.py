"""Sends the batches of one job, lowest number first, several at once while the server keeps up."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from .flight import Flight
from .halts import Halt, reason_of
from .letters import DeadLetters, Refusal
from .outbox import Outbox, SpooledBatch
from .protocol import Ack
from .protocol.compression import Encoding, find_encoding, pack
from .spool import SpoolUnwritable
from .transport import (
    BROKEN_TRIES,
    TOLD_AFTER,
    AccessRefused,
    RequestRefused,
    ServerUnavailable,
    Transport,
)

log = logging.getLogger(__name__)

# A batch may be damaged on its way, so these are tried a few times before they are believed.
_DAMAGED: Final = frozenset({"hash_mismatch", "gzip_broken", "zstd_broken"})
DAMAGE_TRIES: Final = 3
LOOK_SECONDS: Final = 0.2
END_SECONDS: Final = 5.0

Tell = Callable[[str], None]


class BatchSender:
    """One thread that picks what waits, and one for each batch under way."""

    def __init__(
        self,
        job: str,
        source: str,
        transport: Transport,
        outbox: Outbox,
        *,
        halt: Callable[[Halt], None],
        tell: Tell,
    ) -> None:
        self._job = job
        self._source = source
        self._transport = transport
        self._outbox = outbox
        self._letters = DeadLetters(outbox.file)
        self._halt = halt
        self._tell = tell
        # What the server understands best; known once the stream is open.
        self.encoding: Encoding = "gzip"
        self._flight = Flight(transport.backoff_base)
        self._over = False
        self._changed = threading.Condition()
        self._under_way: dict[int, threading.Thread] = {}
        # By number: answers that may come from damage on the way, and errors of the server's own.
        self._damaged: Counter[int] = Counter()
        self._broken: Counter[int] = Counter()
        self._picker = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self, encoding: Encoding, window: int) -> None:
        """Begin, with what the server said when it opened the stream."""
        self.encoding = encoding
        self._flight.allow(window)
        self._picker.start()

    def wake(self) -> None:
        """Something waits, or the job is halted."""
        with self._changed:
            self._changed.notify_all()

    def end(self) -> None:
        """Send no more."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for what is under way, but not for a server that does not answer."""
        deadline = time.monotonic() + END_SECONDS
        for thread in [self._picker, *self._under_way.values()]:
            if thread.is_alive():
                thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def wait_until_sent(self, require_live: Callable[[], None]) -> None:
        """Return once the server has every batch; `require_live` may raise meanwhile."""
        with self._changed:
            while self._outbox.find_waiting(self._job):
                require_live()
                self._changed.wait(1.0)

    def _run(self) -> None:
        try:
            while not self._over:
                self._send_next()
        except SpoolUnwritable:
            self._halt("spool")

    def _send_next(self) -> None:
        with self._changed:
            batch = self._pick()
            if batch is None:
                self._changed.wait(self._flight.wait_seconds() or LOOK_SECONDS)
                return
            thread = threading.Thread(
                target=self._send, args=(batch,), name=f"batch {batch.seq}", daemon=True
            )
            self._under_way[batch.seq] = thread
        thread.start()

    def _pick(self) -> SpooledBatch | None:
        """The next batch that may leave now. Whoever asks holds the lock."""
        flight, under_way = self._flight, self._under_way
        if self._over or len(under_way) >= flight.limit or flight.wait_seconds():
            return None
        batch = self._outbox.find_waiting(self._job, besides=under_way)
        if batch and batch.seq >= min([batch.seq, *under_way]) + flight.window:
            return None
        return batch

    def _send(self, batch: SpooledBatch) -> None:
        try:
            self._settle(batch)
        except SpoolUnwritable:
            self._halt("spool")
        except (RequestRefused, AccessRefused) as error:
            log.warning("Batch %s of job %s: %s", batch.seq, batch.job, error)
            self._halt(reason_of(error))
        finally:
            with self._changed:
                del self._under_way[batch.seq]
                self._changed.notify_all()

    def _settle(self, batch: SpooledBatch) -> None:
        """Send it once and heed the answer. What can't be settled by that goes on waiting."""
        if not batch.is_whole():
            self._replace(batch, Refusal("spool_damaged"))
            return
        self._outbox.mark_sending(batch.job, batch.seq)
        try:
            ack = self._put(batch)
        except RequestRefused as error:
            if not error.is_about_content:
                raise
            if not self._may_be_damage(batch, error):
                self._replace(batch, Refusal(error.code))
            return
        if ack is None:
            return
        if ack.status == "quarantined":
            self._replace(batch, Refusal("quarantined", ack.rejected, held=True))
            return
        with suppress(SpoolUnwritable):
            # Unmarked, it is sent once more, and the server knows it as a duplicate.
            self._outbox.mark_acked(batch.job, batch.seq)

    def _put(self, batch: SpooledBatch) -> Ack | None:
        """Send it; None when the server is away or busy."""
        packed = self._fit_encoding(batch)
        alone, began = len(self._under_way) == 1, time.monotonic()
        try:
            ack = self._transport.put_batch(batch.job, batch.seq, batch.sha, packed, batch.records)
        except ServerUnavailable as fault:
            self._note_failure(batch, fault, began)
            return None
        pace = self._transport.pace
        with self._changed:
            del self._broken[batch.seq]
            self._flight.succeed(time.monotonic() - began, pace.pause, alone=alone)
            self._flight.allow(pace.window or self._flight.window)
        return ack

    def _note_failure(self, batch: SpooledBatch, fault: ServerUnavailable, began: float) -> None:
        with self._changed:
            self._flight.fail(began, fault.retry_after)
            self._broken[batch.seq] = self._broken[batch.seq] + 1 if fault.broken else 0
            if self._flight.failures == TOLD_AFTER:
                log.warning("The server does not answer (%s); trying again.", fault)
            if self._broken[batch.seq] >= BROKEN_TRIES:
                self._flight.forgive()
                raise RequestRefused(500, "server_error") from None

    def _may_be_damage(self, batch: SpooledBatch, error: RequestRefused) -> bool:
        if error.code not in _DAMAGED:
            return False
        self._damaged[batch.seq] += 1
        return self._damaged[batch.seq] < DAMAGE_TRIES

    def _fit_encoding(self, batch: SpooledBatch) -> bytes:
        """Packed as this server takes it: an older one may have taken the place of a newer."""
        if self.encoding == "gzip" and find_encoding(batch.packed) != "gzip":
            return pack(batch.body)
        return batch.packed

    def _replace(self, batch: SpooledBatch, refusal: Refusal) -> None:
        """Send a refused batch in parts, and of a refused table only that it was refused."""
        dead = self._letters.replace(batch, self._source, refusal)
        del self._damaged[batch.seq], self._broken[batch.seq]
        if dead is None:
            raise RequestRefused(400, refusal.code)
        for container, name in dead:
            path = f"{container}.{name}" if container else name
            self._tell(f"{path}: the server refused its description ({refusal.code})")
