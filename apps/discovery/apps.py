"""App configuration of discovery."""

from __future__ import annotations

from django.apps import AppConfig


class DiscoveryConfig(AppConfig):
    """Jobs, batches, datasets and fields: what agents say of sources."""

    name = "apps.discovery"
    verbose_name = "Discovery"

    def ready(self) -> None:
        """Wake waiting agents when there is work."""
        from . import receivers  # noqa: F401  # registers itself
