"""Which failures are worth another try, when, and how they are told without their text."""

from __future__ import annotations

import logging
import random
import re
import traceback
from dataclasses import dataclass

import msgspec
from django.core.exceptions import PermissionDenied
from django.db import DataError, InterfaceError, OperationalError

from datawave.common.errors import DataWaveError
from datawave_edge.protocol import BatchRejected

logger = logging.getLogger(__name__)
TRANSIENT = (OperationalError, InterfaceError, ConnectionError, TimeoutError)
# What is stored does not fit, or something is not allowed: the same try would end the same way.
PERMANENT = (DataError, PermissionDenied, PermissionError, msgspec.DecodeError, BatchRejected)
TRANSIENT_TRIES = 8
# Nobody foresaw these, so nobody knows whether they pass.
OTHER_TRIES = 3
PERMANENT_TRIES = 1
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
    return Fault(code=code, message=f"{doing} failed with {name}.", tries=_count_tries(error))


def _count_tries(error: Exception) -> int:
    if isinstance(error, DataWaveError):
        return TRANSIENT_TRIES if error.retry else PERMANENT_TRIES
    if isinstance(error, PERMANENT):
        return PERMANENT_TRIES
    return TRANSIENT_TRIES if isinstance(error, TRANSIENT) else OTHER_TRIES


def choose_wait(failures: int, base_seconds: float) -> float:
    """Seconds until the next try: a random part of a growing span, so that retries spread out."""
    span: float = min(WAIT_CAP_SECONDS, base_seconds * 2 ** max(0, failures - 1))
    return random.uniform(0, span)  # noqa: S311  # no secret


def log_fault(error: Exception, *, doing: str) -> None:
    """Log where it happened, never the exception's text."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s failed with %s\n%s", doing, type(error).__name__, frames)
