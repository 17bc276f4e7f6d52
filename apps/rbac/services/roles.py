"""Demands permissions; gives and takes roles."""

from __future__ import annotations

import uuid
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Model
from guardian.shortcuts import assign_perm, get_user_perms, remove_perm

from apps.rbac.models import RoleGrant, User
from apps.rbac.selectors import list_administrators, list_scopes, may
from apps.rbac.types import ROLE_ACTIONS, ROLE_TITLES, Action, Role
from datawave.common.errors import DataWaveError, NotThere, PermissionMissing

from .audit import key_of, record_audit

SCOPE_APP = "datasources"


class LastAdministrator(DataWaveError):
    """Somebody must stay administrator. Make another person one first."""

    status = 409


def require(user: User, action: str, scope: Any) -> None:
    """Raise PermissionMissing, or NotThere when the person may not even see the scope."""
    if may(user, action, scope):
        return
    if not may(user, Action.VIEW, scope):
        raise NotThere
    raise PermissionMissing(
        f"Your role does not allow you to {Action(action).value.replace('_', ' ')} here.",
        hint="Ask an administrator for a role that does.",
    )


def fill_role_groups() -> None:
    """Make one group per role and give it its permissions everywhere."""
    for role, actions in ROLE_ACTIONS.items():
        group, _ = Group.objects.get_or_create(name=f"role:{role.value}")
        names = [_codename(action) for action in actions]
        group.permissions.set(
            Permission.objects.filter(content_type__app_label=SCOPE_APP, codename__in=names)
        )


@transaction.atomic
def grant_role(
    *, user: User, role: Role, scope: Model | None = None, granted_by: User | None = None
) -> RoleGrant:
    """Give a role for the whole installation, or on one data source."""
    grant, _ = RoleGrant.objects.get_or_create(
        user=user, role=role.value, object_key=key_of(scope), defaults={"granted_by": granted_by}
    )
    _apply_grants(user, role, scope)
    record_audit(
        actor=granted_by,
        action="role_granted",
        scope=scope,
        detail={"role": role.value, "to": user.username},
    )
    return grant


@transaction.atomic
def revoke_role(
    *, user: User, role: Role, scope: Model | None = None, revoked_by: User | None = None
) -> None:
    """Take a role back; other roles of the person stand. Raises LastAdministrator."""
    if role is Role.ADMIN and scope is None:
        keep_an_administrator(without=user)
        User.objects.filter(pk=user.pk).update(is_superuser=False)
        user.is_superuser = False
    RoleGrant.objects.filter(user=user, role=role.value, object_key=key_of(scope)).delete()
    _apply_grants(user, role, scope)
    record_audit(
        actor=revoked_by,
        action="role_revoked",
        scope=scope,
        detail={"role": role.value, "from": user.username},
    )


def revoke_grant(*, public_id: uuid.UUID, revoked_by: User) -> None:
    """Take back one grant, also of a source that is gone. Raises NotThere, LastAdministrator."""
    grant = RoleGrant.objects.select_related("user").filter(public_id=public_id).first()
    if grant is None:
        raise NotThere
    scopes = list_scopes().filter(public_id=grant.object_key) if grant.object_key else None
    scope = scopes.first() if scopes is not None else None
    if grant.object_key and scope is None:
        grant.delete()
        return
    revoke_role(user=grant.user, role=Role(grant.role), scope=scope, revoked_by=revoked_by)


def keep_an_administrator(*, without: User) -> None:
    """Raise LastAdministrator when nobody else could manage people."""
    everybody = list_administrators()
    if everybody.filter(pk=without.pk).exists() and not everybody.exclude(pk=without.pk).exists():
        raise LastAdministrator


def _apply_grants(user: User, role: Role, scope: Model | None) -> None:
    if scope is not None:
        _sync_object_permissions(user, scope)
        return
    group = Group.objects.get(name=f"role:{role.value}")
    if user.role_grants.filter(role=role.value, object_key="").exists():
        user.groups.add(group)
    else:
        user.groups.remove(group)
    User.objects.filter(pk=user.pk).update(
        is_staff=user.is_superuser
        or user.role_grants.filter(role=Role.ADMIN.value, object_key="").exists()
    )
    if role is Role.ADMIN:
        _give_admin_site(group)


def _give_admin_site(group: Group) -> None:
    """An administrator may use every page of the admin site."""
    labels = [config.label for config in apps.get_app_configs() if config.name.startswith("apps.")]
    group.permissions.add(*Permission.objects.filter(content_type__app_label__in=labels))


def _sync_object_permissions(user: User, scope: Model) -> None:
    roles = user.role_grants.filter(object_key=key_of(scope)).values_list("role", flat=True)
    wanted = {_codename(action) for role in roles for action in ROLE_ACTIONS[Role(role)]}
    present = set(get_user_perms(user, scope))
    for name in wanted - present:
        assign_perm(name, user, scope)
    for name in present - wanted:
        remove_perm(name, user, scope)


def _codename(action: Action) -> str:
    return f"{action.value}_datasource"


def describe_roles(user: User) -> list[str]:
    """Titles of the person's roles for the whole installation."""
    grants = user.role_grants.filter(object_key="").values_list("role", flat=True)
    return [ROLE_TITLES[Role(role)] for role in grants]
