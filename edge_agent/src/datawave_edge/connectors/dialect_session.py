"""A session of any dialect: it only reads, one statement at a time, with a clock beside each."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from datawave_edge.faults import SourceFault

from .lone_thread import LoneThread
from .select_session import SelectSession
from .server import CANCEL_SECONDS, CONNECT_SECONDS, LOCK_SECONDS
from .session import Row, told_as_fault

ToldT = TypeVar("ToldT")
# The pool would log what a driver says when it fails to close, and that can repeat a value.
logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL + 1)
# Statements that a driver could not stop, which may run at once before no more are sent.
_MOST_LEFT: Final = 2
# A server that ends its statements itself is given so much longer than it was told.
_GRACE: Final = 1.0
# What databases call one thing; the first that the server takes is kept.
_READ_ONLY: Final = (
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET SESSION TRANSACTION READ ONLY"
)  # fmt: skip
_TIMES: Final = (
    "SET statement_timeout = {ms}", "SET SESSION max_statement_time = {s}",
    "SET SESSION max_execution_time = {ms}", "SET max_execution_time = {s}",
    "SET STATEMENT TIMEOUT {s} SECOND", "SET SESSION query_timeout = {s}",
    "ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {s}",
)  # fmt: skip
_LOCKS: Final = ("SET lock_timeout = {lock_ms}", "SET SESSION lock_wait_timeout = {lock_s}")
# Where a session can't be made read-only, each transaction may.
_BEGIN: Final = "SET TRANSACTION READ ONLY"
# The words by which a dialect asks for its catalogue.
_READS: Final = re.compile(r"[\s(]*(?:SELECT|WITH|SHOW|DESCRIBE|DESC|HELP)\b", re.IGNORECASE)
_WRITES: Final = re.compile(r"\bINTO\b|;|\bFOR\s+UPDATE\b", re.IGNORECASE)
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\]")


class DialectSession(SelectSession):
    """All that touches the driver happens in a thread that can be left behind."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.seconds = 30.0
        self._thread: LoneThread | None = None
        self._left: list[LoneThread] = []
        self._begin = ""
        sa.event.listen(engine, "connect", self._bound)
        sa.event.listen(engine, "before_cursor_execute", self._guard)

    def open(self) -> None:
        self.close()
        self._left = [each for each in self._left if each.is_alive]
        if len(self._left) >= _MOST_LEFT:
            raise SourceFault("source_busy", hint="Statements that could not be stopped still run.")
        self._thread = LoneThread()
        asked = self._thread.ask(self._engine.connect)
        try:
            with told_as_fault():
                self._connection = self._wait_for(asked, CONNECT_SECONDS, "connect_timeout")
        except SourceFault:
            self._leave()
            asked.add_done_callback(_close_late)
            raise

    def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        connection, self._connection = self._connection, None
        closed = thread.ask(lambda: _close(connection))
        thread.end()
        if closed not in wait((closed,), CANCEL_SECONDS).done:
            self._left.append(thread)

    def ask(self, work: Callable[[sa.Connection], ToldT]) -> ToldT:
        """Do what reads by the connection, in a transaction of its own. Raises SourceFault."""
        if self._connection is None:
            self.open()
        with self.meter.timing(), told_as_fault():
            return self._do(work)

    def cancel(self) -> None:
        """Stop what runs now, as far as the driver can; never raises."""
        driver = self.driver_connection
        with suppress(Exception):
            driver.cancel()

    def _fetch(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any]
    ) -> Sequence[Row]:
        # Not `super()`: that reads the driver's own rows, and here the dialect knows them better.
        asked = sa.text(statement) if isinstance(statement, str) else statement
        return self._do(
            lambda connection: [tuple(row) for row in connection.execute(asked, parameters)]
        )

    def _do(self, work: Callable[[sa.Connection], ToldT]) -> ToldT:
        thread, connection = self._thread, self._connection
        assert thread is not None  # noqa: S101 - opened before
        assert connection is not None  # noqa: S101 - opened before
        asked = thread.ask(lambda: self._within_transaction(connection, work))
        return self._wait_for(asked, self.seconds + _GRACE, "query_timeout")

    def _wait_for(self, asked: Future[ToldT], seconds: float, code: str) -> ToldT:
        if asked in wait((asked,), seconds).done:
            return asked.result()
        self.cancel()
        if asked not in wait((asked,), CANCEL_SECONDS).done:
            self._leave()
        raise SourceFault(code)

    def _leave(self) -> None:
        """Give the connection up with its thread, which ends when the server answers."""
        thread, self._thread = self._thread, None
        connection, self._connection = self._connection, None
        if thread is not None:
            thread.ask(lambda: _close(connection))
            thread.end()
            self._left.append(thread)

    def _within_transaction(
        self, connection: sa.Connection, work: Callable[[sa.Connection], ToldT]
    ) -> ToldT:
        try:
            if self._begin:
                connection.exec_driver_sql(self._begin)
            return work(connection)
        finally:
            # Of a connection that is over, what went wrong before tells more.
            with suppress(Exception):
                connection.rollback()

    def _bound(self, connection: Any, record: object) -> None:
        """Ask the server to end what takes too long and to write nothing, however it connected."""
        del record
        seconds = max(1, round(self.seconds))
        bounds = {"s": seconds, "ms": seconds * 1000}
        bounds |= {"lock_s": LOCK_SECONDS, "lock_ms": LOCK_SECONDS * 1000}
        for choices in (_TIMES, _LOCKS):
            any(_takes(connection, each.format(**bounds)) for each in choices)
        is_bound = any(_takes(connection, each) for each in _READ_ONLY)
        self._begin = _BEGIN if not is_bound and _takes(connection, _BEGIN) else ""

    def _guard(self, connection: object, cursor: object, statement: str, *more: object) -> None:
        """Whatever a dialect makes of what it is asked, what is no reading is not sent."""
        del connection, cursor, more
        if statement != self._begin and not is_reading(statement):
            raise SourceFault("permission_denied", hint="The session can only read.")


def is_reading(statement: str) -> bool:
    """Whether a statement begins as one that reads, and is one alone."""
    return bool(_READS.match(statement)) and not _WRITES.search(_QUOTED.sub("x", statement))


def _takes(connection: Any, statement: str) -> bool:
    """Whether the server understands a statement, sent by the driver's own connection."""
    try:
        connection.cursor().execute(statement)
        connection.commit()
    except Exception:
        with suppress(Exception):
            connection.rollback()
        return False
    return True


def _close(connection: sa.Connection | None) -> None:
    if connection is not None:
        with suppress(Exception):
            connection.close()


def _close_late(asked: Future[sa.Connection]) -> None:
    """Close a connection that came after nobody waited for it."""
    if asked.exception() is None:
        _close(asked.result())
