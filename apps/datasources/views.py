"""Pages of sources and connection tests."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.rbac.selectors import may
from apps.rbac.services import require
from apps.rbac.types import Action
from datawave.common.pages import answer_csv, answer_errors, paginate
from datawave.common.parts import load_facts, load_parts

from . import services
from .connection import SourceInvalid
from .filters import SourceFilter
from .forms import SourceForm
from .models import DataSource
from .selectors import (
    choose_agent,
    find_embedded_agent,
    get_source,
    get_test,
    list_permitted_sources,
    list_visible_sources,
    list_visible_tests,
)
from .types import ENGINES, Engine, Environment

if TYPE_CHECKING:
    from apps.rbac.models import User

RECENT_TESTS = 10
CSV_HEAD = ("Name", "Engine", "Host", "Database", "Environment", "Region", "Tables")


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@require_GET
def list_sources(request: HttpRequest) -> HttpResponseBase:
    """Sources that the person may view, filtered and sorted by the address."""
    user = _user(request)
    narrowed = SourceFilter(
        request.GET,
        queryset=list_visible_sources(user)
        .select_related("agent", "owner")
        .prefetch_related("more_agents"),
    )
    if request.GET.get("format") == "csv":
        allowed = list_permitted_sources(user, Action.EXPORT).values("pk")
        rows = _list_cells(user, narrowed.qs.filter(pk__in=allowed))
        return answer_csv(user, "data-sources", CSV_HEAD, rows)
    page = paginate(request, narrowed.qs)
    context = {
        "page_obj": page,
        "rows": _describe_rows(user, list(page.object_list)),
        "filter": narrowed,
        "engines": Engine.choices,
        "environments": Environment.choices,
        "is_filtered": any(request.GET.get(name) for name in ("q", "engine", "environment")),
        "may_add": may(user, Action.MANAGE),
        "may_export": list_permitted_sources(user, Action.EXPORT).exists(),
        "startable": set(
            list_permitted_sources(user, Action.DISCOVER).values_list("pk", flat=True)
        ),
        "active": "sources",
    }
    return render(request, "datasources/list.html", context)


def _describe_rows(user: User, sources: list[DataSource]) -> list[dict[str, Any]]:
    facts = load_facts("source", user, [source.pk for source in sources])
    embedded = find_embedded_agent()
    return [
        {"source": source, "facts": facts[source.pk], "agent": choose_agent(source, embedded)}
        for source in sources
    ]


def _list_cells(user: User, sources: Iterable[DataSource]) -> Iterator[tuple[object, ...]]:
    for row in _describe_rows(user, list(sources)):
        source = row["source"]
        yield (
            source.name, source.get_engine_display(), source.host, source.database,
            source.get_environment_display(), source.region, row["facts"].get("tables", 0),
        )  # fmt: skip


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@answer_errors
def add_source(request: HttpRequest) -> HttpResponse:
    """The form of a new source; `?engine=` chooses which fields it has."""
    user = _user(request)
    require(user, Action.MANAGE, None)
    engine = _chosen_engine(request, Engine.SQLITE)
    form = SourceForm(request.POST or None, user=user, engine=engine)
    if request.method == "POST" and form.is_valid():
        try:
            source = services.add_source(user=user, **form.get_values())
        except SourceInvalid as error:
            form.add_problems(error)
        else:
            messages.success(request, f"{source.name} was added.")
            return _go_on(request, source)
    return _render_form(request, form, engine)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@answer_errors
def edit_source(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The form of a source; an empty password keeps the stored one."""
    user = _user(request)
    source = get_source(user=user, public_id=public_id)
    require(user, Action.MANAGE, source)
    engine = _chosen_engine(request, Engine(source.engine))
    form = SourceForm(request.POST or None, user=user, engine=engine, source=source)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_source(source=source, user=user, **form.get_values())
        except SourceInvalid as error:
            form.add_problems(error)
            source = get_source(user=user, public_id=public_id)
        else:
            messages.success(request, "The changes are saved.")
            return _go_on(request, source)
    return _render_form(request, form, engine, source)


