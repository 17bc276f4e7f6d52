"""Writes the audit trail."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from apps.rbac.models import AuditEntry, User
from datawave.common.correlation import request_id


def key_of(scope: Model | None) -> str:
    """Public id of a scope; empty for the whole installation."""
    return "" if scope is None else str(getattr(scope, "public_id", scope.pk))


def record_audit(
    *,
    actor: User | None,
    action: str,
    scope: Model | None = None,
    detail: dict[str, Any] | None = None,
    address: str | None = None,
) -> AuditEntry:
    """Add to the audit trail, in the transaction of the change that it tells of."""
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.username if actor else "system",
        action=action,
        object_type=type(scope).__name__.lower() if scope is not None else "",
        object_key=key_of(scope),
        detail=detail or {},
        request_id=request_id.get(),
        address=address,
    )
