"""Pages: sign-in and sign-out, the own profile with its API tokens."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from datawave.common.errors import DataWaveError

from . import services
from .doors import open_to_all
from .forms import PasswordForm, ProfileForm, SignInForm, TokenForm, put_error
from .models import User
from .selectors import list_grants, list_tokens, load_scope_names, may_manage_people
from .throttle import note_try

BACKEND = "django.contrib.auth.backends.ModelBackend"
LINK_TRIES = 30


def person_of(request: HttpRequest) -> User:
    """The signed-in person; the middleware sends everybody else to the sign-in page."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@open_to_all
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """User name and password."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(_next_of(request))
    form = SignInForm(request.POST or None)
    status = 200
    if form.is_valid():
        try:
            user = services.sign_in(**form.cleaned_data, address=_address_of(request))
        except DataWaveError as fact:
            put_error(form, fact)
            status = fact.status
        else:
            login(request, user, backend=BACKEND)
            return HttpResponseRedirect(_next_of(request))
    context = {"form": form, "next": _next_of(request)}
    return render(request, "rbac/sign_in.html", context, status=status)


def _next_of(request: HttpRequest) -> str:
    """Where to go after signing in: only a page of this host."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts, secure = {request.get_host()}, request.is_secure()
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=hosts, require_https=secure):
        return wanted
    return resolve_url("analytics:overview")


def _address_of(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("rbac:sign-in")


@open_to_all
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, secret: str) -> HttpResponse:
    """A button, for mail scanners open links; pressing it spends the link."""
    if request.method != "POST":
        return render(request, "rbac/sign_in_link.html", {"problem": ""})
    try:
        note_try("link", _address_of(request), LINK_TRIES)
        user = services.use_sign_in_link(secret=secret)
    except DataWaveError as fact:
        context = {"problem": fact.message}
        return render(request, "rbac/sign_in_link.html", context, status=fact.status)
    login(request, user, backend=BACKEND)
    return redirect("analytics:overview")


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Who I am, what I may do, my password and my tokens."""
    user = person_of(request)
    form = ProfileForm(request.POST or None, initial=_describe(user))
    if form.is_valid():
        try:
            services.change_profile(user=user, **form.cleaned_data)
        except DataWaveError as fact:
            put_error(form, fact)
            user.refresh_from_db()
        else:
            messages.success(request, "Your profile is saved.")
            return redirect("rbac:profile")
    return _show_profile(request, form=form)


def _describe(user: User) -> dict[str, str]:
    return {"name": user.get_full_name(), "email": user.email, "time_zone": user.time_zone}


def _show_profile(request: HttpRequest, **changes: Any) -> HttpResponse:
    user = person_of(request)
    context = {
        "form": ProfileForm(initial=_describe(user)),
        "password_form": PasswordForm(),
        "token_form": TokenForm(),
        "has_password": user.has_usable_password(),
        "tokens": list_tokens(user),
        "grants": _describe_grants(user),
        "may_manage_people": may_manage_people(user),
        "new_token": "",
        **changes,
    }
    shown = [form for key, form in context.items() if key.endswith("form")]
    status = 422 if any(form.errors for form in shown) else 200
    return render(request, "rbac/profile.html", context, status=status)


def _describe_grants(user: User) -> list[dict[str, str]]:
    names = load_scope_names()
    return [
        {
            "role": grant.get_role_display(),
            "where": names.get(grant.object_key, "A deleted source")
            if grant.object_key
            else "Everywhere",
        }
        for grant in list_grants(user).filter(user=user)
    ]


@sensitive_post_parameters("old", "new")
@require_POST
def password_change(request: HttpRequest) -> HttpResponse:
    """A new password; other sessions end."""
    user = person_of(request)
    form = PasswordForm(request.POST)
    if form.is_valid():
        try:
            services.change_password(user=user, **form.cleaned_data)
        except DataWaveError as fact:
            put_error(form, fact)
        else:
            update_session_auth_hash(request, user)
            messages.success(request, "Your password is changed; other sessions have ended.")
            return redirect("rbac:profile")
    return _show_profile(request, password_form=form)


@never_cache
@require_POST
def token_add(request: HttpRequest) -> HttpResponse:
    """A new API token, shown this once."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _show_profile(request, token_form=form)
    days = form.cleaned_data["days"]
    _, secret = services.issue_token(
        user=person_of(request),
        name=form.cleaned_data["name"],
        read_only=form.cleaned_data["read_only"],
        expires_at=timezone.now() + dt.timedelta(days=days) if days else None,
    )
    return _show_profile(request, new_token=secret)


@require_POST
def token_revoke(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End one of my tokens."""
    user = person_of(request)
    token = list_tokens(user).filter(public_id=public_id).first()
    if token is None:
        raise Http404
    services.revoke_token(token=token, revoked_by=user)
    messages.success(request, f"The token {token.name} is revoked.")
    return redirect("rbac:profile")
