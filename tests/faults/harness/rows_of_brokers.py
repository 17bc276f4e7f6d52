"""Rows about a Redis that answers and takes nothing more in."""

from __future__ import annotations

import random
import threading
import time

from tests.faults.harness.installation import Unavailable
from tests.faults.harness.plan import Injection, Plan
from tests.faults.harness.trial import Trial

# Less than an empty Redis holds, so that it refuses whatever would make it hold more.
FULL, FREE = "1mb", "0"
ANSWER_SECONDS = 5.0
RIGHT_AFTER_SECONDS = 30.0


def fill_redis(dice: random.Random) -> Plan:
    """F6b: Redis is at its limit and refuses writes, from before the run or amid it.

    Meanwhile the API answers and takes a run; with room again the run ends and sweepers sweep.
    """
    moment, seconds = dice.choice((0.0, 0.0, 0.3, 0.8)), round(dice.uniform(2, 6), 1)

    def act(trial: Trial) -> None:
        if moment:
            trial.wait_to(moment)
        free = _fill(trial, seconds)
        # Begins the run, when it has not begun.
        trial.wait_to(0)
        if free.wait(0) and not moment:
            trial.violations.append("I12 no run could be started while Redis refused writes")
        while not free.wait(0.2):
            _demand_answer(trial)
        trial.note_done()
        _demand_recovery(trial)

    return Plan([Injection(f"Redis is full for {seconds} s after {moment} s", act)])


def _fill(trial: Trial, seconds: float) -> threading.Event:
    """Leave no room for that long; the event tells that there is room again."""
    installation, free = trial.installation, threading.Event()
    installation.limit_redis(FULL)
    if installation.takes_redis_writes():
        trial.violations.append("HARNESS Redis takes writes although it is full")

    def empty() -> None:
        installation.limit_redis(FREE)
        free.set()

    threading.Timer(seconds, empty).start()
    return free


def _demand_answer(trial: Trial) -> None:
    started = time.monotonic()
    try:
        trial.installation.open("/api/v1/runs/?page_size=1")
    except Unavailable as error:
        trial.violations.append(f"I12 while Redis refused writes: {error}")
    if (took := time.monotonic() - started) > ANSWER_SECONDS:
        trial.violations.append(f"I12 while Redis refused writes the API took {took:.1f} s")


def _demand_recovery(trial: Trial) -> None:
    """The run ends soon, and the readiness page, which knows the sweepers, is green."""
    deadline = time.monotonic() + RIGHT_AFTER_SECONDS
    while time.monotonic() < deadline and not (trial.is_over() and _is_ready(trial)):
        time.sleep(0.1)
    if not trial.is_over():
        trial.violations.append("I3 the run did not end when Redis took writes again")
    if not _is_ready(trial):
        trial.violations.append("I12 not ready although Redis takes writes again")


def _is_ready(trial: Trial) -> bool:
    try:
        return bool(trial.installation.open("/readyz"))
    except Unavailable:
        return False
