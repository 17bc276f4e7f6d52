"""REST routes of notifications."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from . import rest

app_name = "notifications-api"
router = SimpleRouter()
router.register("notices", rest.NoticeViewSet, basename="notice")
urlpatterns = router.urls
