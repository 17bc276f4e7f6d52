"""Enrolment, access tokens and key rotation: messages, and the exact bytes that are signed.

An agent proves each time that it holds its key, by signing a challenge that the server made and
accepts once. It also shows a *link*, and names the next: a chain that a copied identity forks.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Annotated

import msgspec

from .control import Short
from .shape import Shape

# Ed25519, in hex.
PublicKey = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Signature = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{128}$")]
AgentId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f-]{36}$")]
# A secret of 256 bit in the alphabet of URLs.
Secret = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,100}$")]
Nonce = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_:-]{1,300}$")]


class EnrolRequest(Shape, frozen=True):
    """A one-time code and the public key of whoever holds it."""

    code: Secret
    public_key: PublicKey
    link: Secret
    signature: Signature
    version: Short = ""
    host: Short = ""


class Grant(Shape, frozen=True):
    """A token that works for some seconds, counted by the server."""

    agent: AgentId
    name: Annotated[str, msgspec.Meta(max_length=100)]
    token: Secret
    expires_in: Annotated[int, msgspec.Meta(ge=1)]
    server_time: dt.datetime


class ChallengeRequest(Shape, frozen=True):
    """An agent asks for something to sign."""

    agent: AgentId


class Challenge(Shape, frozen=True):
    """Something to sign, once and soon."""

    nonce: Nonce
    server_time: dt.datetime


class TokenRequest(Shape, frozen=True):
    """The answer to a challenge, for a new token."""

    agent: AgentId
    nonce: Nonce
    link: Secret
    next_link: Secret
    signature: Signature


class RotateRequest(Shape, frozen=True):
    """The answer to a challenge, for another key; both keys sign."""

    agent: AgentId
    nonce: Nonce
    public_key: PublicKey
    signature: Signature
    proof: Signature


class Rotated(Shape, frozen=True):
    """The new key alone is known from now on."""

    server_time: dt.datetime


def enrolment_claim(code: str, public_key: str, link: str) -> bytes:
    """What the new key signs to enrol."""
    return _claim("enrol", _hash(code), public_key, _hash(link))


def token_claim(agent: str, nonce: str, link: str, next_link: str) -> bytes:
    """What the key signs for a token."""
    return _claim("token", agent, nonce, _hash(link), _hash(next_link))


def rotation_claim(agent: str, nonce: str, public_key: str) -> bytes:
    """What the old and the new key sign for a rotation."""
    return _claim("rotate", agent, nonce, public_key)


def _claim(purpose: str, *parts: str) -> bytes:
    # The first line keeps a signature from meaning something else elsewhere.
    return "\n".join((f"datawave-edge v1 {purpose}", *parts)).encode()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
