"""All URLs: pages, the API under /api/v1/, agents under /api/edge/v1/, metrics."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

APPS = (
    "analytics", "racine", "datasources", "catalog", "classification", "compliance",
    "notifications", "discovery", "rbac",
)  # fmt: skip


def _include(module: str, prefix: str) -> list[URLPattern | URLResolver]:
    """The module's routes of every app that has one."""
    names = (f"apps.{app}.{module}" for app in APPS)
    return [path(prefix, include(name)) for name in names if find_spec(name)]


urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("django_prometheus.urls")),
    *_include("urls", ""),
    *_include("rest_urls", "api/v1/"),
    *_include("edge_urls", "api/edge/v1/"),
]
