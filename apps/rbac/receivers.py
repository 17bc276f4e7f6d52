"""Keeps the role groups in step with the permissions that migrations made."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions

from . import services


def fill_role_groups(sender: AppConfig, using: str = "default", **_: Any) -> None:
    """After the app that holds the scope has its tables, give each role its permissions."""
    if sender.label != services.SCOPE_APP:
        return
    # Django makes permissions in a receiver of the same signal, in no order to rely on.
    create_permissions(sender, using=using, verbosity=0)
    services.fill_role_groups()
