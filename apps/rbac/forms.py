"""What people type about themselves and others; services check it."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms

from datawave.common.errors import DataWaveError

from .selectors import list_scopes
from .types import ROLE_TITLES


def list_zones() -> list[tuple[str, str]]:
    """Time zones to choose from."""
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC")
    return [("", "As the installation")] + [(name, name.replace("_", " ")) for name in names]


def list_scope_choices() -> list[tuple[str, str]]:
    """Where a role may hold."""
    sources = [(str(source.public_id), source.name) for source in list_scopes()]
    return [("", "Everywhere"), *sources]


class SignInForm(forms.Form):
    """User name and password."""

    username = forms.CharField(
        max_length=150,
        label="User name",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ProfileForm(forms.Form):
    """What a person says of themselves."""

    name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField(label="E-mail")
    time_zone = forms.ChoiceField(choices=list_zones, required=False, label="Time zone")


class PasswordForm(forms.Form):
    """A new password; the old one from those who have one."""

    old = forms.CharField(
        label="Password so far",
        required=False,
        strip=False,
        max_length=1_000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="New password",
        strip=False,
        max_length=1_000,
        help_text="At least 12 characters.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(max_length=100, help_text="What it is for.")
    read_only = forms.BooleanField(required=False, initial=True, label="May only read")
    days = forms.TypedChoiceField(
        label="Valid for",
        coerce=int,
        empty_value=None,
        required=False,
        initial="90",
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "ever")],
    )


class PersonForm(forms.Form):
    """A new person."""

    username = forms.CharField(max_length=150, label="User name")
    name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField(label="E-mail")
    role = forms.ChoiceField(
        required=False,
        choices=[("", "None yet"), *((role.value, title) for role, title in ROLE_TITLES.items())],
    )


class GrantForm(forms.Form):
    """A role for a person, everywhere or on one source."""

    role = forms.ChoiceField(choices=[(role.value, title) for role, title in ROLE_TITLES.items()])
    scope = forms.ChoiceField(choices=list_scope_choices, required=False, label="Where")


def put_error(form: forms.Form, fact: DataWaveError) -> None:
    """Show what a service refused at its field."""
    field: Any = fact.field if fact.field in form.fields else None
    form.add_error(field, f"{fact.message} {fact.hint}".strip())
