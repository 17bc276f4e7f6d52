"""Which failures are worth another try, when, and how they are told without their text."""

from __future__ import annotations

import logging
import random
import re
import traceback
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)
TRANSIENT = (OperationalError, InterfaceError, ConnectionError, TimeoutError)
TRANSIENT_TRIES = 8
OTHER_TRIES = 3
# Leases lost to crashes have their own budget: kills must not condemn healthy work. After some
# of them it is worked on in a process of its own, where it can harm nothing else.
ALONE_AFTER = 3
LOSSES_ALLOWED = 5
WAIT_CAP_SECONDS = 300


@dataclass(frozen=True)
class Fault:
    """A failure as it may be stored and shown: an exception's text can hold values."""

    code: str
    message: str
    tries: int

    def is_final(self, failures: int) -> bool:
        """Whether that many failures are enough."""
        return failures >= self.tries


def judge(error: Exception, *, doing: str) -> Fault:
    """What to make of an exception that was raised while `doing` something."""
    name = type(error).__name__
    code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()[:64]
    tries = TRANSIENT_TRIES if isinstance(error, TRANSIENT) else OTHER_TRIES
    return Fault(code=code, message=f"{doing} failed with {name}.", tries=tries)


def choose_wait(failures: int, base_seconds: float) -> float:
    """Seconds until the next try: a random part of a growing span, so that retries spread out."""
    span: float = min(WAIT_CAP_SECONDS, base_seconds * 2 ** max(0, failures - 1))
    return random.uniform(0, span)  # noqa: S311  # no secret


def log_fault(error: Exception, *, doing: str) -> None:
    """Log where it happened, never the exception's text."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s failed with %s\n%s", doing, type(error).__name__, frames)
