"""Reads of data sources and agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models import DataSource, DataSourceQuerySet

if TYPE_CHECKING:
    from apps.rbac.models import User


def list_visible_sources(user: User) -> DataSourceQuerySet:
    """Sources that the person may view."""
    return DataSource.objects.visible_to(user)
