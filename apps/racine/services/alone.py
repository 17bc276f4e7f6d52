"""Works on what has cost workers before in a child process, which may hang, swell and crash."""

from __future__ import annotations

import math
import select
import subprocess
import sys
import threading
from collections.abc import Callable

from django.conf import settings

from apps.racine.leases import LeaseKeeper

from .losses import MEMORY, OVERRAN, Loss

# Of the child, when it ran out of memory.
MEMORY_EXIT = 75
COMMAND = [sys.executable, "-m", "datawave", "work_alone"]
START_SECONDS = 60
# One at a time in a process: "alone" also means that two can't swell together.
_turn = threading.Lock()


class TurnTaken(Exception):  # a fact, as all of ours
    """Another is worked on alone just now."""


def work_alone(*, kind: str, pk: int, fence: int, renew: Callable[[], bool]) -> Loss:
    """Have a child work on it; what to make of it if the child has left it unended."""
    if not _turn.acquire(blocking=False):
        raise TurnTaken
    try:
        seconds, limit = settings.STAGE_LEASE_SECONDS, settings.STAGE_LIMIT_SECONDS
        with LeaseKeeper(renew, seconds, limit=math.inf, give_away=lambda: None):
            return _wait([*COMMAND, kind, str(pk), str(fence)], limit)
    finally:
        _turn.release()


def _wait(command: list[str], limit: float) -> Loss:
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:  # noqa: S603  # our own
        try:
            # The time that it takes to start is not the work's.
            select.select([child.stdout] if child.stdout else [], [], [], START_SECONDS)
            code = child.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            child.kill()
            return OVERRAN
    if code == MEMORY_EXIT:
        return MEMORY
    ended = f"signal {-code}" if code < 0 else f"exit code {code}"
    return Loss("worker_lost", f"A process that worked on it alone ended with {ended}.")
