"""Hands work to Celery when a service announces it."""

from __future__ import annotations

from typing import Any

from django.core.signals import request_started
from django.dispatch import receiver

from . import tasks
from .signals import labels_decided, learning_due, replay_due, replay_ended
from .vocabulary import refresh_vocabulary


@receiver(replay_due, dispatch_uid="classification.replay_due")
def work_on_replay(replay: Any, **_: Any) -> None:
    """A task is a hint; the sweeper gives it again when it is lost."""
    tasks.advance_replay.delay(replay_id=replay.pk)


@receiver(replay_ended, dispatch_uid="classification.replay_ended")
def follow_replay(replay: Any, **_: Any) -> None:
    """A preview may be followed by an activation."""
    if replay.then_activate:
        tasks.end_replay.delay(replay_id=replay.pk)


@receiver(learning_due, dispatch_uid="classification.learning_due")
def work_on_learning(learning: Any, **_: Any) -> None:
    """A task is a hint here too."""
    tasks.learn.delay(learning_id=learning.pk)


@receiver(labels_decided, dispatch_uid="classification.labels_decided")
def learn_from_decisions(**_: Any) -> None:
    """The service knows whether enough came together."""
    tasks.learn_if_due.delay()


@receiver(request_started, dispatch_uid="classification.request_started")
def read_own_types(**_: Any) -> None:
    """Pages name types as the installation does."""
    refresh_vocabulary()
