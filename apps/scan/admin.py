"""Measurements in the admin site, to look at only."""

from __future__ import annotations

from django.contrib import admin

from datawave.common.admin import ReadOnlyAdmin

from .models import DatasetMeasurement, FieldMeasurement


@admin.register(DatasetMeasurement)
class DatasetMeasurementAdmin(ReadOnlyAdmin):
    """Measurements of datasets."""

    list_display = ("dataset", "at", "row_count", "completeness", "quality")
    list_select_related = ("dataset",)
    search_fields = ("dataset__name",)
    date_hierarchy = "at"


@admin.register(FieldMeasurement)
class FieldMeasurementAdmin(ReadOnlyAdmin):
    """Measures of fields."""

    list_display = ("field", "null_rate", "distinct_rate", "protection")
    list_select_related = ("field",)
    list_filter = ("protection",)
    search_fields = ("field__name",)
