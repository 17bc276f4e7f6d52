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
        from apps.discovery.stages import (
            Reversal,
            register_reversal,
            register_sketching,
            register_stage,
        )
        from datawave.common.navigation import NavItem, register_nav

        from . import panels, receivers  # noqa: F401  # receivers register themselves
        from .sketching import load_sketching
        from .stage import CatalogStage
        from .undoing import count_entries, find_described_fields, keep_entries

        register_stage(CatalogStage())
        register_sketching(load_sketching)
        register_reversal(
            Reversal(
                name="entries",
                count=count_entries,
                take_back=keep_entries,
                find_worked_on=find_described_fields,
            )
        )
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
