"""Admin pages of runs: to look, not to change; the conductor alone writes these rows."""

from __future__ import annotations

from django.contrib import admin

from datawave.common.admin import ReadOnlyAdmin

from .models import (
    Blackout,
    Freshness,
    Incident,
    Orchestration,
    Run,
    RunEvent,
    Schedule,
    ScheduleFire,
    StageRun,
    StateChange,
    Undo,
)


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


@admin.register(StateChange)
class StateChangeAdmin(ReadOnlyAdmin):
    """Changes of state, as the database itself wrote them down."""

    list_display = ["at", "run_id", "kind", "row_id", "before", "after", "fence"]
    list_filter = ["kind", "after"]
    search_fields = ["=run_id"]


@admin.register(Undo)
class UndoAdmin(ReadOnlyAdmin):
    """Runs that are taken back."""

    list_display = ["run", "state", "requested_by", "requested_at", "failures", "finished_at"]
    list_filter = ["state"]
    search_fields = ["run__source__name"]
    list_select_related = ["run__source", "requested_by"]


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """What goes wrong with a source, run after run."""

    list_display = ["source", "code", "runs", "opened_at", "last_seen_at", "cleared_at"]
    list_filter = [("cleared_at", admin.EmptyFieldListFilter)]
    search_fields = ["source__name", "code"]
    list_select_related = ["source"]


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    """Schedules and hooks; a hook's token is nowhere."""

    list_display = ["source", "kind", "cron", "every_minutes", "next_due_at", "paused_at"]
    list_filter = ["kind", "priority", ("paused_at", admin.EmptyFieldListFilter)]
    search_fields = ["source__name", "cron"]
    list_select_related = ["source"]
    exclude = ["token_hash"]


@admin.register(ScheduleFire)
class ScheduleFireAdmin(ReadOnlyAdmin):
    """What schedules did."""

    list_display = ["due_at", "schedule", "state", "run", "reason"]
    list_filter = ["state"]
    search_fields = ["schedule__source__name", "reason"]
    list_select_related = ["schedule__source", "run__source"]


@admin.register(Blackout)
class BlackoutAdmin(ReadOnlyAdmin):
    """When a source is left alone."""

    list_display = ["source", "name", "begins", "ends", "time_zone"]
    search_fields = ["source__name", "name"]
    list_select_related = ["source"]


@admin.register(Freshness)
class FreshnessAdmin(ReadOnlyAdmin):
    """How fresh a source has to be."""

    list_display = ["source", "hours", "missed_at"]
    list_filter = [("missed_at", admin.EmptyFieldListFilter)]
    search_fields = ["source__name"]
    list_select_related = ["source"]


@admin.register(Orchestration)
class OrchestrationAdmin(ReadOnlyAdmin):
    """How much runs at once; it is set on the page of runs."""

    list_display = ["most_runs", "most_runs_per_agent", "paused_at", "paused_by"]
    list_select_related = ["paused_by"]
