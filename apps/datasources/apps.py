"""App configuration of datasources."""

from __future__ import annotations

from django.apps import AppConfig


class DataSourcesConfig(AppConfig):
    """Databases to govern, their secrets, and the agents that serve them."""

    name = "apps.datasources"
    verbose_name = "Data sources"
