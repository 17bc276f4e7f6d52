"""Adds and changes sources, enrols agents, and hands out connection tests."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from apps.rbac import services as rbac
from apps.rbac.types import Action, Role
from datawave.common.announcing import announce
from datawave.common.crypto import encrypt
from datawave.common.errors import DataWaveError, InputInvalid, NotThere
from datawave_edge.protocol import Heartbeat, SourceFacts, TestStep

from . import signals
from .connection import SourceInvalid, check_fields, fill_port
from .models import Agent, ConnectionTest, DataSource
from .selectors import find_agent, served_by
from .types import Engine, Environment, TestState, Tls

if TYPE_CHECKING:
    from apps.rbac.models import User

AGENT_TOKEN_PREFIX = "dwa_"  # noqa: S105  # the start of every token, not a secret
EMBEDDED_NAME = "embedded"
AGENT_NAME = re.compile(r"\w[\w .-]{0,99}")
TEST_SECONDS = 60
LAST_SEEN_EVERY = dt.timedelta(seconds=10)
OPEN_TESTS = (TestState.QUEUED, TestState.LEASED)
# What a person may set, with what it is when nothing was said.
FIELDS: dict[str, Any] = {
    "name": "", "description": "", "engine": Engine.SQLITE, "host": "", "port": None,
    "database": "", "username": "", "secret_ref": "", "tls": Tls.PREFER, "include": "",
    "exclude": "", "environment": Environment.PRODUCTION, "region": "", "owner": None,
    "agent": None,
}  # fmt: skip
# A stored password must not follow when one of these changes, or it could be sent elsewhere.
ADDRESS_FIELDS = ("engine", "host", "port", "tls")


class AgentRevoked(DataWaveError):
    """This agent's token was revoked."""

    status = 401


class AgentNameTaken(InputInvalid):
    """An agent of this name is there already."""


@sensitive_variables("fields", "password")
@transaction.atomic
def add_source(*, user: User, password: str = "", **fields: Any) -> DataSource:
    """Add a source and make its creator the administrator and steward of it."""
    rbac.require(user, Action.MANAGE, None)
    values = {**FIELDS, "owner": user, **_known_only(fields)}
    check_fields({**values, "password": password})
    fill_port(values)
    _require_free_name(values["name"])
    source = DataSource(**values, password=encrypt(password) if password else None)
    _save(source)
    for role in (Role.SOURCE_ADMIN, Role.STEWARD):
        rbac.grant_role(user=user, role=role, scope=source, granted_by=user)
    rbac.record_audit(actor=user, action="source_added", scope=source, detail=_describe(source))
    announce(signals.source_added, DataSource, source=source)
    return source


@sensitive_variables("fields", "password")
@transaction.atomic
def change_source(
    *,
    source: DataSource,
    user: User,
    password: str = "",
    clear_password: bool = False,
    **fields: Any,
) -> DataSource:
    """Change what is given. An empty password keeps the stored one, unless it is to be cleared."""
    rbac.require(user, Action.MANAGE, source)
    before = {name: getattr(source, name) for name in FIELDS}
    values = {**before, **_known_only(fields)}
    if values["engine"] != before["engine"] and "port" not in fields:
        values["port"] = None
    check_fields({**values, "password": password})
    fill_port(values)
    if source.password and not password and not clear_password:
        _require_same_address(before, values)
    _require_free_name(values["name"], but=source)
    for name, value in values.items():
        setattr(source, name, value)
    _set_password(source, password, clear=clear_password)
    _save(source)
    changed = sorted(name for name in FIELDS if before[name] != values[name])
    changed += ["password"] if password or clear_password else []
    rbac.record_audit(
        actor=user, action="source_changed", scope=source, detail={"changed": changed}
    )
    announce(signals.source_changed, DataSource, source=source)
    return source


@transaction.atomic
def delete_source(*, source: DataSource, user: User) -> None:
    """Delete a source with all that was found in it."""
    rbac.require(user, Action.MANAGE, source)
    rbac.record_audit(actor=user, action="source_deleted", scope=source, detail=_describe(source))
    source.delete()


def note_facts(*, source: DataSource, facts: SourceFacts) -> None:
    """Remember what a discovery saw of the server."""
    source.facts = msgspec.to_builtins(facts)
    DataSource.objects.filter(pk=source.pk).update(facts=source.facts)


def _known_only(fields: dict[str, Any]) -> dict[str, Any]:
    for name in fields:
        if name not in FIELDS:
            raise InputInvalid("There is no such field.", field=name)
    return {name: value.strip() if name == "name" else value for name, value in fields.items()}


def _require_free_name(name: str, *, but: DataSource | None = None) -> None:
    others = DataSource.objects.filter(name=name)
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise SourceInvalid({"name": "Another source has this name. Choose a different one."})


def _require_same_address(before: dict[str, Any], values: dict[str, Any]) -> None:
    if any(before[name] != values[name] for name in ADDRESS_FIELDS):
        raise SourceInvalid(
            {"password": "The address or its encryption changed: give the password again."}
        )


def _set_password(source: DataSource, password: str, *, clear: bool) -> None:
    if password:
        source.password = encrypt(password)
    elif clear or source.secret_ref:
        source.password = None


def _save(source: DataSource) -> None:
    try:
        with transaction.atomic():
            source.save()
    except IntegrityError:
        raise SourceInvalid(
            {"name": "Another source has this name. Choose a different one."}
        ) from None


def _describe(source: DataSource) -> dict[str, Any]:
    return {"name": source.name, "engine": source.engine, "environment": source.environment}


# Agents


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


# Connection tests


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
