"""The sweeper's loop, for the thread that hosts it."""

from __future__ import annotations

import threading

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, close_old_connections

from . import services
from .selectors import has_active_runs

# Steps that nobody waits for are taken once in so many sweeps; while no run goes on, all of them.
PATIENT_ROUNDS = 5
# Of a turn, so that who sweeps is not late for the next one.
TURN_SHARE = 0.9


def run_sweeper(stop: threading.Event) -> None:
    """Sweep until `stop` is set; of several sweepers one at a time."""
    while not stop.wait(settings.SWEEP_SECONDS):
        if _take_turn("all", PATIENT_ROUNDS):
            services.sweep()
        elif _is_busy() and _take_turn("urgent", 1):
            services.sweep(services.URGENT_STEPS)
        close_old_connections()


def _take_turn(name: str, rounds: int) -> bool:
    """Whether nobody else has swept lately; while the shared cache is away, everybody does."""
    seconds = settings.SWEEP_SECONDS * rounds * TURN_SHARE
    return bool(cache.add(f"racine:sweep:{name}", 1, seconds))


def _is_busy() -> bool:
    try:
        return has_active_runs()
    except DatabaseError:
        # A sweep logs what is wrong and finds a new connection.
        return True
