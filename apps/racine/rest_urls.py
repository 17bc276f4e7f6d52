"""Routes of the API's runs."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from .rest import RunViewSet

app_name = "racine-api"
router = SimpleRouter(use_regex_path=False)
router.register("runs", RunViewSet, basename="run")
urlpatterns = router.urls
