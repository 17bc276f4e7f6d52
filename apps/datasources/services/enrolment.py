"""Enrolment codes: made, withdrawn, and used once."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.datasources import signals
from apps.datasources.keys import is_signed
from apps.datasources.models import Agent, DataSource, EnrolmentCode
from apps.datasources.selectors import hash_secret
from apps.datasources.types import CodeState
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.announcing import announce
from datawave.common.errors import DataWaveError, InputInvalid
from datawave_edge.protocol.identity import EnrolRequest, enrolment_claim

from .agents import AgentNameTaken, check_agent_name, require_agents_managed
from .identity import SignatureInvalid, issue_token
from .pools import require_no_password, serve

if TYPE_CHECKING:
    from apps.rbac.models import User

CODE_PREFIX = "dwe_"
CODE_MINUTES = 60
CODE_MINUTES_MOST = 1_440


class CodeUnknown(DataWaveError):
    """There is no such code. Copy it again, or make another on the page of agents."""

    status = 404


class CodeUsed(DataWaveError):
    """This code was used already. Make another on the page of agents."""

    status = 410


class CodeWithdrawn(DataWaveError):
    """This code was withdrawn. Make another on the page of agents."""

    status = 410


class CodeExpired(DataWaveError):
    """This code has expired. Make another on the page of agents."""

    status = 410


class KeyTaken(DataWaveError):
    """Another agent has this key. Each needs its own; never copy an agent's directory."""

    status = 409


REFUSALS: dict[CodeState, type[DataWaveError]] = {
    CodeState.USED: CodeUsed,
    CodeState.WITHDRAWN: CodeWithdrawn,
    CodeState.EXPIRED: CodeExpired,
}


@transaction.atomic
def make_code(
    *,
    name: str = "",
    user: User | None = None,
    minutes: int = CODE_MINUTES,
    sources: Iterable[DataSource] = (),
    agent: Agent | None = None,
) -> tuple[EnrolmentCode, str]:
    """A code for a new agent of that name, or for `agent` to enrol again; it is told this once.

    `user` is None on the command line.
    """
    require_agents_managed(user)
    if not 1 <= minutes <= CODE_MINUTES_MOST:
        raise InputInvalid(f"Give 1 to {CODE_MINUTES_MOST} minutes.", field="minutes")
    if agent is None:
        _require_free_name(name)
    elif agent.embedded:
        raise InputInvalid("This agent belongs to the server and needs no code.", field="agent")
    served = list(sources)
    for source in served:
        if user is not None:
            rbac.require(user, Action.MANAGE, source)
        require_no_password(source)
    secret = CODE_PREFIX + secrets.token_urlsafe(32)
    code = EnrolmentCode.objects.create(
        code_hash=hash_secret(secret),
        name=agent.name if agent else name,
        agent=agent,
        made_by=user,
        expires_at=timezone.now() + dt.timedelta(minutes=minutes),
    )
    code.sources.set(served)
    rbac.record_audit(
        actor=user,
        action="agent_code_made",
        scope=agent or code,
        detail={"name": code.name, "minutes": minutes, "sources": [each.name for each in served]},
    )
    return code, secret


def _require_free_name(name: str) -> None:
    check_agent_name(name)
    waiting = EnrolmentCode.objects.filter(
        name=name, agent=None, used_at=None, withdrawn_at=None, expires_at__gt=timezone.now()
    )
    if waiting.exists():
        raise AgentNameTaken("An open code is bound to this name. Withdraw it first.", field="name")


@transaction.atomic
def withdraw_code(*, code: EnrolmentCode, user: User) -> None:
    """End a code that nobody has used; again is no change. Raises CodeUsed."""
    require_agents_managed(user)
    unused = EnrolmentCode.objects.filter(pk=code.pk, used_at=None)
    if unused.filter(withdrawn_at=None).update(withdrawn_at=timezone.now()) == 1:
        rbac.record_audit(
            actor=user, action="agent_code_withdrawn", scope=code, detail={"name": code.name}
        )
    elif not unused.exists():
        raise CodeUsed


@transaction.atomic
def enrol_agent(*, asked: EnrolRequest, address: str | None = None) -> tuple[Agent, str]:
    """Let the holder of a code in: gives the agent and its first token.

    Whoever used it may ask again with the same key, for the answer may have been lost.
    """
    code = EnrolmentCode.objects.filter(code_hash=hash_secret(asked.code)).first()
    if code is None:
        raise CodeUnknown
    claim = enrolment_claim(asked.code, asked.public_key, asked.link)
    if not is_signed(claim, signature=asked.signature, public_key=asked.public_key):
        raise SignatureInvalid
    if _claim_code(code, asked.public_key):
        return _take_in(code, asked, address)
    code.refresh_from_db()
    agent = code.agent
    if agent is None or not _is_repeat(code, agent, asked):
        raise REFUSALS.get(code.state, CodeUsed)
    return agent, issue_token(agent)


def _claim_code(code: EnrolmentCode, public_key: str) -> bool:
    # Of two that use it at once, one finds it used.
    now = timezone.now()
    claim = EnrolmentCode.objects.filter(
        pk=code.pk, used_at=None, withdrawn_at=None, expires_at__gt=now
    ).update(used_at=now, used_by_key=public_key)
    return claim == 1


def _is_repeat(code: EnrolmentCode, agent: Agent, asked: EnrolRequest) -> bool:
    return (
        code.used_by_key == agent.public_key == asked.public_key
        and agent.link_hash == hash_secret(asked.link)
        and agent.revoked_at is None
        and code.expires_at > timezone.now()
    )


def _take_in(code: EnrolmentCode, asked: EnrolRequest, address: str | None) -> tuple[Agent, str]:
    again = code.agent is not None
    agent = code.agent or Agent(name=code.name)
    agent.public_key, agent.link_hash = asked.public_key, hash_secret(asked.link)
    agent.key_made_at = timezone.now()
    agent.revoked_at, agent.revoked_because = None, ""
    agent.version, agent.host = asked.version[:32], asked.host[:200]
    agent.refresh_wanted = agent.rotation_wanted = False
    token = issue_token(agent, save=False)
    try:
        with transaction.atomic():
            agent.save()
    except IntegrityError:
        taken = Agent.objects.filter(public_key=asked.public_key).exclude(pk=agent.pk)
        raise (KeyTaken if taken.exists() else AgentNameTaken) from None
    EnrolmentCode.objects.filter(pk=code.pk).update(agent=agent)
    for source in code.sources.all():
        serve(source, agent)
    rbac.record_audit(
        actor=code.made_by,
        action="agent_enrolled_again" if again else "agent_enrolled",
        scope=agent,
        detail={"name": agent.name, "host": agent.host, "code": str(code.public_id)},
        address=address,
    )
    announce(signals.agent_appeared, Agent, agent=agent)
    return agent, token
