"""All URLs: pages, the API under /api/v1/, agents under /api/edge/v1/, metrics."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from datawave.common.navigation import show_menu_counts
from datawave.common.rest import ApiIndex, ApiSchema, refuse_unknown, show_docs

APPS = (
    "analytics", "racine", "datasources", "catalog", "classification", "compliance",
    "notifications", "discovery", "rbac",
)  # fmt: skip


def _include(module: str, prefix: str) -> list[URLPattern | URLResolver]:
    """The module's routes of every app that has one."""
    names = (f"apps.{app}.{module}" for app in APPS)
    return [path(prefix, include(name)) for name in names if find_spec(name)]


API: list[URLPattern | URLResolver] = [
    path("api/v1/", ApiIndex.as_view(), name="api-index"),
    *_include("rest_urls", "api/v1/"),
]
urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("django_prometheus.urls")),
    *_include("urls", ""),
    path("menu/counts/", show_menu_counts, name="menu-counts"),
    *API,
    path("api/v1/openapi.json", ApiSchema.as_view(patterns=API), name="api-schema"),
    path("api/v1/docs/", show_docs, name="api-docs"),
    *_include("edge_urls", "api/edge/v1/"),
    re_path(r"^api(/|$)", refuse_unknown),
]
