"""App configuration of notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.http import HttpRequest

    from apps.rbac.models import User


class NotificationsConfig(AppConfig):
    """Tells people: live events, inbox, e-mail."""

    name = "apps.notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        """Register the inbox's topic and the number on the bell."""
        from datawave.common.navigation import register_context

        from . import receivers  # noqa: F401  # connects itself
        from .selectors import count_unread, load_inbox
        from .topics import register_topic

        def snapshot(user: User, _key: str) -> dict[str, Any]:
            return load_inbox(user)

        def unread(request: HttpRequest) -> dict[str, Any]:
            return {"unread": count_unread(request.user)}  # type: ignore[arg-type]  # signed in

        register_topic("inbox", authorise=_may_read_inbox, snapshot=snapshot, personal=True)
        register_context(unread)


def _may_read_inbox(user: User, _key: str) -> bool:
    return user.is_active
