"""App configuration of scan."""

from __future__ import annotations

from django.apps import AppConfig


class ScanConfig(AppConfig):
    """Measures structure, size, quality and drift."""

    name = "apps.scan"
    verbose_name = "Scan"
