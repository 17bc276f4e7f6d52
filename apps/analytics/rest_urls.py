"""REST routes of analytics."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from . import rest

app_name = "analytics-api"
router = SimpleRouter()
router.register("run-records", rest.RunRecordViewSet, basename="run-record")
urlpatterns = [path("overview/", rest.OverviewView.as_view(), name="overview"), *router.urls]
