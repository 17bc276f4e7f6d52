"""A thread that works for one connection and can be left behind with a driver that hangs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

WorkT = TypeVar("WorkT")


class LoneThread:
    """Does what it is asked, one after the other. It never keeps the process from ending."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name="connection", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def ask(self, work: Callable[[], WorkT]) -> Future[WorkT]:
        """Put work behind what was asked before."""
        told: Future[WorkT] = Future()
        self._asked.put((work, told))
        return told

    def end(self) -> None:
        """End once all is done that was asked."""
        self._asked.put(None)

    def _serve(self) -> None:
        while (item := self._asked.get()) is not None:
            work, told = item
            try:
                told.set_result(work())
            except BaseException as error:
                told.set_exception(error)
            # What was read must not stay in memory until the next question.
            del item, work, told
