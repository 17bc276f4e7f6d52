"""Gives and takes roles, tokens and sign-in links; demands permissions; writes the audit trail."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from guardian.shortcuts import assign_perm, get_user_perms, remove_perm

from datawave.common.correlation import request_id
from datawave.common.errors import DataWaveError, NotThere, PermissionMissing

from .models import ApiToken, AuditEntry, RoleGrant, SignInLink, User
from .selectors import hash_secret, may
from .types import ROLE_ACTIONS, ROLE_TITLES, Action, Role

SCOPE_APP = "datasources"
TOKEN_PREFIX = "dwt_"  # noqa: S105  # the start of every token, not a secret
SIGN_IN_LINK_MINUTES = 30
# A token's last use is written at most this often, or each request would write.
LAST_USED_EVERY = dt.timedelta(minutes=1)


class SignInLinkSpent(DataWaveError):
    """This sign-in link has been used or is too old. Print a new one: manage.py sign_in_link."""

    status = 403


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
        user=user, role=role.value, object_key=_key_of(scope), defaults={"granted_by": granted_by}
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
    """Take a role back; other roles of the person stand."""
    RoleGrant.objects.filter(user=user, role=role.value, object_key=_key_of(scope)).delete()
    _apply_grants(user, role, scope)
    record_audit(
        actor=revoked_by,
        action="role_revoked",
        scope=scope,
        detail={"role": role.value, "from": user.username},
    )


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
    roles = user.role_grants.filter(object_key=_key_of(scope)).values_list("role", flat=True)
    wanted = {_codename(action) for role in roles for action in ROLE_ACTIONS[Role(role)]}
    present = set(get_user_perms(user, scope))
    for name in wanted - present:
        assign_perm(name, user, scope)
    for name in present - wanted:
        remove_perm(name, user, scope)


def _codename(action: Action) -> str:
    return f"{action.value}_datasource"


def _key_of(scope: Model | None) -> str:
    return "" if scope is None else str(getattr(scope, "public_id"))  # noqa: B009  # any model


def issue_token(
    *, user: User, name: str, read_only: bool = False, expires_at: dt.datetime | None = None
) -> tuple[ApiToken, str]:
    """Make an API token; its secret is returned this once and never stored."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret[:8],
        token_hash=hash_secret(secret),
        read_only=read_only,
        expires_at=expires_at,
    )
    record_audit(actor=user, action="token_issued", scope=token, detail={"name": name})
    return token, secret


def revoke_token(*, token: ApiToken, revoked_by: User) -> None:
    """End a token at once."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    record_audit(actor=revoked_by, action="token_revoked", scope=token, detail={"name": token.name})


def note_token_use(*, token: ApiToken) -> None:
    """Remember when a token was last used."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > LAST_USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def issue_sign_in_link(*, user: User) -> str:
    """Secret of a link that signs the person in once, within half an hour."""
    secret = secrets.token_urlsafe(32)
    SignInLink.objects.create(
        user=user,
        token_hash=hash_secret(secret),
        expires_at=timezone.now() + dt.timedelta(minutes=SIGN_IN_LINK_MINUTES),
    )
    return secret


def use_sign_in_link(*, secret: str) -> User:
    """The person of a fresh link, which is spent by it. Raises SignInLinkSpent."""
    now = timezone.now()
    links = SignInLink.objects.filter(token_hash=hash_secret(secret), used_at=None)
    if links.filter(expires_at__gt=now, user__is_active=True).update(used_at=now) != 1:
        raise SignInLinkSpent
    link = SignInLink.objects.select_related("user").get(token_hash=hash_secret(secret))
    record_audit(actor=link.user, action="signed_in", detail={"by": "link"})
    return link.user


@transaction.atomic
def add_first_admin(*, username: str = "admin", email: str = "admin@localhost") -> User | None:
    """The first administrator, when there is nobody yet; a link signs them in."""
    if User.objects.exists():
        return None
    user = User.objects.create_user(username=username, email=email, password=None)
    user.is_staff = user.is_superuser = True
    user.save(update_fields=["is_staff", "is_superuser"])
    grant_role(user=user, role=Role.ADMIN)
    return user


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
        object_key=_key_of(scope),
        detail=detail or {},
        request_id=request_id.get(),
        address=address,
    )


def describe_roles(user: User) -> list[str]:
    """Titles of the person's roles for the whole installation."""
    grants = user.role_grants.filter(object_key="").values_list("role", flat=True)
    return [ROLE_TITLES[Role(role)] for role in grants]
