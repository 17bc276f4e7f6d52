"""Routes of the API's runs and schedules."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from .rest import RunViewSet
from .schedule_rest import (
    BlackoutViewSet,
    ChangeHook,
    FreshnessObjective,
    OrchestrationView,
    ScheduleViewSet,
)

app_name = "racine-api"
router = SimpleRouter(use_regex_path=False)
router.register("runs", RunViewSet, basename="run")
router.register("schedules", ScheduleViewSet, basename="schedule")
router.register("blackouts", BlackoutViewSet, basename="blackout")
urlpatterns = [
    *router.urls,
    path("orchestration/", OrchestrationView.as_view(), name="orchestration"),
    path("hooks/<uuid:public_id>/", ChangeHook.as_view(), name="hook"),
    path("sources/<uuid:public_id>/freshness/", FreshnessObjective.as_view(), name="freshness"),
]
