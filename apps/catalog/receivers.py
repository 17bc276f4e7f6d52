"""Looks at an entry again when a label of its table was decided."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from apps.classification.signals import label_decided

from . import tasks


@receiver(label_decided, dispatch_uid="catalog.refresh_entry")
def refresh_after_decision(label: Any, **_: Any) -> None:
    """Sensitivity, personal data and search words rest on labels."""
    tasks.refresh_entry.delay(dataset_id=label.field.dataset_id)
