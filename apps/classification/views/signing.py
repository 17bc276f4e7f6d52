"""Sign-offs: the list, signing a table or a source, withdrawing."""

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

from apps.classification import services
from apps.classification.filters import AttestationFilter
from apps.classification.models import Attestation
from apps.classification.selectors import get_attestation, list_visible_attestations
from apps.datasources.selectors import get_source, list_permitted_sources, list_visible_sources
from apps.discovery.selectors import get_dataset
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, NotThere, PermissionMissing
from datawave.common.pages import answer_csv, answer_errors, paginate

if TYPE_CHECKING:
    from apps.rbac.models import User

CSV_HEAD: Final = (
    "source", "table", "signed_by", "signed_at", "tables", "columns", "decided", "suggested",
    "unknown", "personal", "note", "stale_at", "changes_since", "stale_reason", "withdrawn_at",
)  # fmt: skip


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@require_GET
def list_attestations(request: HttpRequest) -> HttpResponseBase:
    """Who signed off what, and what has changed after it."""
    user = _user(request)
    narrowed = AttestationFilter(request.GET, queryset=list_visible_attestations(user))
    exported = list_permitted_sources(user, Action.EXPORT)
    if request.GET.get("format") == "csv":
        return _export(user, narrowed.qs.filter(source__in=exported.values("pk")))
    page = paginate(request, narrowed.qs)
    allowed = list_permitted_sources(user, Action.DECIDE_LABELS)
    context = {
        "page": page,
        "attestations": page.object_list,
        "is_filtered": any(request.GET.get(name) for name in ("standing", "source")),
        "sources": list_visible_sources(user),
        "deciding": set(allowed.values_list("pk", flat=True)),
        "may_export": exported.exists(),
        "active": "classification",
    }
    return render(request, "classification/attestation_list.html", context)


def _export(user: User, rows: Any) -> HttpResponseBase:
    return answer_csv(user, "sign-offs", CSV_HEAD, (_list_cells(row) for row in rows.iterator(500)))


def _list_cells(row: Attestation) -> list[object]:
    return [
        row.source.name,
        row.dataset.fqn if row.dataset else "",
        row.user_name,
        row.created_at.isoformat(),
        row.tables,
        row.columns,
        row.decided,
        row.suggested,
        row.unknown,
        row.personal,
        row.note,
        row.stale_at.isoformat() if row.stale_at else "",
        row.changes_since,
        row.stale_reason,
        row.withdrawn_at.isoformat() if row.withdrawn_at else "",
    ]


@require_POST
@answer_errors
def sign_dataset(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Sign off the labels of a table."""
    dataset = get_dataset(user=_user(request), public_id=public_id)
    return _sign(request, source=dataset.source, dataset=dataset)


@require_POST
@answer_errors
def sign_source(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Sign off the labels of all tables of a source."""
    return _sign(request, source=get_source(user=_user(request), public_id=public_id))


def _sign(request: HttpRequest, **scope: Any) -> HttpResponse:
    note = request.POST.get("note", "").strip()
    try:
        made = services.attest(user=_user(request), note=note, **scope)
    except (NotThere, PermissionMissing):
        raise
    except DataWaveError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Signed off with {made.columns} columns.")
    return redirect(_next_url(request))


@require_POST
@answer_errors
def withdraw(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take a sign-off back."""
    attestation = get_attestation(user=_user(request), public_id=public_id)
    try:
        services.withdraw_attestation(attestation=attestation, user=_user(request))
    except services.AlreadyWithdrawn as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Sign-off withdrawn.")
    return redirect(_next_url(request))


def _next_url(request: HttpRequest) -> str:
    url = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()})
    return url if safe else reverse("classification:attestation-list")
