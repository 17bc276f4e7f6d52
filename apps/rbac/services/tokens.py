"""Issues and ends API tokens and sign-in links."""

from __future__ import annotations

import datetime as dt
import secrets

from django.utils import timezone

from apps.rbac.models import ApiToken, SignInLink, User
from apps.rbac.selectors import hash_secret
from datawave.common.errors import DataWaveError

from .audit import record_audit

TOKEN_PREFIX = "dwt_"  # noqa: S105  # the start of every token, not a secret
SIGN_IN_LINK_MINUTES = 30
# A token's last use is written at most this often, or each request would write.
LAST_USED_EVERY = dt.timedelta(minutes=1)


class SignInLinkSpent(DataWaveError):
    """This sign-in link has been used or is too old. Print a new one: manage.py sign_in_link."""

    status = 403


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
    # Without a join: PostgreSQL does not look again at the conditions of a joined update.
    active = User.objects.filter(is_active=True).values("pk")
    fresh = SignInLink.objects.filter(
        token_hash=hash_secret(secret), used_at=None, expires_at__gt=now, user__in=active
    )
    if fresh.update(used_at=now) != 1:
        raise SignInLinkSpent
    link = SignInLink.objects.select_related("user").get(token_hash=hash_secret(secret))
    record_audit(actor=link.user, action="signed_in", detail={"by": "link"})
    return link.user
