"""Admin page of measured runs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from .models import RunRecord


@admin.register(RunRecord)
class RunRecordAdmin(ModelAdmin):  # type: ignore[misc]  # untyped base
    """Measurements, written by the product alone."""

    list_display = ["number", "source", "state", "trigger", "started_at", "duration_seconds"]
    list_filter = ["state", "trigger"]
    list_select_related = ["source"]
    search_fields = ["source__name"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
