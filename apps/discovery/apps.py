"""App configuration of discovery."""

from __future__ import annotations

from django.apps import AppConfig


class DiscoveryConfig(AppConfig):
    """Jobs, batches, datasets and fields: what agents say of sources."""

    name = "apps.discovery"
    verbose_name = "Discovery"
