"""Routes of the API's sources, tests, agents, codes and engines."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from .agent_rest import AgentViewSet, CodeViewSet
from .rest import EngineList, SourceViewSet, TestViewSet

app_name = "datasources-api"
router = SimpleRouter(use_regex_path=False)
router.register("sources", SourceViewSet, basename="source")
router.register("tests", TestViewSet, basename="test")
router.register("agents", AgentViewSet, basename="agent")
router.register("agent-codes", CodeViewSet, basename="agent-code")
urlpatterns = [path("engines/", EngineList.as_view(), name="engine-list"), *router.urls]
