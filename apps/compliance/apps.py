"""App configuration of compliance."""

from __future__ import annotations

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """Policy packs, rules and findings."""

    name = "apps.compliance"
    verbose_name = "Compliance"

    def ready(self) -> None:
        """Join the stages, the tabs and the menu."""
        from apps.discovery.panels import register_panel
        from apps.discovery.stages import (
            Reversal,
            register_comparison,
            register_reversal,
            register_stage,
        )
        from datawave.common.navigation import NavItem, register_nav
        from datawave.common.parts import register_facts

        from . import receivers  # noqa: F401  # registers itself
        from .comparing import compare_findings
        from .panels import FINDINGS, count_source_findings
        from .selectors import count_active_findings
        from .stage import ComplianceStage
        from .undoing import count_findings, find_decided_fields, take_back_findings

        register_stage(ComplianceStage())
        register_comparison(compare_findings)
        register_reversal(
            Reversal(
                name="findings",
                count=count_findings,
                take_back=take_back_findings,
                find_worked_on=find_decided_fields,
            )
        )
        register_panel(FINDINGS)
        register_facts("source", count_source_findings)
        register_nav(
            NavItem(
                key="compliance",
                title="Compliance",
                url_name="compliance:finding-list",
                icon="shield-check",
                group="Govern",
                order=2,
                tone="red",
                count=count_active_findings,
            )
        )
