"""Routes of the API's sources, tests, agents and engines."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from .rest import AgentViewSet, EngineList, SourceViewSet, TestViewSet

app_name = "datasources-api"
router = SimpleRouter(use_regex_path=False)
router.register("sources", SourceViewSet, basename="source")
router.register("tests", TestViewSet, basename="test")
router.register("agents", AgentViewSet, basename="agent")
urlpatterns = [path("engines/", EngineList.as_view(), name="engine-list"), *router.urls]
