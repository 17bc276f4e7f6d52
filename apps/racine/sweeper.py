"""The sweeper's loop, for the thread that hosts it."""

from __future__ import annotations

import threading

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from . import services
from .selectors import has_active_runs

# While no run goes on, one round in so many sweeps; the others only look for a run.
QUIET_ROUNDS = 5


def run_sweeper(stop: threading.Event) -> None:
    """Sweep until `stop` is set."""
    skipped = 0
    while not stop.wait(settings.SWEEP_SECONDS):
        skipped += 1
        if skipped >= QUIET_ROUNDS or _is_busy():
            services.sweep()
            skipped = 0
        close_old_connections()


def _is_busy() -> bool:
    try:
        return has_active_runs()
    except DatabaseError:
        # A sweep logs what is wrong and finds a new connection.
        return True
