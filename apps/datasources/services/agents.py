"""Agents: made known, let in by their token, refused, and heard of."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from apps.datasources.models import Agent
from apps.datasources.selectors import find_agent
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, InputInvalid
from datawave_edge.protocol import Heartbeat

if TYPE_CHECKING:
    from apps.rbac.models import User

AGENT_TOKEN_PREFIX = "dwa_"  # noqa: S105  # the start of every token, not a secret
EMBEDDED_NAME = "embedded"
AGENT_NAME = re.compile(r"\w[\w .-]{0,99}")
LAST_SEEN_EVERY = dt.timedelta(seconds=10)


class AgentRevoked(DataWaveError):
    """This agent's token was revoked."""

    status = 401


class AgentNameTaken(InputInvalid):
    """An agent of this name is there already."""


@transaction.atomic
def add_agent(*, name: str, embedded: bool = False, user: User | None = None) -> tuple[Agent, str]:
    """Enrol an agent; its token is returned this once. `user` is None on the command line."""
    if user is not None:
        rbac.require(user, Action.MANAGE, None)
    _check_agent_name(name)
    token = _make_token()
    agent = Agent.objects.create(name=name, embedded=embedded, token_hash=_hash(token))
    rbac.record_audit(actor=user, action="agent_added", scope=agent, detail={"name": name})
    return agent, token


def _check_agent_name(name: str) -> None:
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
        embedded=True, defaults={"name": EMBEDDED_NAME, "token_hash": _hash(token)}
    )
    return agent


@transaction.atomic
def renew_token(*, agent: Agent, user: User | None = None) -> str:
    """A new token for the agent; the old one ends at once, and a revocation too."""
    if user is not None:
        rbac.require(user, Action.MANAGE, None)
    token = _make_token()
    agent.token_hash, agent.revoked_at = _hash(token), None
    agent.save(update_fields=["token_hash", "revoked_at"])
    rbac.record_audit(actor=user, action="agent_renewed", scope=agent, detail={"name": agent.name})
    return token


@transaction.atomic
def revoke_agent(*, agent: Agent, user: User) -> None:
    """Refuse the agent from its next request on."""
    rbac.require(user, Action.MANAGE, None)
    Agent.objects.filter(pk=agent.pk, revoked_at=None).update(revoked_at=timezone.now())
    rbac.record_audit(actor=user, action="agent_revoked", scope=agent, detail={"name": agent.name})


def authenticate_agent(token: str) -> Agent | None:
    """The agent of the token, None when nobody has it. Raises AgentRevoked."""
    agent = find_agent(token)
    if agent is not None and agent.revoked_at is not None:
        raise AgentRevoked
    return agent


def note_seen(*, agent: Agent) -> None:
    """Remember that the agent called, writing at most every few seconds."""
    now = timezone.now()
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
        host=heartbeat.host[:200],
        spool_bytes=heartbeat.spool_bytes,
        clock_skew_seconds=(now - sent).total_seconds(),
        last_seen_at=now,
    )


def note_spool(*, agent: Agent, spool_bytes: int) -> None:
    """Remember how much waits on the agent's disk."""
    if agent.spool_bytes != spool_bytes:
        agent.spool_bytes = spool_bytes
        Agent.objects.filter(pk=agent.pk).update(spool_bytes=spool_bytes)


def _make_token() -> str:
    return AGENT_TOKEN_PREFIX + secrets.token_urlsafe(32)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
