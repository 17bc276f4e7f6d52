"""App configuration of rbac."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

if TYPE_CHECKING:
    from django.http import HttpRequest


class RbacConfig(AppConfig):
    """Who may do what, and who did what."""

    name = "apps.rbac"
    verbose_name = "People and permissions"

    def ready(self) -> None:
        """Give the role groups their permissions after each migration; show the own role."""
        from datawave.common.navigation import register_context

        from . import openapi, receivers  # noqa: F401  # registers itself

        register_context(_tell_role)

        post_migrate.connect(receivers.fill_role_groups, dispatch_uid="rbac.fill_role_groups")


def _tell_role(request: HttpRequest) -> dict[str, Any]:
    """What the side bar says under the person's name."""
    from .services import describe_roles

    titles = describe_roles(request.user)  # type: ignore[arg-type]  # signed in
    return {"role_title": ", ".join(titles)}
