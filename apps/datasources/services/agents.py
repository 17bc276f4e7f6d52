"""Agents: made known, let in by their token, refused, and heard of."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from apps.datasources import signals
from apps.datasources.models import Agent, DataSource
from apps.datasources.selectors import find_agent, hash_secret
from apps.datasources.types import AgentWish, RevokedBecause
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.announcing import announce
from datawave.common.errors import DataWaveError, InputInvalid
from datawave_edge.protocol import Heartbeat

if TYPE_CHECKING:
    from apps.rbac.models import User

AGENT_TOKEN_PREFIX = "dwa_"  # noqa: S105  # the start of every token, not a secret
TOKEN_SECONDS = 900
# Seconds by which clocks of several hosts may differ.
CLOCKS_DIFFER = 60
EMBEDDED_NAME = "embedded"
AGENT_NAME = re.compile(r"\w[\w .-]{0,99}")
LAST_SEEN_EVERY = dt.timedelta(seconds=10)


class AgentRevoked(DataWaveError):
    """This agent was revoked. Enrol it again with a new code."""

    status = 401


class TokenExpired(DataWaveError):
    """This token has expired. Ask for another."""

    status = 401


class EmbeddedAgentKept(DataWaveError):
    """This agent belongs to the server, which starts and names it itself."""

    status = 409


class AgentNameTaken(InputInvalid):
    """An agent of this name is there already."""


def require_agents_managed(user: User | None) -> None:
    """Raise PermissionMissing unless the person may manage agents; None is the command line."""
    if user is not None:
        rbac.require(user, Action.MANAGE, None)


def check_agent_name(name: str) -> None:
    """Raise InputInvalid when no new agent can have this name."""
    if not AGENT_NAME.fullmatch(name):
        raise InputInvalid(
            "Use 1 to 100 letters, digits, spaces, dots, hyphens or underscores.", field="name"
        )
    if Agent.objects.filter(name=name).exists():
        raise AgentNameTaken(field="name")


@transaction.atomic
def enlist_embedded_agent(*, token: str) -> Agent:
    """Make the agent that the server starts itself known by its token; again is no change."""
    agent, _ = Agent.objects.update_or_create(
        embedded=True, defaults={"name": EMBEDDED_NAME, "token_hash": hash_secret(token)}
    )
    return agent


@transaction.atomic
def revoke_agent(*, agent: Agent, user: User) -> None:
    """Refuse the agent from its next request on; again is no change."""
    require_agents_managed(user)
    if agent.embedded:
        raise EmbeddedAgentKept
    end_access(agent, because=RevokedBecause.ADMIN, user=user)


def end_access(agent: Agent, *, because: RevokedBecause, user: User | None = None) -> None:
    """Refuse the agent and tell whoever must act on it; inside a transaction."""
    now = timezone.now()
    claim = Agent.objects.filter(pk=agent.pk, revoked_at=None).update(
        revoked_at=now, revoked_because=because
    )
    if claim != 1:
        return
    agent.revoked_at, agent.revoked_because = now, because
    rbac.record_audit(
        actor=user,
        action="agent_revoked",
        scope=agent,
        detail={"name": agent.name, "because": because.label},
    )
    announce(signals.agent_revoked, Agent, agent=agent)


def authenticate_agent(token: str) -> Agent | None:
    """The agent of the token, None when nobody has it. Raises AgentRevoked or TokenExpired."""
    agent = find_agent(token)
    if agent is None:
        return None
    if agent.revoked_at is not None:
        raise AgentRevoked
    if not _is_in_time(agent.token_expires_at):
        raise TokenExpired
    return agent


def _is_in_time(ends: dt.datetime | None) -> bool:
    """Whether a token still holds; one that ends too far ahead was given by a wrong clock."""
    if ends is None:
        return True
    left = (ends - timezone.now()).total_seconds()
    return 0 < left <= TOKEN_SECONDS + CLOCKS_DIFFER


def require_let_in(agent: Agent) -> None:
    """Look again at an agent that waits. Raises AgentRevoked, also when it was deleted."""
    try:
        agent.refresh_from_db(fields=["revoked_at", "draining"])
    except Agent.DoesNotExist:
        raise AgentRevoked from None
    if agent.revoked_at is not None:
        raise AgentRevoked


@transaction.atomic
def rename_agent(*, agent: Agent, name: str, user: User) -> None:
    """Call the agent something else."""
    require_agents_managed(user)
    old, name = agent.name, name.strip()
    if name == old:
        return
    if agent.embedded:
        raise EmbeddedAgentKept
    check_agent_name(name)
    agent.name = name
    agent.save(update_fields=["name"])
    detail = {"name": name, "before": old}
    rbac.record_audit(actor=user, action="agent_renamed", scope=agent, detail=detail)


@transaction.atomic
def delete_agent(*, agent: Agent, user: User) -> None:
    """Forget the agent; its sources fall to the server's own until they are given another."""
    require_agents_managed(user)
    if agent.embedded:
        raise EmbeddedAgentKept
    end_access(agent, because=RevokedBecause.ADMIN, user=user)
    for source in [*agent.sources.all(), *agent.shared_sources.all()]:
        pass_on(source, agent)
        announce(signals.source_changed, DataSource, source=source)
    detail = {"name": agent.name}
    rbac.record_audit(actor=user, action="agent_deleted", scope=agent, detail=detail)
    agent.delete()


