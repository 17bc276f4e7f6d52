"""The agent's main loop: tell that it lives, wait for work, do it."""

from __future__ import annotations

import datetime as dt
import logging
import os
import platform
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from queue import SimpleQueue
from typing import Final

from . import __version__
from .access import connect
from .backlog import find_oldest_seconds
from .config import AgentConfig, lock_spool
from .heap import settle_heap
from .outbox import Outbox
from .protocol import (
    PROTOCOL_VERSION,
    DiscoveryWork,
    Heartbeat,
    HeartbeatReply,
    NoWork,
    TestWork,
    Work,
    WorkRequest,
)
from .spool import SpoolUnwritable, set_aside_damaged
from .stream import JobStream
from .transport import (
    AccessRefused,
    ProtocolRefused,
    RequestRefused,
    ServerUnavailable,
    Stopped,
)
from .vitals import Vitals, describe_refusal, find_vitals, write_vitals

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 30.0
JITTER: Final = 0.2
PARENT_SECONDS: Final = 0.5
WORK_WAIT: Final = 20
TESTS_AT_ONCE: Final = 4
END_SECONDS: Final = 2.0
# Between two looks at whether the server has learnt this agent's protocol.
UPGRADE_SECONDS: Final = 300.0
TEST_REPLY_SECONDS: Final = 30.0
# While refused, the agent looks so often whether it was enrolled anew; it asks far less often.
REFUSED_LOOK: Final = 2.0
EXIT_REFUSED: Final = 77
# sysexits' EX_TEMPFAIL: a service manager starts it again, when there may be room.
EXIT_SPOOL: Final = 75


