"""Measurements in the admin site, to look at only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from .models import DatasetMeasurement, FieldMeasurement


class MeasuredAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Rows that the machine makes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DatasetMeasurement)
class DatasetMeasurementAdmin(MeasuredAdmin):
    """Measurements of datasets."""

    list_display = ("dataset", "at", "row_count", "completeness", "quality")
    list_select_related = ("dataset",)
    search_fields = ("dataset__name",)
    date_hierarchy = "at"


@admin.register(FieldMeasurement)
class FieldMeasurementAdmin(MeasuredAdmin):
    """Measures of fields."""

    list_display = ("field", "null_rate", "distinct_rate", "protection")
    list_select_related = ("field",)
    list_filter = ("protection",)
    search_fields = ("field__name",)
