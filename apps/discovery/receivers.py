"""Wakes waiting agents when there is something to do."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from apps.datasources.signals import connection_test_requested

from . import doorbell
from .signals import job_opened


@receiver((job_opened, connection_test_requested))
def wake_agents(**_: Any) -> None:
    """Ring; agents of other processes look for themselves every second."""
    doorbell.ring()
