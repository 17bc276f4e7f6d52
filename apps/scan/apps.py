"""App configuration of scan."""

from __future__ import annotations

from django.apps import AppConfig


class ScanConfig(AppConfig):
    """Measures structure, size, quality and drift."""

    name = "apps.scan"
    verbose_name = "Scan"

    def ready(self) -> None:
        """Register the stage and the tabs."""
        from apps.discovery.panels import register_panel
        from apps.discovery.stages import Reversal, register_reversal, register_stage

        from .panels import HISTORY, PROFILE
        from .stage import ScanStage
        from .undoing import count_measures, take_back_measures

        register_stage(ScanStage())
        register_reversal(
            Reversal(name="measures", count=count_measures, take_back=take_back_measures)
        )
        register_panel(PROFILE)
        register_panel(HISTORY)
