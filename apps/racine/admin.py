"""Admin pages of runs: to look, not to change; the conductor alone writes these rows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from .models import Run, RunEvent, StageRun


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # it has no types
    """Rows that machines make."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes by hand."""
        return False


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Runs."""

    list_display = ["id", "source", "state", "trigger", "started_by", "started_at", "finished_at"]
    list_filter = ["state", "trigger"]
    search_fields = ["source__name", "public_id"]
    list_select_related = ["source", "started_by"]


@admin.register(StageRun)
class StageRunAdmin(ReadOnlyAdmin):
    """Stage runs."""

    list_display = ["id", "run", "stage", "state", "failures", "losses", "seconds", "error_code"]
    list_filter = ["state", "stage"]
    search_fields = ["run__source__name"]
    list_select_related = ["run", "batch"]


@admin.register(RunEvent)
class RunEventAdmin(ReadOnlyAdmin):
    """Lines of logs."""

    list_display = ["at", "run", "level", "source", "message"]
    list_filter = ["level"]
    search_fields = ["message"]
    list_select_related = ["run"]
