"""Wakes waiting agents; takes jobs back from refused ones and tells people of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.dispatch import receiver
from django.urls import reverse

from apps.datasources.signals import (
    agent_appeared,
    agent_changed,
    agent_revoked,
    connection_test_requested,
    source_changed,
)
from apps.datasources.types import RevokedBecause
from apps.notifications import services as notifications
from apps.notifications.types import NoticeLevel
from apps.rbac.selectors import list_people_with_role
from apps.rbac.types import Role

from . import doorbell, services
from .signals import job_opened

if TYPE_CHECKING:
    from apps.datasources.models import Agent, DataSource

TELL_EVERY_SECONDS = 5


@receiver((job_opened, connection_test_requested, agent_revoked))
def wake_agents(**_: Any) -> None:
    """Ring; agents of other processes look for themselves every second."""
    doorbell.ring()


@receiver(agent_changed)
def refresh_agent_pages(**_: Any) -> None:
    """Pages of agents look again, but not for every heartbeat of hundreds."""
    if cache.add("discovery:agents_told", 1, TELL_EVERY_SECONDS):
        tell_agent_pages()


@receiver((agent_appeared, agent_revoked))
def tell_agent_pages(**_: Any) -> None:
    """Somebody waits to see this, and a heartbeat of another agent must not swallow it."""
    notifications.publish_event(topic="agents", kind="changed", data={})


@receiver(agent_revoked)
def alert_of_copies(agent: Agent, **_: Any) -> None:
    """Administrators must know when an identity was used twice."""
    if agent.revoked_because == RevokedBecause.ADMIN:
        return
    notifications.notify(
        users=list_people_with_role(Role.ADMIN),
        kind="agent_misused",
        level=NoticeLevel.ERROR,
        title=f"Agent {agent.name} was revoked: its identity may have been copied"[:200],
        body=f"{RevokedBecause(agent.revoked_because).label}. All that use it are refused."
        " Find out who has a copy of its directory, then enrol it again.",
        url=reverse("datasources:agent-detail", args=[agent.public_id]),
        dedupe_key=f"agent:{agent.public_id}:misused:{agent.revoked_at}",
    )


@receiver(agent_revoked)
def take_jobs_back(agent: Agent, **_: Any) -> None:
    """What a refused agent held waits for another of its pool, or for the agent's return."""
    services.release_agent_jobs(agent=agent)


@receiver(source_changed)
def hand_jobs_over(source: DataSource, **_: Any) -> None:
    """Who no longer serves the source can't go on, and must not keep the job from who does."""
    services.release_unserved_jobs(source=source)
