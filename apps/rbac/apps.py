"""App configuration of rbac."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RbacConfig(AppConfig):
    """Who may do what, and who did what."""

    name = "apps.rbac"
    verbose_name = "People and permissions"

    def ready(self) -> None:
        """Give the role groups their permissions after each migration."""
        from . import openapi, receivers  # noqa: F401  # registers itself

        post_migrate.connect(receivers.fill_role_groups, dispatch_uid="rbac.fill_role_groups")
