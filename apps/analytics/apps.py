"""App configuration of analytics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

if TYPE_CHECKING:
    from apps.rbac.models import User


class AnalyticsConfig(AppConfig):
    """Measures every run; the overview page."""

    name = "apps.analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        """Register the menu entry and the live topic."""
        from apps.notifications.topics import register_topic
        from datawave.common.navigation import NavItem, register_nav

        register_topic("overview", authorise=_may_see, snapshot=_load_headline)
        register_nav(
            NavItem(
                key="overview",
                title="Overview",
                url_name="analytics:overview",
                icon="layout-dashboard",
                order=0,
            )
        )


def _may_see(user: User, key: str) -> bool:
    return user.is_active and not key


def _load_headline(user: User, _key: str) -> dict[str, Any]:
    from .selectors import load_overview

    overview = load_overview(user)
    return {
        "sources": overview.sources,
        "tables": overview.tables,
        "columns": overview.columns,
        "suggestions": overview.suggestions,
        "open_findings": overview.open_findings,
    }
