"""Reads of measurements."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Max, QuerySet

from .models import DatasetMeasurement, FieldMeasurement


def load_measurements(dataset_ids: Iterable[int]) -> dict[int, DatasetMeasurement]:
    """The newest measurement of each dataset."""
    rows = DatasetMeasurement.objects.filter(dataset__in=list(dataset_ids))
    return {row.dataset_id: row for row in _pick_newest(rows)}


def list_newest(source_id: int) -> QuerySet[DatasetMeasurement]:
    """The newest measurement of each dataset of a source."""
    return _pick_newest(DatasetMeasurement.objects.filter(dataset__source=source_id))


def _pick_newest(rows: QuerySet[DatasetMeasurement]) -> QuerySet[DatasetMeasurement]:
    newest = rows.order_by().values("dataset").annotate(newest=Max("pk")).values("newest")
    return DatasetMeasurement.objects.filter(pk__in=newest)


def load_field_measurements(dataset_ids: Iterable[int]) -> dict[int, FieldMeasurement]:
    """The measures of each field of the datasets, by its id."""
    rows = FieldMeasurement.objects.filter(field__dataset__in=list(dataset_ids))
    return {row.field_id: row for row in rows}


def list_history(dataset_id: int, limit: int = 30) -> QuerySet[DatasetMeasurement]:
    """The dataset's measurements, newest first."""
    return DatasetMeasurement.objects.filter(dataset=dataset_id).order_by("-pk")[:limit]


def list_profiled_fields(dataset_id: int) -> QuerySet[FieldMeasurement]:
    """Measures of the dataset's active fields, in their order."""
    rows = FieldMeasurement.objects.filter(field__dataset=dataset_id, field__state="active")
    return rows.select_related("field").order_by("field__ordinal", "field__name")


def list_measured(dataset_ids: Iterable[int]) -> set[int]:
    """Those of the datasets that have a measurement."""
    rows = DatasetMeasurement.objects.filter(dataset__in=list(dataset_ids))
    return set(rows.values_list("dataset_id", flat=True).distinct().order_by())
