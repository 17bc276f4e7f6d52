"""Routes of the API's labels, decisions and semantic types."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from .rest import DecisionViewSet, LabelViewSet, SemanticTypeViewSet

app_name = "classification-api"
router = SimpleRouter(use_regex_path=False)
router.register("labels", LabelViewSet, basename="label")
router.register("decisions", DecisionViewSet, basename="decision")
urlpatterns = [
    *router.urls,
    path("semantic-types/", SemanticTypeViewSet.as_view({"get": "list"}), name="type-list"),
    path(
        "semantic-types/<str:name>/",
        SemanticTypeViewSet.as_view({"get": "retrieve"}),
        name="type-detail",
    ),
]
