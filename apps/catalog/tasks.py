"""Background work of the catalogue."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from . import services


@shared_task
def refresh_entry(*, dataset_id: int, **_: Any) -> None:
    """See services.refresh_entry."""
    services.refresh_entry(dataset_id=dataset_id)


@shared_task
def publish_source(*, source_id: int, **_: Any) -> None:
    """See services.publish_source."""
    services.publish_source(source_id=source_id)
