"""Checks again when what rules rest on was changed by a person."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from apps.catalog.signals import entry_changed
from apps.classification.signals import label_decided, labels_rejudged, replay_ended

from . import tasks
from .signals import pack_switched


@receiver(label_decided, dispatch_uid="compliance.label_decided")
def recheck_after_decision(label: Any, **_: Any) -> None:
    """What a column means decides which rules apply."""
    _recheck(label.field.dataset)


@receiver(labels_rejudged, dispatch_uid="compliance.labels_rejudged")
def recheck_after_rejudging(dataset_ids: list[int], **_: Any) -> None:
    """The machine changed its mind without a run."""
    for dataset_id in dataset_ids:
        tasks.recheck_dataset.delay(dataset_id=dataset_id)


@receiver(replay_ended, dispatch_uid="compliance.replay_ended")
def recheck_after_replay(replay: Any, **_: Any) -> None:
    """What is counted over whole sources waits until all labels are there."""
    if replay.kind == "apply":
        tasks.recheck_all_sources.delay()


@receiver(entry_changed, dispatch_uid="compliance.entry_changed")
def recheck_after_change(entry: Any, **_: Any) -> None:
    """Rules read declared facts."""
    _recheck(entry.dataset)


@receiver(pack_switched, dispatch_uid="compliance.pack_switched")
def recheck_after_switch(setting: Any, **_: Any) -> None:
    """A pack that was off has not seen what changed meanwhile."""
    if setting.enabled:
        tasks.recheck_all_sources.delay()


def _recheck(dataset: Any) -> None:
    """The table at once, then what is counted or asked over its whole source."""
    tasks.recheck_dataset.delay(dataset_id=dataset.pk)
    tasks.recheck_source.delay(source_id=dataset.source_id, since=timezone.now().isoformat())
