"""Addresses of compliance under /api/v1/."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from .rest import FindingViewSet, PackViewSet, RuleViewSet

app_name = "compliance-api"
router = SimpleRouter(use_regex_path=False)
router.register("findings", FindingViewSet, basename="finding")
router.register("rules", RuleViewSet, basename="rule")
router.register("packs", PackViewSet, basename="pack")
urlpatterns = router.urls
