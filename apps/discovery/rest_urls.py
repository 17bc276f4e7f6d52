"""Routes of the API's datasets, fields and schema changes."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from .rest import (
    DatasetViewSet,
    DoubtViewSet,
    FieldViewSet,
    PatternPreviewView,
    SchemaChangeViewSet,
)

app_name = "discovery-api"
router = SimpleRouter(use_regex_path=False)
router.register("datasets", DatasetViewSet, basename="dataset")
router.register("fields", FieldViewSet, basename="field")
router.register("schema-changes", SchemaChangeViewSet, basename="schema-change")
router.register("absences", DoubtViewSet, basename="absence")
urlpatterns = [
    path(
        "sources/<uuid:public_id>/patterns/preview/",
        PatternPreviewView.as_view(),
        name="pattern-preview",
    ),
    *router.urls,
]
