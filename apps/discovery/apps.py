"""App configuration of discovery."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DiscoveryConfig(AppConfig):
    """Jobs, batches, datasets and fields: what agents say of sources."""

    name = "apps.discovery"
    verbose_name = "Discovery"

    def ready(self) -> None:
        """Wake waiting agents when there is work; add datasets to the pages of sources."""
        from . import receivers  # noqa: F401  # registers itself
        from .guards import install_guards
        from .source_parts import register_source_parts

        register_source_parts()
        post_migrate.connect(install_guards, sender=self)
