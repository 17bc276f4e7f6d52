"""Pages of agents and of the codes that let them in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.rbac.selectors import list_history, may
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, InputInvalid, NotThere, PermissionMissing
from datawave.common.pages import answer_csv, answer_errors, paginate
from datawave.common.parts import load_facts, load_parts
from datawave_edge import __version__

from . import services
from .agent_forms import CodeForm
from .models import Agent
from .onboarding import describe_steps, is_local
from .selectors import (
    count_served,
    get_agent,
    get_code,
    get_source,
    list_codes,
    list_permitted_sources,
    list_served_sources,
    list_visible_agents,
)
from .types import AgentWish, describe_event

if TYPE_CHECKING:
    from apps.rbac.models import User

    from .models import EnrolmentCode

SHOWN_CODES = 20
SHOWN_EVENTS = 30
CSV_HEAD = (
    "Agent", "State", "Host", "Version", "Last seen", "Bytes waiting", "Oldest waiting (s)",
    "Clock off (s)",
)  # fmt: skip


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@never_cache
@require_GET
@answer_errors
def list_agents(request: HttpRequest) -> HttpResponseBase:
    """Agents that the person may see, and for administrators the codes."""
    if request.GET.get("format") == "csv":
        agents = list_visible_agents(_user(request))
        return answer_csv(_user(request), "agents", CSV_HEAD, map(_list_cells, agents))
    return _render_list(request)


def _list_cells(agent: Agent) -> tuple[object, ...]:
    return (
        agent.name, agent.condition.label, agent.host, agent.version, agent.last_seen_at,
        agent.spool_bytes, agent.oldest_spooled_seconds, agent.clock_skew_seconds,
    )  # fmt: skip


def _render_list(request: HttpRequest, form: CodeForm | None = None, **more: Any) -> HttpResponse:
    user = _user(request)
    may_manage = may(user, Action.MANAGE)
    page = paginate(request, list_visible_agents(user))
    agents = list(page.object_list)
    facts = load_facts("agent", user, [agent.pk for agent in agents])
    served = count_served(agents, user)
    context = {
        "may_manage": may_manage,
        "page_obj": page,
        "rows": [
            {"agent": agent, "facts": facts[agent.pk], "sources": served[agent.pk]}
            for agent in agents
        ],
        "form": (form or CodeForm(user=user)) if may_manage else None,
        "codes": list_codes(user)[:SHOWN_CODES],
        "server_version": __version__,
        "active": "sources",
        **more,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "datasources/agents.html", context, status=status)


@never_cache
@require_POST
@answer_errors
def make_code(request: HttpRequest) -> HttpResponse:
    """Make a code for a new agent and show it this once, with what to run."""
    user = _user(request)
    services.require_agents_managed(user)
    form = CodeForm(request.POST, user=user)
    if form.is_valid():
        try:
            code, secret = services.make_code(user=user, **form.cleaned_data)
        except (InputInvalid, services.PasswordStored) as error:
            form.add_error(error.field or None, error.message)
        else:
            return _render_list(request, **_show_fresh(code, secret))
    return _render_list(request, form)


def _show_fresh(code: EnrolmentCode, secret: str) -> dict[str, Any]:
    steps = describe_steps(code=code, secret=secret, server=settings.BASE_URL)
    return {"fresh_code": code, "steps": steps, "local_only": is_local(settings.BASE_URL)}


@never_cache
@require_GET
@answer_errors
def show_arrival(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Whether an agent has come with a code."""
    code = get_code(user=_user(request), public_id=public_id)
    return render(request, "datasources/_arrival.html", {"code": code})


