"""Connection tests: asked for, handed to an agent, answered or given up."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

import msgspec
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.datasources import signals
from apps.datasources.models import Agent, ConnectionTest, DataSource
from apps.datasources.selectors import served_by
from apps.datasources.types import TestState
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.announcing import announce
from datawave.common.errors import NotThere
from datawave_edge.protocol import TestStep

if TYPE_CHECKING:
    from apps.rbac.models import User

TEST_SECONDS = 60
OPEN_TESTS = (TestState.QUEUED, TestState.LEASED)


@transaction.atomic
def request_test(*, source: DataSource, user: User) -> ConnectionTest:
    """Ask the source's agent to try the connection; one that still runs is returned instead."""
    rbac.require(user, Action.DISCOVER, source)
    expire_tests()
    running = ConnectionTest.objects.filter(source=source, state__in=OPEN_TESTS).first()
    if running is not None:
        return running
    test = ConnectionTest.objects.create(source=source, requested_by=user)
    rbac.record_audit(actor=user, action="source_tested", scope=source)
    announce(signals.connection_test_requested, ConnectionTest, connection_test=test)
    return test


def lease_test(*, agent: Agent) -> ConnectionTest | None:
    """The oldest test that waits for this agent, now its own."""
    now = timezone.now()
    waiting = ConnectionTest.objects.filter(
        served_by(agent), state=TestState.QUEUED, created_at__gt=now - _patience()
    )
    for test in waiting.select_related("source").order_by("id"):
        claim = ConnectionTest.objects.filter(pk=test.pk, state=TestState.QUEUED)
        if claim.update(state=TestState.LEASED, agent=agent, leased_until=now + _patience()) == 1:
            test.refresh_from_db()
            return test
    return None


def finish_test(*, agent: Agent, public_id: uuid.UUID | str, steps: list[TestStep]) -> None:
    """Store the steps of a test that this agent leased; a repeat changes nothing."""
    own = ConnectionTest.objects.filter(public_id=public_id, agent=agent)
    if not own.exists():
        raise NotThere
    passed = bool(steps) and all(step.ok for step in steps)
    claim = own.filter(state__in=(TestState.LEASED, TestState.EXPIRED)).update(
        state=TestState.PASSED if passed else TestState.FAILED,
        steps=msgspec.to_builtins(steps),
        finished_at=timezone.now(),
    )
    if claim == 1:
        test = own.select_related("source").get()
        announce(signals.connection_tested, ConnectionTest, connection_test=test)


def expire_tests() -> int:
    """End the tests that no agent took or answered within a minute."""
    now = timezone.now()
    late = Q(state=TestState.QUEUED, created_at__lte=now - _patience()) | Q(
        state=TestState.LEASED, leased_until__lte=now
    )
    return ConnectionTest.objects.filter(late).update(state=TestState.EXPIRED, finished_at=now)


def _patience() -> dt.timedelta:
    return dt.timedelta(seconds=TEST_SECONDS)
