"""Tokens for agents that prove who they are; an identity that is used twice is refused.

A refresh answers a challenge, which counts once, and shows the link that the last one named. Two
copies of an identity both come to show the same link, but name different ones to follow.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import uuid

from django.db import transaction
from django.utils import timezone

from apps.datasources.keys import is_fresh_challenge, is_signed
from apps.datasources.models import Agent, SpentChallenge
from apps.datasources.selectors import hash_secret
from apps.datasources.types import RevokedBecause
from apps.rbac import services as rbac
from datawave.common.errors import DataWaveError
from datawave_edge.protocol.identity import (
    RotateRequest,
    TokenRequest,
    rotation_claim,
    token_claim,
)

from .agents import AGENT_TOKEN_PREFIX, TOKEN_SECONDS, AgentRevoked, end_access

logger = logging.getLogger(__name__)
# A key this old is replaced by its agent.
KEY_DAYS = 90
# What was spent is remembered for longer than any copy is likely to sleep.
SPENT_DAYS = 30


class AgentUnknown(DataWaveError):
    """There is no such agent; it was deleted. Enrol it with a new code."""

    status = 401


class SignatureInvalid(DataWaveError):
    """The signature is not of this agent's key. Enrol the agent again."""

    status = 401


class ChallengeInvalid(DataWaveError):
    """This challenge is not of this server or too old. Ask for another."""

    status = 409


class KeyUnchanged(DataWaveError):
    """The new key is the old one, or another agent's. Make a fresh one."""

    status = 409


def issue_token(agent: Agent, *, save: bool = True) -> str:
    """A fresh token; the one before it ends."""
    token = AGENT_TOKEN_PREFIX + secrets.token_urlsafe(32)
    agent.token_hash = hash_secret(token)
    agent.token_expires_at = timezone.now() + dt.timedelta(seconds=TOKEN_SECONDS)
    if save:
        agent.refresh_wanted = False
        agent.save(update_fields=["token_hash", "token_expires_at", "refresh_wanted", "link_hash"])
    return token


def refresh_token(*, asked: TokenRequest) -> tuple[Agent, str]:
    """A token for an agent that answers a challenge.

    Raises AgentUnknown, AgentRevoked, SignatureInvalid or ChallengeInvalid. An answer that was
    used before, or a link that another answer has moved on from, revokes the agent.
    """
    claim = token_claim(asked.agent, asked.nonce, asked.link, asked.next_link)
    with transaction.atomic():
        agent = _lock_agent(asked.agent, claim, asked.signature)
        misuse = _spend(agent, asked.nonce, hash_secret(asked.link), hash_secret(asked.next_link))
        if misuse is None:
            agent.link_hash = hash_secret(asked.next_link)
            return agent, issue_token(agent)
        end_access(agent, because=misuse)
    raise AgentRevoked


def rotate_key(*, asked: RotateRequest) -> Agent:
    """Replace the agent's key by one that the old one vouches for."""
    claim = rotation_claim(asked.agent, asked.nonce, asked.public_key)
    with transaction.atomic():
        agent = _lock_agent(asked.agent, claim, asked.signature)
        misuse = _spend(agent, asked.nonce)
        if misuse is None:
            if not is_signed(claim, signature=asked.proof, public_key=asked.public_key):
                raise SignatureInvalid
            _replace_key(agent, asked.public_key)
            return agent
        end_access(agent, because=misuse)
    raise AgentRevoked


def _lock_agent(public_id: str, claim: bytes, signature: str) -> Agent:
    """The agent that signed, held until the transaction ends."""
    try:
        wanted = uuid.UUID(public_id)
    except ValueError:
        raise AgentUnknown from None
    agent = Agent.objects.select_for_update().filter(public_id=wanted, embedded=False).first()
    if agent is None:
        raise AgentUnknown
    # Only who holds the key can have it revoked, so the signature comes first.
    if not is_signed(claim, signature=signature, public_key=agent.public_key):
        raise SignatureInvalid
    if agent.revoked_at is not None:
        raise AgentRevoked
    return agent


def _spend(
    agent: Agent, nonce: str, link_hash: str = "", next_hash: str = ""
) -> RevokedBecause | None:
    """Use the challenge up; gives what is wrong when it or the link was used before."""
    if SpentChallenge.objects.filter(nonce_hash=hash_secret(nonce)).exists():
        return RevokedBecause.REPLAYED
    if not is_fresh_challenge(nonce, str(agent.public_id)):
        raise ChallengeInvalid
    if _is_forked(agent, link_hash, next_hash):
        return RevokedBecause.COPIED
    # Another with the same challenge waits for the agent's row, for a challenge is one agent's.
    SpentChallenge.objects.create(agent=agent, nonce_hash=hash_secret(nonce), link_hash=link_hash)
    return None


def _is_forked(agent: Agent, link_hash: str, next_hash: str) -> bool:
    """Whether somebody else has gone on from this link.

    The same step again is a repeat whose answer was lost. A link that was never seen is of an
    agent that moved on while this database was lost, and is back from a backup.
    """
    if link_hash in ("", agent.link_hash) or next_hash == agent.link_hash:
        return False
    if agent.spent_challenges.filter(link_hash=link_hash).exists():
        return True
    logger.warning("Agent %s shows a link that is unknown here.", agent.public_id)
    return False


def _replace_key(agent: Agent, public_key: str) -> None:
    if Agent.objects.filter(public_key=public_key).exists():
        raise KeyUnchanged
    agent.public_key, agent.key_made_at = public_key, timezone.now()
    agent.rotation_wanted = False
    agent.save(update_fields=["public_key", "key_made_at", "rotation_wanted"])
    rbac.record_audit(
        actor=None, action="agent_key_rotated", scope=agent, detail={"name": agent.name}
    )


def is_rotation_due(agent: Agent) -> bool:
    """Whether the agent should make itself another key now."""
    if agent.key_made_at is None:
        return False
    return agent.rotation_wanted or timezone.now() - agent.key_made_at > dt.timedelta(days=KEY_DAYS)


def forget_spent_challenges() -> int:
    """Delete what is too old to matter; for the daily cleaning."""
    before = timezone.now() - dt.timedelta(days=SPENT_DAYS)
    return SpentChallenge.objects.filter(spent_at__lt=before).delete()[0]
