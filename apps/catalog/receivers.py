"""Looks at entries again when a label of a table or the end of tables was decided."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from apps.classification.signals import label_decided, labels_rejudged
from apps.discovery.signals import absence_decided

from . import tasks


@receiver(label_decided, dispatch_uid="catalog.refresh_entry")
def refresh_after_decision(label: Any, **_: Any) -> None:
    """Sensitivity, personal data and search words rest on labels."""
    tasks.refresh_entry.delay(dataset_id=label.field.dataset_id)


@receiver(absence_decided, dispatch_uid="catalog.publish_source")
def publish_after_decision(doubt: Any, **_: Any) -> None:
    """Entries of tables that are gone leave the catalogue, and come back with them."""
    tasks.publish_source.delay(source_id=doubt.source_id)


@receiver(labels_rejudged, dispatch_uid="catalog.refresh_entries")
def refresh_after_rejudging(dataset_ids: list[int], **_: Any) -> None:
    """The machine changed its mind without a run."""
    for dataset_id in dataset_ids:
        tasks.refresh_entry.delay(dataset_id=dataset_id)
