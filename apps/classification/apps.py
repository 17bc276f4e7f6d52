"""App configuration of classification."""

from __future__ import annotations

from django.apps import AppConfig


class ClassificationConfig(AppConfig):
    """Says what columns mean."""

    name = "apps.classification"
    verbose_name = "Classification"