def _go_on(request: HttpRequest, source: DataSource) -> HttpResponse:
    """After saving: to the test that was asked for, or to the source."""
    user = _user(request)
    if request.POST.get("then") == "test" and may(user, Action.DISCOVER, source):
        test = services.request_test(source=source, user=user)
        return redirect("datasources:test-detail", public_id=test.public_id)
    return redirect("datasources:source-detail", public_id=source.public_id)


def _chosen_engine(request: HttpRequest, default: Engine) -> Engine:
    given = request.POST.get("engine") or request.GET.get("engine", "")
    return Engine(given) if given in Engine.values else default


def _render_form(
    request: HttpRequest, form: SourceForm, engine: Engine, source: DataSource | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "source": source,
        "specs": list(ENGINES.values()),
        "host_engines": " ".join(spec.engine for spec in ENGINES.values() if spec.needs_host),
        "engine": engine,
        "has_password": bool(source and source.password),
        "active": "sources",
    }
    return render(request, "datasources/form.html", context, status=422 if form.errors else 200)


@require_GET
@answer_errors
def show_source(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One source: its connection, what was seen of the server, its tests."""
    user = _user(request)
    source = get_source(user=user, public_id=public_id)
    tests = list_visible_tests(user).filter(source=source).select_related("agent", "requested_by")
    context = {
        **_describe_rows(user, [source])[0],
        "parts": load_parts("source", source, user),
        "spec": ENGINES[Engine(source.engine)],
        "has_password": bool(source.password),
        "server_facts": _describe_server(source),
        "tests": tests[:RECENT_TESTS],
        "test": tests.first(),
        "may_discover": may(user, Action.DISCOVER, source),
        "may_manage": may(user, Action.MANAGE, source),
        "active": "sources",
    }
    return render(request, "datasources/detail.html", context)


SERVER_FACTS = {
    "tls": "Encrypted",
    "read_only": "Read-only session",
    "privileged": "User is privileged",
    "audit_logging": "Audit log",
}


def _describe_server(source: DataSource) -> list[tuple[str, str]]:
    """What the last discovery saw of the server; what it could not tell is left out."""
    seen = {label: source.facts.get(name) for name, label in SERVER_FACTS.items()}
    told = [(label, "Yes" if fact else "No") for label, fact in seen.items() if fact is not None]
    version = source.facts.get("server_version")
    return [("Version", version), *told] if version else told


@require_http_methods(["GET", "POST"])
@answer_errors
def delete_source(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask, then delete a source with all that was found in it."""
    user = _user(request)
    source = get_source(user=user, public_id=public_id)
    require(user, Action.MANAGE, source)
    if request.method == "POST":
        services.delete_source(source=source, user=user)
        messages.success(request, f"{source.name} and all that was found in it are deleted.")
        return redirect("datasources:source-list")
    context = {**_describe_rows(user, [source])[0], "active": "sources"}
    return render(request, "datasources/delete.html", context)


@require_POST
@answer_errors
def test_source(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask the agent to try the connection."""
    user = _user(request)
    source = get_source(user=user, public_id=public_id)
    test = services.request_test(source=source, user=user)
    if request.headers.get("HX-Request"):
        return render(request, "datasources/_test.html", {"test": test})
    return redirect("datasources:test-detail", public_id=test.public_id)


@never_cache
@require_GET
@answer_errors
def show_test(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """A connection test, step by step; the page asks again while it runs."""
    services.expire_tests()
    user = _user(request)
    test = get_test(user=user, public_id=public_id)
    context = {
        "test": test,
        "source": test.source,
        "may_discover": may(user, Action.DISCOVER, test.source),
        "may_manage": may(user, Action.MANAGE, test.source),
        "active": "sources",
    }
    part = request.GET.get("part") == "steps"
    return render(request, f"datasources/{'_test' if part else 'test'}.html", context)
