"""App configuration of analytics."""

from __future__ import annotations

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Measures every run; the overview page."""

    name = "apps.analytics"
    verbose_name = "Analytics"
