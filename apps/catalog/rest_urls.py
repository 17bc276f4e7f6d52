"""Addresses of the catalogue under /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from .rest import EntryViewSet, JoinView, RelationshipViewSet

app_name = "catalog-api"
router = SimpleRouter(use_regex_path=False)
router.register("entries", EntryViewSet, basename="entry")
router.register("relationships", RelationshipViewSet, basename="relationship")
urlpatterns = [*router.urls, path("joins/", JoinView.as_view(), name="join-list")]
