"""Enqueues e-mails that services announce."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from . import tasks
from .signals import deliveries_due


@receiver(deliveries_due, dispatch_uid="notifications.enqueue_deliveries")
def enqueue_deliveries(delivery_ids: list[int], **_: Any) -> None:
    """One task for each; the sweeper finds those that the broker loses."""
    for delivery_id in delivery_ids:
        tasks.deliver.delay(delivery_id=delivery_id)
