"""How fast agents may send, by how much work on their batches waits for the workers."""

from __future__ import annotations

import logging
import math
import time
from typing import NamedTuple

from django.db import DatabaseError
from django.http import HttpResponse

from datawave_edge.protocol import WINDOW, WINDOW_HEADER

from .stages import count_backlog

logger = logging.getLogger(__name__)

# Up to here agents send as they like; from there on ever fewer batches at once, to one at a time.
EASY, FULL = 500, 2_000
# Beyond that they wait before each, so that they go on at the pace of the workers.
PAUSE_EACH, PAUSE_MOST = 200, 10
# More than that are not counted.
COUNTED = FULL + PAUSE_EACH * PAUSE_MOST
# How long a count serves: no batch pays for one of its own.
KEPT_SECONDS = 1.0

_counted = (-math.inf, 0)


class Pace(NamedTuple):
    """What agents are told: batches ahead of the first that is lacking, and seconds to wait."""

    window: int
    pause: int


def find_pace() -> Pace:
    """The pace of now."""
    return pace_for(_count_waiting())


def pace_for(waiting: int) -> Pace:
    """The pace when so much waits. It is never nothing, so that a stuck worker blocks no agent."""
    left = (FULL - waiting) / (FULL - EASY)
    pause = math.ceil((waiting - FULL) / PAUSE_EACH)
    return Pace(
        window=min(WINDOW, max(1, math.ceil(WINDOW * left))),
        pause=min(PAUSE_MOST, max(0, pause)),
    )


def recall_pause() -> int:
    """Seconds to wait by the last count: asks nothing, for the database may be what is away."""
    return pace_for(_counted[1]).pause


def tell_pace(response: HttpResponse) -> HttpResponse:
    """Add the pace to an answer."""
    pace = find_pace()
    response[WINDOW_HEADER] = str(pace.window)
    if pace.pause:
        response["Retry-After"] = str(pace.pause)
    return response


def _count_waiting() -> int:
    global _counted  # noqa: PLW0603 - one process, one count
    now = time.monotonic()
    if now - _counted[0] >= KEPT_SECONDS:
        # Set first, so that requests beside this one do not count too.
        _counted = (now, _counted[1])
        try:
            _counted = (now, count_backlog(COUNTED))
        except DatabaseError as error:
            # The batch is safe, and its answer must not fail for this.
            logger.warning("What waits could not be counted: %s", type(error).__name__)
    return _counted[1]
