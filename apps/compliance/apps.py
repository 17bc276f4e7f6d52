"""App configuration of compliance."""

from __future__ import annotations

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """Policy packs, rules and findings."""

    name = "apps.compliance"
    verbose_name = "Compliance"
