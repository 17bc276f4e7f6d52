"""Background work of compliance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery import shared_task

from . import services


@shared_task
def recheck_dataset(*, dataset_id: int, **_: Any) -> None:
    """See services.recheck_dataset."""
    services.recheck_dataset(dataset_id=dataset_id)


@shared_task
def recheck_source(*, source_id: int, since: str, **_: Any) -> None:
    """See services.recheck_source."""
    services.recheck_source(source_id=source_id, since=datetime.fromisoformat(since))


@shared_task
def recheck_all_sources(**_: Any) -> None:
    """See services.recheck_all_sources."""
    services.recheck_all_sources()
