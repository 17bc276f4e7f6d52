"""Doors for agents without a token: enrolment, challenges, tokens and other keys."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils import timezone

from apps.datasources import services as datasources
from datawave.common.rates import TooManyCalls, require_rate
from datawave_edge.protocol.identity import (
    Challenge,
    ChallengeRequest,
    EnrolRequest,
    Grant,
    Rotated,
    RotateRequest,
    TokenRequest,
)

from .edge_http import address_of, open_door, read_message

if TYPE_CHECKING:
    from apps.datasources.models import Agent

# Enrolments that this process works on at once; codes are guessed in vain, but not for free.
_enrolling = threading.BoundedSemaphore(20)


@open_door(calls=10, seconds=60)
def enrol(request: HttpRequest) -> Grant:
    """Let in who has a code that nobody used."""
    with _one_of_few():
        asked = read_message(request, EnrolRequest)
        agent, token = datasources.enrol_agent(asked=asked, address=address_of(request) or None)
        return _grant(agent, token)


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _enrolling.acquire(blocking=False):
        raise TooManyCalls
    try:
        yield
    finally:
        _enrolling.release()


@open_door(calls=600, seconds=60)
def challenge(request: HttpRequest) -> Challenge:
    """Something to sign; it tells nothing of whether there is such an agent."""
    asked = read_message(request, ChallengeRequest)
    nonce = datasources.make_challenge(asked.agent)
    return Challenge(nonce=nonce, server_time=timezone.now())


@open_door(calls=600, seconds=60)
def token(request: HttpRequest) -> Grant:
    """A token for a signed challenge."""
    asked = read_message(request, TokenRequest)
    require_rate(f"edge:token:{asked.agent}", calls=20, seconds=60)
    return _grant(*datasources.refresh_token(asked=asked))


@open_door(calls=60, seconds=60)
def rotate(request: HttpRequest) -> Rotated:
    """Another key, vouched for by the one before."""
    asked = read_message(request, RotateRequest)
    require_rate(f"edge:rotate:{asked.agent}", calls=10, seconds=60)
    datasources.rotate_key(asked=asked)
    return Rotated(server_time=timezone.now())


def _grant(agent: Agent, token: str) -> Grant:
    return Grant(
        agent=str(agent.public_id),
        name=agent.name,
        token=token,
        expires_in=datasources.TOKEN_SECONDS,
        server_time=timezone.now(),
    )
