"""App configuration of discovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

if TYPE_CHECKING:
    from apps.rbac.models import User


class DiscoveryConfig(AppConfig):
    """Jobs, batches, datasets and fields: what agents say of sources."""

    name = "apps.discovery"
    verbose_name = "Discovery"

    def ready(self) -> None:
        """Wake waiting agents when there is work; add datasets to the pages of sources."""
        from apps.notifications.topics import register_topic

        from . import receivers  # noqa: F401  # registers itself
        from .guards import install_guards
        from .source_parts import register_agent_facts, register_source_parts

        register_source_parts()
        register_agent_facts()
        post_migrate.connect(install_guards, sender=self)
        # Tells only that something changed; the page itself asks for what the person may see.
        register_topic("agents", authorise=_is_active, snapshot=_load_nothing)


def _is_active(user: User, _key: str) -> bool:
    return user.is_active


def _load_nothing(_user: User, _key: str) -> dict[str, Any]:
    return {}
