"""Pages of compliance: findings, one finding, packs and their rules."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from apps.datasources.selectors import list_visible_sources, name_sources
from apps.rbac.selectors import may
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, NotThere, PermissionMissing
from datawave.common.pages import answer_csv, answer_errors, list_given, paginate

from . import services
from .models import Finding, FindingQuerySet
from .selectors import (
    FindingFilters,
    filter_findings,
    find_rule,
    get_finding,
    group_findings,
    list_finding_facets,
    list_packs,
    load_pack_standings,
    may_switch_packs,
)

if TYPE_CHECKING:
    from apps.rbac.models import User

CSV_HEAD: Final = (
    "severity", "state", "rule", "title", "citation", "evidence", "source", "table", "column",
    "message", "remediation", "does_not_prove", "confidence", "first_seen", "last_seen", "note",
)  # fmt: skip


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def read_filters(request: HttpRequest) -> FindingFilters:
    """The filters in the address."""
    return FindingFilters(
        states=list_given(request, "state"),
        severities=list_given(request, "severity"),
        packs=list_given(request, "pack"),
        sources=name_sources(_user(request), list_given(request, "source")),
        evidence=list_given(request, "evidence"),
        rules=list_given(request, "rule"),
        sort=request.GET.get("sort", ""),
    )


@require_GET
def list_findings(request: HttpRequest) -> HttpResponseBase:
    """Findings by rule or one by one, the worst first, under the four counts of each pack."""
    user, filters = _user(request), read_filters(request)
    if request.GET.get("format") == "csv":
        return _answer_csv(user, filter_findings(user=user, filters=filters))
    standings = [each for each in load_pack_standings(user) if each.enabled]
    context = {
        **_load_rows(request, filters),
        "facets": list_finding_facets(user=user, filters=filters),
        "filters": filters,
        "is_filtered": any(v for v in vars(filters).values() if isinstance(v, tuple)),
        "standings": standings,
        "is_checked": any(each.tally.checked_at for each in standings),
        "may_export": list_visible_sources(user).permitted_to(user, "export").exists(),
        "active": "compliance",
    }
    return render(request, "compliance/finding_list.html", context)


def _load_rows(request: HttpRequest, filters: FindingFilters) -> dict[str, Any]:
    """One rule may be broken by every table, so rules come first, unless one was chosen."""
    user = _user(request)
    if filters.rules or filters.sort or request.GET.get("view") == "each":
        page = paginate(request, filter_findings(user=user, filters=filters))
        return {"page": page, "is_grouped": False, "found": page.paginator.count}
    groups = group_findings(user=user, filters=filters)
    found = sum(group.findings for group in groups)
    return {"page": paginate(request, groups), "is_grouped": True, "found": found}


def _answer_csv(user: User, findings: FindingQuerySet) -> HttpResponseBase:
    sources = list_visible_sources(user).permitted_to(user, "export")
    allowed = findings.filter(source__in=sources.values("pk"))
    return answer_csv(
        user, "findings", CSV_HEAD, (_csv_row(each) for each in allowed.iterator(500))
    )


def _csv_row(finding: Finding) -> tuple[object, ...]:
    return (
        finding.severity, finding.state, finding.rule_id, finding.title, finding.citation,
        finding.evidence_grade, finding.source.name,
        finding.dataset.fqn if finding.dataset else "",
        finding.field.name if finding.field else "",
        finding.message, finding.remediation, finding.limits, round(finding.confidence, 3),
        finding.first_seen_at, finding.last_seen_at, finding.note,
    )  # fmt: skip


@require_GET
@answer_errors
def show_finding(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Why it was found, what to do, what it does not prove, and what people decided."""
    user = _user(request)
    finding = get_finding(user=user, public_id=public_id)
    context = {
        "finding": finding,
        "rule": find_rule(finding.rule_id),
        "pack_title": next((p.title for p in list_packs() if p.id == finding.pack_id), ""),
        "facts": list_facts(finding),
        "changes": finding.changes.select_related("user"),
        "may_decide": may(user, Action.DECIDE_FINDINGS, finding.source),
        "active": "compliance",
    }
    return render(request, "compliance/finding_detail.html", context)


def list_facts(finding: Finding) -> list[dict[str, str]]:
    """The facts that the verdict rests on, in words."""
    return [
        {"name": name, "title": title_of_fact(name), "value": show_fact(value)}
        for name, value in finding.facts.items()
    ]


def title_of_fact(name: str) -> str:
    """table.tags.retention_days -> Table: retention days."""
    section, _, rest = name.partition(".")
    words = rest.removeprefix("tags.").replace("_", " ").replace(".", " ")
    return f"{section.capitalize()}: {words}" if rest else section.capitalize()


def show_fact(value: Any) -> str:
    """A fact as people read it; one that is known to be empty says so."""
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


@require_POST
@answer_errors
def decide_finding(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Acknowledge, call false, or reopen."""
    user = _user(request)
    finding = get_finding(user=user, public_id=public_id)
    try:
        services.decide_finding(
            finding=finding,
            user=user,
            state=request.POST.get("state", ""),
            note=request.POST.get("note", ""),
        )
        messages.success(request, "Saved.")
    except (NotThere, PermissionMissing):
        raise
    except DataWaveError as error:
        messages.error(request, error.message)
    return redirect(_next(request, reverse("compliance:finding-detail", args=[public_id])))


def _next(request: HttpRequest, default: str) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return target if safe else default


@require_GET
def list_rules(request: HttpRequest) -> HttpResponseBase:
    """Packs and rules, as of when they state the law, and how they came out."""
    user = _user(request)
    context = {
        "standings": load_pack_standings(user),
        "may_switch": may_switch_packs(user),
        "active": "compliance",
    }
    return render(request, "compliance/rule_list.html", context)


@require_POST
@answer_errors
def switch_pack(request: HttpRequest, pack_id: str) -> HttpResponse:
    """Use a pack, or stop using it."""
    enabled = request.POST.get("enabled") == "1"
    services.set_pack_enabled(pack_id=pack_id, enabled=enabled, user=_user(request))
    messages.success(request, "The pack is in use." if enabled else "The pack is no longer used.")
    return redirect("compliance:rule-list")
