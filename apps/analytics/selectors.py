"""Reads of measurements: settings for the next run, and the overview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models import RunRecord, RunRecordQuerySet
from .types import CurrentTuning

if TYPE_CHECKING:
    from apps.datasources.models import DataSource
    from apps.rbac.models import User


def current_tuning(source: DataSource) -> CurrentTuning:
    """Settings for the source's next run."""
    return CurrentTuning()


def list_visible_records(user: User) -> RunRecordQuerySet:
    """Measured runs of sources that the person may view, newest first."""
    return RunRecord.objects.visible_to(user)
