"""App configuration of notifications."""

from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Tells people: live events, inbox, e-mail."""

    name = "apps.notifications"
    verbose_name = "Notifications"
