"""Reads of people, roles and permissions."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils import timezone

from datawave.common.errors import NotThere

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


def list_history(scope: Any) -> QuerySet[AuditEntry]:
    """What was done to one thing, newest first, for those who may manage it."""
    kind = type(scope).__name__.lower()
    own = AuditEntry.objects.filter(object_type=kind, object_key=str(scope.public_id))
    return own.order_by("-pk")


def find_first_admin() -> User | None:
    """The administrator who has been there longest."""
    return list_people_with_role(Role.ADMIN).order_by("pk").first()


def list_people() -> QuerySet[User]:
    """Everybody, with their roles; only for those who manage people."""
    return User.objects.order_by("username").prefetch_related("role_grants")


def get_person(username: str) -> User:
    """A person by user name. Raises NotThere."""
    person = User.objects.filter(username=username).first()
    if person is None:
        raise NotThere
    return person


def list_administrators() -> QuerySet[User]:
    """Active people who may do everything."""
    grants = RoleGrant.objects.filter(role=Role.ADMIN.value, object_key="")
    everything = Q(is_superuser=True) | Q(pk__in=grants.values("user"))
    return User.objects.filter(everything, is_active=True)


def list_tokens(user: User) -> QuerySet[ApiToken]:
    """The person's tokens that are not revoked, newest first."""
    return ApiToken.objects.filter(user=user, revoked_at=None).order_by("-id")


def list_grants(user: User) -> QuerySet[RoleGrant]:
    """Role grants: all for those who manage people, their own for the others."""
    grants = RoleGrant.objects.select_related("user", "granted_by").order_by("user__username", "id")
    return grants if may_manage_people(user) else grants.filter(user=user)


def list_scopes() -> QuerySet[Any]:
    """Data sources that a role may be given on; only for those who manage people."""
    model: Any = apps.get_model("datasources", "DataSource")
    scopes: QuerySet[Any] = model.objects.order_by("name")
    return scopes


def get_scope(public_id: uuid.UUID) -> Any:
    """A data source that a role may be given on. Raises NotThere."""
    scope = list_scopes().filter(public_id=public_id).first()
    if scope is None:
        raise NotThere
    return scope


def load_scope_names() -> dict[str, str]:
    """Names of data sources by the key that grants hold."""
    return {str(key): name for key, name in list_scopes().values_list("public_id", "name")}
