"""Routes of the run pages and of the health checks."""

from __future__ import annotations

from django.urls import path

from . import comparison_views, health, schedule_views, timeline_views, undo_views, views

app_name = "racine"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("sources/<uuid:public_id>/discover/", views.start_run, name="run-start"),
    path("demo/", views.start_demo, name="demo-start"),
    path("runs/", views.list_runs, name="run-list"),
    path("runs/<uuid:public_id>/", views.show_run, name="run-detail"),
    path("runs/<uuid:public_id>/cancel/", views.cancel_run, name="run-cancel"),
    path("runs/<uuid:public_id>/resume/", views.resume_run, name="run-resume"),
    path("runs/<uuid:public_id>/retry/", views.retry_run, name="run-retry"),
    path("runs/<uuid:public_id>/rerun/<slug:stage>/", views.rerun_stage, name="stage-rerun"),
    path(
        "runs/<uuid:public_id>/set-aside/<int:work_id>/requeue/",
        views.requeue_stage,
        name="stage-requeue",
    ),
    path(
        "runs/<uuid:public_id>/set-aside/<int:work_id>/discard/",
        views.discard_stage,
        name="stage-discard",
    ),
    path(
        "runs/<uuid:public_id>/refused/<int:seq>/requeue/",
        views.requeue_refused,
        name="refused-requeue",
    ),
    path(
        "runs/<uuid:public_id>/refused/<int:seq>/discard/",
        views.discard_refused,
        name="refused-discard",
    ),
    path("runs/<uuid:public_id>/log.txt", views.download_log, name="run-log"),
    path("runs/<uuid:public_id>/timeline/", timeline_views.show_timeline, name="run-timeline"),
    path("runs/<uuid:public_id>/compare/", comparison_views.compare, name="run-compare"),
    path("runs/<uuid:public_id>/undo/", undo_views.undo_run, name="run-undo"),
    path("schedules/", schedule_views.list_schedules, name="schedule-list"),
    path("schedules/preview/", schedule_views.preview_schedule, name="schedule-preview"),
    path("schedules/pause/", schedule_views.pause_all, name="schedules-pause"),
    path("schedules/resume/", schedule_views.resume_all, name="schedules-resume"),
    path("schedules/limits/", schedule_views.set_limits, name="run-limits"),
    path("schedules/<uuid:public_id>/", schedule_views.edit_schedule, name="schedule-edit"),
    path("schedules/<uuid:public_id>/hook/", schedule_views.renew_hook, name="schedule-hook"),
    path(
        "schedules/<uuid:public_id>/<slug:act>/",
        schedule_views.act_on_schedule,
        name="schedule-act",
    ),
    path("sources/<uuid:public_id>/schedule/", schedule_views.add_schedule, name="schedule-add"),
    path("sources/<uuid:public_id>/hours/", schedule_views.show_hours, name="source-hours"),
    path(
        "sources/<uuid:public_id>/freshness/",
        schedule_views.set_freshness,
        name="source-freshness",
    ),
    path("sources/<uuid:public_id>/blackouts/", schedule_views.add_blackout, name="blackout-add"),
    path(
        "blackouts/<uuid:public_id>/delete/",
        schedule_views.delete_blackout,
        name="blackout-delete",
    ),
]
