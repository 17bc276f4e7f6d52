"""Addresses of the catalogue under /api/v1/."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from .rest import EntryViewSet, RelationshipViewSet

app_name = "catalog-api"
router = SimpleRouter(use_regex_path=False)
router.register("entries", EntryViewSet, basename="entry")
router.register("relationships", RelationshipViewSet, basename="relationship")
urlpatterns = router.urls
