"""Background work of classification."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from . import services


@shared_task
def advance_replay(*, replay_id: int, **_: Any) -> None:
    """See services.advance_replay."""
    services.advance_replay(replay_id=replay_id)


@shared_task
def end_replay(*, replay_id: int, **_: Any) -> None:
    """See services.end_replay."""
    services.end_replay(replay_id=replay_id)
