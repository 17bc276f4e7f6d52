"""Admin pages of runs: to look, not to change; the conductor alone writes these rows."""

from __future__ import annotations

from django.contrib import admin

from datawave.common.admin import ReadOnlyAdmin

from .models import Run, RunEvent, StageRun


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
