"""Sources: added, changed, deleted, and what was seen of their servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from apps.datasources import signals
from apps.datasources.connection import SourceInvalid, check_fields, fill_port, fill_tls
from apps.datasources.models import DataSource
from apps.datasources.types import Engine, Environment
from apps.rbac import services as rbac
from apps.rbac.types import Action, Role
from datawave.common.announcing import announce
from datawave.common.crypto import encrypt
from datawave.common.errors import InputInvalid
from datawave_edge.protocol import SourceFacts

from .pools import PasswordStored

if TYPE_CHECKING:
    from apps.rbac.models import User

# What a person may set, with what it is when nothing was said.
FIELDS: dict[str, Any] = {
    "name": "", "description": "", "engine": Engine.SQLITE, "dialect": "", "host": "", "port": None,
    "database": "", "username": "", "secret_ref": "", "tls": "", "include": "",
    "exclude": "", "environment": Environment.PRODUCTION, "region": "", "owner": None,
    "agent": None, "counting_seconds": 300, "run_minutes": 0,
}  # fmt: skip
# A stored password must not follow when one of these changes, or it could be sent elsewhere.
ADDRESS_FIELDS = ("engine", "dialect", "host", "port", "tls")


@sensitive_variables("fields", "password")
@transaction.atomic
def add_source(*, user: User, password: str = "", **fields: Any) -> DataSource:
    """Add a source and make its creator the administrator and steward of it."""
    rbac.require(user, Action.MANAGE, None)
    values = {**FIELDS, "owner": user, **_known_only(fields)}
    fill_tls(values)
    check_fields({**values, "password": password})
    fill_port(values)
    _choose_agent(values, None, stored=bool(password))
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
    if values["engine"] != before["engine"]:
        values |= {name: FIELDS[name] for name in ("port", "dialect", "tls") if name not in fields}
    else:
        values["tls"] = values["tls"] or before["tls"]
    fill_tls(values)
    check_fields({**values, "password": password})
    fill_port(values)
    if source.password and not password and not clear_password:
        _require_same_address(before, values)
    kept = bool(source.password) and not clear_password and not values["secret_ref"]
    if password or values["agent"] != before["agent"]:
        _choose_agent(values, source, stored=bool(password) or kept)
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


def restore_facts(*, source: DataSource, facts: dict[str, Any]) -> None:
    """Remember again what the discovery before saw of the server."""
    source.facts = facts
    DataSource.objects.filter(pk=source.pk).update(facts=facts)


def _choose_agent(values: dict[str, Any], source: DataSource | None, *, stored: bool) -> None:
    """Raise SourceInvalid when the agents could not serve the source as it would be."""
    agent = values["agent"]
    if agent is not None and agent.embedded:
        # It serves what no other agent does.
        agent = values["agent"] = None
    changed = source is None or source.agent != agent
    if agent is not None and changed and agent.revoked_at is not None:
        raise SourceInvalid({"agent": "This agent was revoked. Enrol it again, or choose another."})
    shared = source is not None and source.more_agents.exists()
    if stored and (agent is not None or shared):
        raise SourceInvalid({"agent": PasswordStored().message})


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