@require_POST
@answer_errors
def withdraw_code(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End a code that nobody has used."""
    user = _user(request)
    code = get_code(user=user, public_id=public_id)
    try:
        services.withdraw_code(code=code, user=user)
    except services.CodeUsed as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"The code for {code.name} lets nobody in.")
    return redirect("datasources:agent-list")


@never_cache
@require_GET
@answer_errors
def show_agent(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One agent: how it is, what it serves, what it does, what was done to it."""
    return _render_agent(request, get_agent(user=_user(request), public_id=public_id))


def _render_agent(request: HttpRequest, agent: Agent, **more: Any) -> HttpResponse:
    user = _user(request)
    sources = list(list_served_sources(agent, user))
    manageable = set(list_permitted_sources(user, Action.MANAGE).values_list("pk", flat=True))
    may_manage = may(user, Action.MANAGE)
    others = list_permitted_sources(user, Action.MANAGE).exclude(pk__in=[s.pk for s in sources])
    context = {
        "agent": agent,
        "may_manage": may_manage,
        "sources": sources,
        "manageable": manageable,
        "assignable": [] if agent.embedded or agent.revoked_at else others,
        "facts": load_facts("agent", user, [agent.pk])[agent.pk],
        "parts": load_parts("agent", agent, user),
        "history": _list_history(agent) if may_manage else [],
        "server_version": __version__,
        "active": "sources",
        **more,
    }
    return render(request, "datasources/agent.html", context)


def _list_history(agent: Agent) -> list[dict[str, Any]]:
    entries = list_history(agent)[:SHOWN_EVENTS]
    return [
        {"entry": entry, "text": describe_event(entry.action, entry.detail)} for entry in entries
    ]


@never_cache
@require_POST
@answer_errors
def renew_agent(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Make a code for the agent to enrol again and show it this once."""
    user = _user(request)
    agent = get_agent(user=user, public_id=public_id)
    code, secret = services.make_code(user=user, agent=agent)
    return _render_agent(request, agent, **_show_fresh(code, secret))


def _change(
    request: HttpRequest, public_id: uuid.UUID, change: Callable[[Agent, User], str]
) -> HttpResponse:
    """Do something to an agent and go back to its page with what was done, or why not."""
    user = _user(request)
    agent = get_agent(user=user, public_id=public_id)
    try:
        messages.success(request, change(agent, user))
    except (NotThere, PermissionMissing):
        raise
    except DataWaveError as error:
        messages.error(request, error.message)
    return redirect("datasources:agent-detail", public_id=public_id)


@require_POST
@answer_errors
def rename_agent(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Call the agent something else."""

    def rename(agent: Agent, user: User) -> str:
        services.rename_agent(agent=agent, name=request.POST.get("name", ""), user=user)
        return f"The agent is called {agent.name}."

    return _change(request, public_id, rename)


@require_POST
@answer_errors
def revoke_agent(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End an agent's access."""

    def revoke(agent: Agent, user: User) -> str:
        services.revoke_agent(agent=agent, user=user)
        return f"{agent.name} is refused from now on."

    return _change(request, public_id, revoke)


@require_POST
@answer_errors
def delete_agent(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Forget an agent."""

    user = _user(request)
    agent = get_agent(user=user, public_id=public_id)
    services.delete_agent(agent=agent, user=user)
    messages.success(request, f"{agent.name} is deleted.")
    return redirect("datasources:agent-list")


@require_POST
@answer_errors
def drain_agent(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Let an agent end its job and take no other."""

    def drain(agent: Agent, user: User) -> str:
        services.drain_agent(agent=agent, user=user)
        return f"{agent.name} ends its job and takes no other."

    return _change(request, public_id, drain)


@require_POST
@answer_errors
def resume_agent(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Let a drained agent take jobs again."""

    def resume(agent: Agent, user: User) -> str:
        services.drain_agent(agent=agent, user=user, draining=False)
        return f"{agent.name} takes jobs again."

    return _change(request, public_id, resume)


@require_POST
@answer_errors
def rotate_agent(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Have an agent make another key."""

    def rotate(agent: Agent, user: User) -> str:
        services.ask_agent(agent=agent, user=user, wish=AgentWish.ROTATE)
        return f"{agent.name} makes itself a new key with its next sign of life."

    return _change(request, public_id, rotate)


@require_POST
@answer_errors
def assign_source(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Let an agent serve a source."""

    def assign(agent: Agent, user: User) -> str:
        source = get_source(user=user, public_id=_read_id(request))
        services.assign_source(agent=agent, source=source, user=user)
        return f"{agent.name} serves {source.name}."

    return _change(request, public_id, assign)


def _read_id(request: HttpRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("source", ""))
    except ValueError:
        raise NotThere from None


@require_POST
@answer_errors
def release_source(
    request: HttpRequest, public_id: uuid.UUID, source_id: uuid.UUID
) -> HttpResponse:
    """Take a source away from an agent."""

    def release(agent: Agent, user: User) -> str:
        source = get_source(user=user, public_id=source_id)
        services.release_source(agent=agent, source=source, user=user)
        return f"{agent.name} no longer serves {source.name}."

    return _change(request, public_id, release)