class Agent:
    """One agent process."""

    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        # Asked before anything can be heard of this process, for a parent that ends at once.
        self._parent = os.getppid()
        self._spool_lock = lock_spool(config.spool)
        set_aside_damaged(config.spool)
        self._outbox = Outbox(config.spool, config.spool_limit)
        self._outbox.forget_old_jobs()
        self._transport = connect(config, self._outbox.note_sent)
        self._stop = threading.Event()
        self._told_to_stop = False
        self._spool_lost = False
        self._signals: SimpleQueue[int] = SimpleQueue()
        self._polling = False
        self._orders = HeartbeatReply(server_time=dt.datetime.now(dt.UTC))
        self._refused = ""
        self._skew = 0.0
        self._heard_at: dt.datetime | None = None
        self._stream: JobStream | None = None
        self._busy = threading.Event()
        self._tests = threading.Semaphore(TESTS_AT_ONCE)

    def run(self) -> int:
        """Serve until told to stop. Gives the process's exit code."""
        self._catch_signals()
        settle_heap()
        log.info("Version %s serves %s.", __version__, self._config.server)
        self._take_over_vitals()
        beat = self._start_thread(self._beat, "heartbeat")
        self._start_thread(self._serve_tests, "tests")
        if self._config.embedded:
            self._start_thread(self._watch_parent, "parent")
            self._start_thread(_load_connectors, "loader")
        code = self._serve()
        self._stop.set()
        beat.join(timeout=END_SECONDS)
        if not beat.is_alive() and self._have_tests_ended():
            self._outbox.close()
        return code

    def _serve(self) -> int:
        while not self._stop.is_set():
            try:
                work = self._transport.keep_trying(self._ask_work, self._stop)
                self._note_let_in()
                self._do(work)
            except Stopped:
                break
            except AccessRefused as error:
                if not self._sit_out(error.code):
                    return EXIT_REFUSED
            except RequestRefused as error:
                self._rest(error)
            except SpoolUnwritable:
                return _tell_spool_lost()
        if self._spool_lost:
            return _tell_spool_lost()
        log.info("Stopping.")
        return EXIT_REFUSED if self._refused else 0

    def _note_let_in(self) -> None:
        if self._refused:
            self._refused = ""
            log.info("The server lets this agent in again.")
            self._write_vitals()

    def _sit_out(self, code: str) -> bool:
        """Wait while refused, with all that is spooled; False when nobody could change that."""
        if code != self._refused:
            self._refused = code
            log.error("%s", describe_refusal(code))
        self._write_vitals()
        if self._config.token:
            return False
        self._stop.wait(REFUSED_LOOK)
        return True

    def _serve_tests(self) -> None:
        """Take connection tests beside a job: a person waits for each."""
        while self._busy.wait() and not self._stop.is_set():
            try:
                self._do(self._transport.keep_trying(self._ask_test, self._stop))
            except Stopped:
                return
            except AccessRefused:
                # The main loop meets the same refusal and tells of it.
                self._stop.wait(REFUSED_LOOK)
            except RequestRefused as error:
                self._rest(error)

    def _rest(self, error: RequestRefused) -> None:
        """A server that breaks over the question for work may be mended at any time."""
        log.error("%s The agent asks again in %d s.", error, REFUSED_LOOK)
        self._stop.wait(REFUSED_LOOK)

    def _ask_work(self) -> Work:
        """Wait for work; a signal ends the wait at once."""
        self._polling = True
        try:
            if self._told_to_stop:
                raise Stopped
            return self._ask(WorkRequest(wait=WORK_WAIT, tests_only=self._orders.drain))
        finally:
            self._polling = False

    def _ask_test(self) -> Work:
        return self._ask(WorkRequest(wait=WORK_WAIT, tests_only=True))

    def _ask(self, request: WorkRequest) -> Work:
        try:
            return self._transport.ask_work(request)
        except ProtocolRefused as error:
            log.error(  # noqa: TRY400  # the sentence says it all
                "The server does not speak protocol %s; update the agent (it speaks %s and later).",
                PROTOCOL_VERSION,
                error.lowest[:20] or "another",
            )
            raise ServerUnavailable(str(error), retry_after=UPGRADE_SECONDS) from None
        except RequestRefused as error:
            # A server of another version may learn better after its upgrade.
            raise ServerUnavailable(str(error), retry_after=5.0) from None

    def _do(self, work: Work) -> None:
        if isinstance(work, DiscoveryWork):
            self._discover(work)
        elif isinstance(work, TestWork):
            self._start_thread(partial(self._test, work), "test")
        elif isinstance(work, NoWork):
            # A server that does not hold the request must not be asked in a tight loop.
            self._stop.wait(0.1)

    def _discover(self, work: DiscoveryWork) -> None:
        # The connectors and SQLAlchemy are loaded with the first job, so that idling stays light.
        from .discovery import run_discovery

        log.info("Discovery %s begins.", work.job)
        self._stream = JobStream(work, self._transport, self._outbox)
        self._busy.set()
        try:
            run_discovery(work, self._stream, self._outbox)
        finally:
            self._busy.clear()
            reason, self._stream = self._stream.reason, None
        if reason == "access":
            self._raise_refusal()
        if reason == "spool":
            raise SpoolUnwritable
        log.info("Discovery %s ended.", work.job)

    def _raise_refusal(self) -> None:
        # Asked for a token, an access that was just refused says why.
        with suppress(ServerUnavailable):
            self._transport.access.token()
        raise AccessRefused(self._refused or "token_unknown")

    def _test(self, work: TestWork) -> None:
        from .probe import run_test

        with self._tests:
            result = run_test(work.source)
            try:
                self._transport.keep_trying(
                    lambda: self._transport.send_test_result(work.test, result),
                    self._stop,
                    TEST_REPLY_SECONDS,
                )
            except (RequestRefused, AccessRefused, ServerUnavailable, Stopped) as error:
                log.warning("The result of test %s was not taken: %s", work.test, error)

    def _have_tests_ended(self) -> bool:
        deadline = time.monotonic() + END_SECONDS
        return all(
            self._tests.acquire(timeout=max(0.0, deadline - time.monotonic()))
            for _ in range(TESTS_AT_ONCE)
        )

    # Threads and signals.

    def _start_thread(self, target: Callable[[], None], name: str) -> threading.Thread:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        return thread

    def _catch_signals(self) -> None:
        self._start_thread(self._heed_signals, "signals")
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        # A handler interrupts the main thread anywhere, even inside an Event whose lock it holds,
        # so it touches no lock: a SimpleQueue may be put to from a handler.
        del frame
        self._told_to_stop = True
        self._signals.put(number)
        if self._polling:
            raise Stopped

    def _heed_signals(self) -> None:
        while self._signals.get():
            self._stop.set()
            if self._stream is not None:
                self._stream.halt("stopped")

    def _beat(self) -> None:
        while not self._stop.is_set():
            try:
                self._send_heartbeat()
            except (ServerUnavailable, RequestRefused) as error:
                log.debug("No heartbeat: %s", error)
            except AccessRefused:
                # The main loop meets the same refusal and ends the process with it.
                log.debug("Heartbeat refused.")
            except SpoolUnwritable:
                self._end_without_spool()
            jitter = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spread, not secrecy
            self._stop.wait(HEARTBEAT_SECONDS * jitter)

    def _end_without_spool(self) -> None:
        """End, so that the next start sets the damaged spool aside."""
        self._spool_lost = True
        self._stop.set()
        if self._stream is not None:
            self._stream.halt("spool")

    def _send_heartbeat(self) -> None:
        message = Heartbeat(
            version=__version__,
            protocol=PROTOCOL_VERSION,
            agent_time=dt.datetime.now(dt.UTC),
            spool_bytes=self._outbox.spool_bytes(),
            oldest_spooled_seconds=find_oldest_seconds(self._outbox.file),
            host=platform.node()[:200],
        )
        began = time.monotonic()
        reply = self._transport.heartbeat(message)
        # Half of the way there and back is how old the server's time is on average.
        half = dt.timedelta(seconds=(time.monotonic() - began) / 2)
        self._skew = (reply.server_time - message.agent_time - half).total_seconds()
        self._heard_at = dt.datetime.now(dt.UTC)
        self._obey(reply)
        self._write_vitals()

    def _obey(self, reply: HeartbeatReply) -> None:
        stream = self._stream
        if stream is not None and stream.job in reply.cancel:
            stream.halt("cancelled")
        if reply.upgrade and reply.upgrade != self._orders.upgrade:
            log.warning("The server would like version %s of this agent.", reply.upgrade)
        if reply.drain != self._orders.drain:
            log.info("Taking no more jobs." if reply.drain else "Taking jobs again.")
        self._orders = reply
        if reply.rotate:
            self._transport.access.rotate()
        elif reply.refresh:
            self._transport.access.refresh()

    def _take_over_vitals(self) -> None:
        """This process runs from now on; when the server was last heard of is as it was."""
        if before := find_vitals(self._config.spool):
            self._heard_at, self._skew = before.heard_at, before.skew_seconds
        self._write_vitals()

    def _write_vitals(self) -> None:
        stream = self._stream
        vitals = Vitals(
            pid=os.getpid(),
            version=__version__,
            heard_at=self._heard_at,
            skew_seconds=round(self._skew, 1),
            draining=self._orders.drain,
            upgrade=self._orders.upgrade,
            refused=self._refused,
            job=stream.job if stream is not None else "",
        )
        # Only people read it, and a full disk is told of elsewhere.
        with suppress(OSError):
            write_vitals(self._config.spool, vitals)

    def _watch_parent(self) -> None:
        """End with the server that started this process, even when it was killed with -9."""
        while os.getppid() == self._parent:
            time.sleep(PARENT_SECONDS)
        # The spool is safe at any moment, so nothing has to be ended gracefully.
        os._exit(0)


def _tell_spool_lost() -> int:
    log.error("The spool can't be used. Free space on its disk, then start again.")
    return EXIT_SPOOL


def _load_connectors() -> None:
    """Load what a first job needs while none waits; beside its server, an agent is asked soon."""
    import_module("datawave_edge.connectors.sqlite")
    import_module("datawave_edge.discovery")
    import_module("datawave_edge.profile")
