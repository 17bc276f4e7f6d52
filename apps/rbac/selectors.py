"""Reads of people, roles and permissions."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from .models import ApiToken, AuditEntry, RoleGrant, User
from .types import AUDIT_ROLES, PEOPLE_ROLES, Action, Role


def hash_secret(secret: str) -> str:
    """SHA-256 of a random secret; it is long enough to need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def may(user: User, action: str, scope: Any = None) -> bool:
    """Whether the person may do the action: on the scope, or everywhere when there is none."""
    codename = f"datasources.{Action(action).value}_datasource"
    if user.has_perm(codename):
        return True
    return scope is not None and user.has_perm(codename, scope)


def has_role(user: User, *roles: Role) -> bool:
    """Whether the person has one of the roles for the whole installation."""
    if user.is_superuser:
        return True
    names = [role.value for role in roles]
    return user.role_grants.filter(role__in=names, object_key="").exists()


def may_read_audit(user: User) -> bool:
    """Whether the person may read the audit trail."""
    return has_role(user, *AUDIT_ROLES)


def may_manage_people(user: User) -> bool:
    """Whether the person may add people and give roles."""
    return has_role(user, *PEOPLE_ROLES)


def list_people_with_role(*roles: Role, object_key: str = "") -> QuerySet[User]:
    """Active people who have one of the roles everywhere or on the object."""
    keys = ["", object_key] if object_key else [""]
    grants = RoleGrant.objects.filter(role__in=[r.value for r in roles], object_key__in=keys)
    return User.objects.filter(is_active=True, pk__in=grants.values("user"))


def find_token(secret: str) -> ApiToken | None:
    """The usable API token with that secret, with its person."""
    now = timezone.now()
    return (
        ApiToken.objects.select_related("user")
        .filter(token_hash=hash_secret(secret), revoked_at=None, user__is_active=True)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .first()
    )


def list_audit(user: User) -> QuerySet[AuditEntry]:
    """The audit trail, for those who may read it."""
    return AuditEntry.objects.all() if may_read_audit(user) else AuditEntry.objects.none()


def find_first_admin() -> User | None:
    """The administrator who has been there longest."""
    return list_people_with_role(Role.ADMIN).order_by("pk").first()
