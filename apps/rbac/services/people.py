"""Signs people in; adds, changes and deactivates them."""

from __future__ import annotations

import zoneinfo

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from apps.rbac.models import ApiToken, User
from apps.rbac.throttle import forget_tries, note_try
from apps.rbac.types import Role
from datawave.common.errors import DataWaveError, InputInvalid

from .audit import record_audit
from .roles import grant_role, keep_an_administrator
from .tokens import issue_sign_in_link

TRIES_PER_ACCOUNT = 5
TRIES_PER_ADDRESS = 30


class SignInRefused(DataWaveError):
    """User name or password is wrong."""

    status = 403


class OwnAccount(DataWaveError):
    """You can't deactivate yourself. Ask another administrator."""

    status = 409


def sign_in(*, username: str, password: str, address: str) -> User:
    """The person, when the password is theirs. Raises SignInRefused or TooManyTries."""
    note_try("address", address, TRIES_PER_ADDRESS)
    note_try("account", username.lower(), TRIES_PER_ACCOUNT)
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        record_audit(actor=None, action="sign_in_refused", address=address or None)
        raise SignInRefused
    forget_tries("account", username.lower())
    record_audit(actor=user, action="signed_in", detail={"by": "password"}, address=address or None)
    return user


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


@transaction.atomic
def add_person(*, username: str, email: str, name: str = "", added_by: User) -> tuple[User, str]:
    """A person without a password, and the secret of the link that signs them in once."""
    _check(UnicodeUsernameValidator(), username, "username")
    if User.objects.filter(username__iexact=username).exists():
        raise InputInvalid("Somebody has this user name.", field="username")
    user = User.objects.create_user(
        username=username, email=_free_email(email), password=None, first_name=name[:150]
    )
    record_audit(actor=added_by, action="person_added", detail={"username": username})
    return user, issue_sign_in_link(user=user)


@transaction.atomic
def change_profile(*, user: User, name: str, email: str, time_zone: str) -> None:
    """Change what a person says of themselves."""
    if time_zone and time_zone not in zoneinfo.available_timezones():
        raise InputInvalid("There is no such time zone.", field="time_zone")
    user.first_name, user.last_name = name[:150], ""
    user.email = _free_email(email, but=user)
    user.time_zone = time_zone
    user.save(update_fields=["first_name", "last_name", "email", "time_zone"])
    record_audit(actor=user, action="profile_changed")


@transaction.atomic
def change_password(*, user: User, old: str, new: str) -> None:
    """Set a password; who has one must know it. Ends the person's other sessions."""
    if user.has_usable_password() and not user.check_password(old):
        raise InputInvalid("This is not your password.", field="old")
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise InputInvalid(" ".join(error.messages), field="new") from None
    user.set_password(new)
    user.save(update_fields=["password"])
    record_audit(actor=user, action="password_changed")


@transaction.atomic
def deactivate_person(*, user: User, by: User) -> None:
    """End a person's access at once: sign-in, sessions, tokens. Their work stays."""
    if user == by:
        raise OwnAccount
    keep_an_administrator(without=user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    tokens = ApiToken.objects.filter(user=user, revoked_at=None)
    tokens.update(revoked_at=timezone.now())
    record_audit(actor=by, action="person_deactivated", detail={"username": user.username})


@transaction.atomic
def activate_person(*, user: User, by: User) -> None:
    """Let a person sign in again, with the roles they had; tokens stay revoked."""
    User.objects.filter(pk=user.pk).update(is_active=True)
    record_audit(actor=by, action="person_activated", detail={"username": user.username})


def invite_person(*, user: User, by: User) -> str:
    """Secret of a new sign-in link for someone who lost theirs."""
    record_audit(actor=by, action="link_issued", detail={"username": user.username})
    return issue_sign_in_link(user=user)


def _free_email(email: str, but: User | None = None) -> str:
    _check(validate_email, email, "email")
    others = User.objects.filter(email__iexact=email)
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise InputInvalid("Somebody has this e-mail address.", field="email")
    return email


def _check(validate: object, value: str, field: str) -> None:
    try:
        validate(value)  # type: ignore[operator]  # a validator of Django
    except ValidationError as error:
        raise InputInvalid(" ".join(error.messages), field=field) from None
