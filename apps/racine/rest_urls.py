"""Routes of the API's runs and schedules."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from .incident_rest import ErrorCodeList, IncidentViewSet
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
router.register("incidents", IncidentViewSet, basename="incident")
urlpatterns = [
    path("error-codes/", ErrorCodeList.as_view(), name="error-codes"),
    *router.urls,
    path("orchestration/", OrchestrationView.as_view(), name="orchestration"),
    path("hooks/<uuid:public_id>/", ChangeHook.as_view(), name="hook"),
    path("sources/<uuid:public_id>/freshness/", FreshnessObjective.as_view(), name="freshness"),
]
