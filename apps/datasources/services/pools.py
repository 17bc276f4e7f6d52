"""Which agents serve which source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from apps.datasources import signals
from apps.datasources.models import Agent, DataSource
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.announcing import announce
from datawave.common.errors import DataWaveError

from .agents import pass_on

if TYPE_CHECKING:
    from apps.rbac.models import User


class PasswordStored(DataWaveError):
    """This server keeps the source's password, which no other agent is given. Enter a reference
    such as env:CRM_PASSWORD in its connection instead."""

    status = 409


class AgentUseless(DataWaveError):
    """A revoked agent can serve nothing. Enrol it again first."""

    status = 409
    code = "agent_revoked"


@transaction.atomic
def assign_source(*, agent: Agent, source: DataSource, user: User) -> None:
    """Let the agent serve a source, alone or beside those that do already; again is no change."""
    rbac.require(user, Action.MANAGE, source)
    if agent.revoked_at is not None:
        raise AgentUseless
    if not agent.embedded:
        require_no_password(source)
    serve(source, agent)
    _record(user, "source_agent_added", source, agent)


@transaction.atomic
def release_source(*, agent: Agent, source: DataSource, user: User) -> None:
    """Take a source away from the agent; the next of its pool, else the server's own, goes on."""
    rbac.require(user, Action.MANAGE, source)
    pass_on(source, agent)
    _record(user, "source_agent_removed", source, agent)


def require_no_password(source: DataSource) -> None:
    """Raise PasswordStored when an agent elsewhere could not sign in."""
    if source.password:
        raise PasswordStored(field="sources")


def serve(source: DataSource, agent: Agent) -> None:
    """Make the agent the source's own, or one of its pool when it has one."""
    if agent.embedded:
        # It serves what no other agent does.
        DataSource.objects.filter(pk=source.pk).update(agent=None)
        return
    unserved = DataSource.objects.filter(pk=source.pk, agent=None)
    if unserved.update(agent=agent) != 1 and source.agent_id != agent.pk:
        source.more_agents.add(agent)


def _record(user: User, action: str, source: DataSource, agent: Agent) -> None:
    rbac.record_audit(
        actor=user, action=action, scope=source, detail={"source": source.name, "agent": agent.name}
    )
    announce(signals.source_changed, DataSource, source=source)
    announce(signals.agent_changed, Agent, agent=agent)
