"""App configuration of racine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

if TYPE_CHECKING:
    from django.http import HttpRequest

    from apps.rbac.models import User


class RacineConfig(AppConfig):
    """Conducts runs: start, fan-out, join, retry, resume, cancel."""

    name = "apps.racine"
    verbose_name = "Runs"

    def ready(self) -> None:
        """Register the live topic, the menu entry, the running chips, metrics and what waits."""
        from apps.discovery.stages import register_backlog
        from apps.notifications.topics import register_topic
        from datawave.common.navigation import NavItem, register_context, register_nav
        from datawave.common.state_guards import withdraw

        from . import receivers  # noqa: F401  # connects itself
        from .guards import install_guards
        from .metrics import register_metrics
        from .panels import register_agent_parts, register_source_parts
        from .selectors import count_active_runs, count_waiting_work, is_visible_run

        register_topic("run", authorise=is_visible_run, snapshot=_load_snapshot)
        register_nav(
            NavItem(
                key="runs",
                title="Discovery",
                url_name="racine:run-list",
                icon="scan",
                order=2,
                count=count_active_runs,
            )
        )
        register_context(_add_running)
        register_metrics()
        register_backlog(count_waiting_work)
        register_source_parts()
        register_agent_parts()
        pre_migrate.connect(withdraw, sender=self)
        post_migrate.connect(install_guards, sender=self)


def _load_snapshot(user: User, key: str) -> dict[str, Any]:
    from .selectors import get_run, load_live

    return load_live(get_run(user=user, public_id=key))


def _add_running(request: HttpRequest) -> dict[str, Any]:
    from datawave.common.demo import has_demo

    from .selectors import list_running

    running = list_running(request.user)  # type: ignore[arg-type]  # signed in
    return {"running": running, "has_demo": has_demo()}
