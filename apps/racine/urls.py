"""Routes of the run pages and of the health checks."""

from __future__ import annotations

from django.urls import path

from . import health, views

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
    path("runs/<uuid:public_id>/log.txt", views.download_log, name="run-log"),
]
