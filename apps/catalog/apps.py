"""App configuration of catalog."""

from __future__ import annotations

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Business context, relationships and search."""

    name = "apps.catalog"
    verbose_name = "Catalog"
