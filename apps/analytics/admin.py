"""Admin page of measured runs."""

from __future__ import annotations

from django.contrib import admin

from datawave.common.admin import ReadOnlyAdmin

from .models import RunRecord


@admin.register(RunRecord)
class RunRecordAdmin(ReadOnlyAdmin):
    """Measurements, written by the product alone."""

    list_display = ["number", "source", "state", "trigger", "started_at", "duration_seconds"]
    list_filter = ["state", "trigger"]
    list_select_related = ["source"]
    search_fields = ["source__name"]
