"""Adds up the CPU that batches take; what a run costs beside them is conducting."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class WorkClock:
    """CPU seconds of threads inside of work, kept in a file of this process."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"work-{os.getpid()}"
        self._lock = threading.Lock()
        self._inside = threading.local()
        self._seconds = 0.0

    def count(self, work: Callable[P, T]) -> Callable[P, T]:
        """The same work, counted; work within work counts once."""

        @functools.wraps(work)
        def counted(*args: P.args, **kwargs: P.kwargs) -> T:
            if getattr(self._inside, "now", False):
                return work(*args, **kwargs)
            self._inside.now, started = True, time.thread_time()
            try:
                return work(*args, **kwargs)
            finally:
                self._inside.now = False
                self._add(time.thread_time() - started)

        return counted

    def _add(self, seconds: float) -> None:
        with self._lock:
            self._seconds += seconds
            self._file.write_text(str(self._seconds), encoding="utf-8")


class _Counted:
    """A stage whose work is counted."""

    def __init__(self, stage: Any, clock: WorkClock) -> None:
        self._stage = stage
        self.compute = clock.count(stage.compute)
        self.store = clock.count(stage.store)
        self.settle = clock.count(stage.settle)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)


def count_work(folder: Path) -> None:
    """Count from now on in this process."""
    from apps.discovery import edge, stages
    from apps.racine.services import stage_work

    clock = WorkClock(folder)
    edge.put_batch = clock.count(edge.put_batch)
    stage_work.load_batch = clock.count(stage_work.load_batch)
    stages._stages.update({name: _Counted(each, clock) for name, each in stages._stages.items()})


def read_work(folder: Path) -> float:
    """CPU seconds of work in all processes so far."""
    return sum(float(file.read_text() or 0) for file in folder.glob("work-*"))
