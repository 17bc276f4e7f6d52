"""Challenges and signatures by which agents prove who they are."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core import signing

CHALLENGE_SECONDS = 60
_SALT = "datasources.challenge"


def make_challenge(agent_id: str) -> str:
    """Something for this agent to sign; nothing is stored until it is answered."""
    return signing.TimestampSigner(salt=_SALT).sign(f"{agent_id}:{secrets.token_urlsafe(18)}")


def is_fresh_challenge(nonce: str, agent_id: str) -> bool:
    """Whether this server made the challenge for this agent less than a minute ago."""
    try:
        text = signing.TimestampSigner(salt=_SALT).unsign(nonce, max_age=CHALLENGE_SECONDS)
    except signing.BadSignature:
        return False
    return text.partition(":")[0] == agent_id


def is_signed(claim: bytes, *, signature: str, public_key: str) -> bool:
    """Whether the key (in hex) signed the claim."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), claim)
    except (InvalidSignature, ValueError):
        return False
    return True