def pass_on(source: DataSource, agent: Agent) -> None:
    """Let the next of the source's pool go on without this agent, else the server's own."""
    source.more_agents.remove(agent)
    if source.agent_id != agent.pk:
        return
    source.agent = source.more_agents.order_by("pk").first()
    if source.agent is not None:
        source.more_agents.remove(source.agent)
    source.save(update_fields=["agent", "updated_at"])


@transaction.atomic
def drain_agent(*, agent: Agent, user: User, draining: bool = True) -> None:
    """Let the agent end its job and take no other, or take jobs again."""
    require_agents_managed(user)
    changed = Agent.objects.filter(pk=agent.pk).exclude(draining=draining)
    if changed.update(draining=draining) != 1:
        return
    agent.draining = draining
    action = "agent_drained" if draining else "agent_resumed"
    rbac.record_audit(actor=user, action=action, scope=agent, detail={"name": agent.name})
    announce(signals.agent_changed, Agent, agent=agent)


@transaction.atomic
def ask_agent(*, agent: Agent, user: User, wish: AgentWish) -> None:
    """Have the agent take another token or make another key when it next gives a sign of life."""
    require_agents_managed(user)
    if agent.embedded:
        raise EmbeddedAgentKept
    column = "refresh_wanted" if wish is AgentWish.REFRESH else "rotation_wanted"
    Agent.objects.filter(pk=agent.pk).update(**{column: True})
    setattr(agent, column, True)
    action = f"agent_{wish.value}_asked"
    rbac.record_audit(actor=user, action=action, scope=agent, detail={"name": agent.name})


def note_seen(*, agent: Agent) -> None:
    """Remember that the agent called, writing at most every few seconds."""
    now = timezone.now()
    if not agent.is_live:
        announce(signals.agent_appeared, Agent, agent=agent)
    if agent.last_seen_at is None or now - agent.last_seen_at > LAST_SEEN_EVERY:
        agent.last_seen_at = now
        Agent.objects.filter(pk=agent.pk).update(last_seen_at=now)


def note_heartbeat(*, agent: Agent, heartbeat: Heartbeat) -> None:
    """Remember how the agent is. Its clock is only noted, never believed."""
    now = timezone.now()
    sent = heartbeat.agent_time
    sent = sent if sent.tzinfo else sent.replace(tzinfo=dt.UTC)
    Agent.objects.filter(pk=agent.pk).update(
        version=heartbeat.version[:32],
        protocol=heartbeat.protocol[:16],
        host=heartbeat.host[:200],
        spool_bytes=heartbeat.spool_bytes,
        oldest_spooled_seconds=heartbeat.oldest_spooled_seconds,
        clock_skew_seconds=(now - sent).total_seconds(),
        last_seen_at=now,
    )
    announce(signals.agent_changed, Agent, agent=agent)


def note_spool(*, agent: Agent, spool_bytes: int) -> None:
    """Remember how much waits on the agent's disk."""
    if agent.spool_bytes != spool_bytes:
        agent.spool_bytes = spool_bytes
        Agent.objects.filter(pk=agent.pk).update(spool_bytes=spool_bytes)
