"""Takes back what a run measured."""

from __future__ import annotations

from apps.discovery.types import UndoScope

from .models import DatasetMeasurement


def count_measures(scope: UndoScope) -> dict[str, int]:
    """Tables that were measured anew."""
    return {"measures": DatasetMeasurement.objects.filter(job=scope.job_id).count()}


def take_back_measures(scope: UndoScope) -> None:
    """The measures before are the newest again; those of columns are taken anew."""
    DatasetMeasurement.objects.filter(job=scope.job_id).delete()
