"""Pages for administrators: people and their roles."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from datawave.common.errors import DataWaveError
from datawave.common.pages import paginate

from . import services
from .forms import GrantForm, PersonForm, put_error
from .models import User
from .selectors import (
    get_person,
    get_scope,
    list_people,
    load_scope_names,
    may_manage_people,
)
from .types import Role
from .views import person_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def administrators_only(view: View[P]) -> View[P]:
    """Let nobody else in, and say what a service refuses as a message on the list."""

    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not may_manage_people(person_of(request)):
            raise PermissionDenied
        try:
            return view(request, *args, **kwargs)
        except DataWaveError as fact:
            messages.error(request, fact.message)
            return redirect("rbac:people")

    return wrapper


@require_safe
@administrators_only
def people(request: HttpRequest) -> HttpResponse:
    """Everybody and their roles."""
    return _show_people(request)


def _show_people(request: HttpRequest, **changes: Any) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    found = list_people()
    if query:
        found = found.filter(username__icontains=query) | found.filter(first_name__icontains=query)
    page = paginate(request, found)
    names = load_scope_names()
    context = {
        "page_obj": page,
        "rows": [_describe(person, names) for person in page],
        "query": query,
        "person_form": PersonForm(),
        "grant_form": GrantForm(),
        "new_link": "",
        "new_link_for": None,
        **changes,
    }
    status = 422 if context["person_form"].errors else 200
    return render(request, "rbac/people.html", context, status=status)


def _describe(person: User, names: dict[str, str]) -> dict[str, Any]:
    grants = [
        {
            "public_id": grant.public_id,
            "role": grant.get_role_display(),
            "where": names.get(grant.object_key, "") if grant.object_key else "Everywhere",
        }
        for grant in person.role_grants.all()
    ]
    return {"person": person, "grants": grants}


@never_cache
@require_POST
@administrators_only
def person_add(request: HttpRequest) -> HttpResponse:
    """A new person, with a sign-in link that is shown this once."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _show_people(request, person_form=form)
    fields = dict(form.cleaned_data)
    role, by = fields.pop("role"), person_of(request)
    try:
        person, secret = services.add_person(**fields, added_by=by)
    except DataWaveError as fact:
        put_error(form, fact)
        return _show_people(request, person_form=form)
    if role:
        services.grant_role(user=person, role=Role(role), granted_by=by)
    return _show_link(request, person, secret)


def _show_link(request: HttpRequest, person: User, secret: str) -> HttpResponse:
    link = settings.BASE_URL.rstrip("/") + reverse("rbac:sign-in-link", args=[secret])
    return _show_people(request, new_link=link, new_link_for=person)


@never_cache
@require_POST
@administrators_only
def person_link(request: HttpRequest, username: str) -> HttpResponse:
    """A new sign-in link for someone."""
    person = get_person(username)
    secret = services.invite_person(user=person, by=person_of(request))
    return _show_link(request, person, secret)


@require_POST
@administrators_only
def person_deactivate(request: HttpRequest, username: str) -> HttpResponse:
    """End someone's access."""
    services.deactivate_person(user=get_person(username), by=person_of(request))
    messages.success(request, f"{username} can no longer sign in.")
    return redirect("rbac:people")


@require_POST
@administrators_only
def person_activate(request: HttpRequest, username: str) -> HttpResponse:
    """Give access again."""
    services.activate_person(user=get_person(username), by=person_of(request))
    messages.success(request, f"{username} can sign in again.")
    return redirect("rbac:people")


@require_POST
@administrators_only
def role_grant(request: HttpRequest, username: str) -> HttpResponse:
    """Give a role."""
    form = GrantForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a role and where it holds.")
        return redirect("rbac:people")
    key, role = form.cleaned_data["scope"], Role(form.cleaned_data["role"])
    scope = get_scope(uuid.UUID(key)) if key else None
    by = person_of(request)
    services.grant_role(user=get_person(username), role=role, scope=scope, granted_by=by)
    messages.success(request, f"{username} has the role now.")
    return redirect("rbac:people")


@require_POST
@administrators_only
def role_revoke(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take a role back."""
    by = person_of(request)
    services.revoke_grant(public_id=public_id, revoked_by=by)
    messages.success(request, "The role is taken back.")
    return redirect("rbac:people")
