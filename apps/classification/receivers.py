"""Hands work to Celery when a service announces it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from . import tasks
from .signals import replay_due, replay_ended


@receiver(replay_due, dispatch_uid="classification.replay_due")
def work_on_replay(replay: Any, **_: Any) -> None:
    """A task is a hint; the sweeper gives it again when it is lost."""
    tasks.advance_replay.delay(replay_id=replay.pk)


@receiver(replay_ended, dispatch_uid="classification.replay_ended")
def follow_replay(replay: Any, **_: Any) -> None:
    """A preview may be followed by an activation."""
    if replay.then_activate:
        tasks.end_replay.delay(replay_id=replay.pk)
