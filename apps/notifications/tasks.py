"""Background work of notifications."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from . import services


@shared_task(name="notifications.deliver")
def deliver(*, delivery_id: int, **_: Any) -> None:
    """Send one e-mail."""
    services.deliver(delivery_id=delivery_id)
