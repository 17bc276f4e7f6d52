"""The sweeper's loop, for the thread that hosts it."""

from __future__ import annotations

import threading

from django.conf import settings
from django.db import close_old_connections

from . import services


def run_sweeper(stop: threading.Event) -> None:
    """Sweep until `stop` is set."""
    while not stop.wait(settings.SWEEP_SECONDS):
        services.sweep()
        close_old_connections()
