"""A connection that is made anew when it is lost, a few times a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from .connectors import Connector
from .faults import SourceFault
from .stream import JobStream

ResultT = TypeVar("ResultT")

# Without a table read in between.
RECONNECTS: Final = 3
RECONNECT_SECONDS: Final = 0.2
# After as many tables in a row that cost the connection, it is the connection that is bad.
SPOILERS: Final = 3


class SteadyConnection:
    """Calls that outlive a lost connection."""

    def __init__(self, stream: JobStream) -> None:
        self.connector: Connector | None = None
        self._stream = stream
        self._reconnects = 0
        self._spoilers = 0

    def call(self, call: Callable[[], ResultT]) -> ResultT:
        """Call, and after a lost connection connect anew and call again. Raises SourceFault."""
        while True:
            try:
                return call()
            except SourceFault as fault:
                # A statement that was stopped looks like one that took too long.
                self._stream.require_live()
                if fault.code != "connection_lost" or self._reconnects >= RECONNECTS:
                    raise
            self._reconnect()

    def note_told(self) -> None:
        """Something is known of a table, so the next has its own tries."""
        self._reconnects = 0

    def note_read(self) -> None:
        """A table was read, so it is not the connection that is bad."""
        self._spoilers = 0

    def pass_over(self, fault: SourceFault) -> None:
        """Leave a table that costs the connection each time; raises when it is not the table's."""
        self._spoilers += 1
        if self._spoilers > SPOILERS:
            raise fault
        self._require().connect()

    def _reconnect(self) -> None:
        self._reconnects += 1
        self._stream.tell("The connection was lost; connecting again", "warning")
        self._stream.pause(RECONNECT_SECONDS * 2**self._reconnects)
        try:
            self._require().connect()
        except SourceFault as fault:
            if not fault.retry or self._reconnects >= RECONNECTS:
                raise
            self._reconnect()

    def _require(self) -> Connector:
        assert self.connector is not None  # noqa: S101 - set before any call
        return self.connector
