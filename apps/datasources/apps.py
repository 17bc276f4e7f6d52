"""App configuration of datasources."""

from __future__ import annotations

from django.apps import AppConfig


class DataSourcesConfig(AppConfig):
    """Databases to govern, their secrets, and the agents that serve them."""

    name = "apps.datasources"
    verbose_name = "Data sources"

    def ready(self) -> None:
        """Register the menu entry."""
        from datawave.common.navigation import NavItem, register_nav

        register_nav(
            NavItem(
                key="sources",
                title="Data sources",
                url_name="datasources:source-list",
                icon="database",
                order=1,
            )
        )
