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


@shared_task
def learn(*, learning_id: int, **_: Any) -> None:
    """See services.learn."""
    services.learn(learning_id=learning_id)


@shared_task
def learn_if_due(**_: Any) -> None:
    """See services.learn_if_due."""
    services.learn_if_due()
