"""App configuration of classification."""

from __future__ import annotations

from django.apps import AppConfig


class ClassificationConfig(AppConfig):
    """Says what columns mean."""

    name = "apps.classification"
    verbose_name = "Classification"

    def ready(self) -> None:
        """Register the stage, what other pages show of it, and the menu entry."""
        from apps.discovery.panels import register_panel
        from apps.discovery.stages import (
            Reversal,
            register_comparison,
            register_recognisers,
            register_reversal,
            register_stage,
        )
        from datawave.common.navigation import NavItem, register_nav
        from datawave.common.parts import register_part

        from . import receivers  # noqa: F401  # registers itself
        from .comparing import compare_labels
        from .in_force import list_wire
        from .panels import SIGN_OFF, SOURCE_SIGN_OFF
        from .selectors import count_suggestions
        from .stage import ClassificationStage
        from .undoing import count_labels, find_decided_fields, take_back_labels

        register_stage(ClassificationStage())
        register_comparison(compare_labels)
        register_recognisers(list_wire)
        register_reversal(
            Reversal(
                name="labels",
                count=count_labels,
                take_back=take_back_labels,
                find_worked_on=find_decided_fields,
            )
        )
        register_panel(SIGN_OFF)
        register_part(SOURCE_SIGN_OFF)
        register_nav(
            NavItem(
                key="classification",
                title="Classification",
                url_name="classification:label-list",
                icon="fingerprint",
                group="Govern",
                order=1,
                tone="yellow",
                count=count_suggestions,
            )
        )
