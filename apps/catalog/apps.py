"""App configuration of catalog."""

from __future__ import annotations

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Business context, relationships and search."""

    name = "apps.catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        """Join the stages, the tabs and the menu."""
        from apps.discovery.panels import register_panel
        from apps.discovery.stages import register_stage
        from datawave.common.navigation import NavItem, register_nav

        from . import panels, receivers  # noqa: F401  # receivers register themselves
        from .stage import CatalogStage

        register_stage(CatalogStage())
        for panel in panels.PANELS:
            register_panel(panel)
        register_nav(
            NavItem(
                key="catalog",
                title="Catalog",
                url_name="catalog:entry-list",
                icon="books",
                group="Govern",
                order=0,
            )
        )
