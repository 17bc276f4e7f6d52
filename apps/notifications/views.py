"""Pages: the inbox, the bell in the top bar, marking notices as read."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from datawave.common.pages import paginate

from . import services
from .selectors import BELL_NOTICES, get_notice, list_notices
from .types import NoticeLevel

if TYPE_CHECKING:
    from apps.rbac.models import User


def _person_of(request: HttpRequest) -> User:
    """The signed-in person; the middleware sends everybody else to the sign-in page."""
    if not request.user.is_authenticated:
        raise Http404
    return request.user


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Everything a person was told: unread first, then what was read last."""
    user = _person_of(request)
    shown, level = request.GET.get("show", ""), request.GET.get("level", "")
    notices = list_notices(user).order_by(F("read_at").desc(nulls_first=True), "-id")
    if shown == "unread":
        notices = notices.filter(read_at=None)
    if level in NoticeLevel.values:
        notices = notices.filter(level=level)
    context = {
        "page_obj": paginate(request, notices),
        "show": shown,
        "level": level,
        "levels": NoticeLevel.choices,
        "active": "inbox",
    }
    return render(request, "notifications/inbox.html", context)


@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """The bell alone, fetched again when a notice comes."""
    return render(request, "components/bell.html")


@require_safe
def inbox_panel(request: HttpRequest) -> HttpResponse:
    """The newest notices, under the bell."""
    notices = list_notices(_person_of(request))[:BELL_NOTICES]
    return render(request, "notifications/_panel.html", {"notices": notices})


@require_safe
def notice_open(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Go to what a notice is about; it is read by that."""
    user = _person_of(request)
    notice = get_notice(user=user, public_id=public_id)
    services.mark_read(user=user, public_ids=[notice.public_id])
    return HttpResponseRedirect(notice.url or "/inbox/")


@require_POST
def notice_read(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Mark one notice as read."""
    user = _person_of(request)
    notice = get_notice(user=user, public_id=public_id)
    services.mark_read(user=user, public_ids=[notice.public_id])
    return redirect("notifications:inbox")


@require_POST
def notices_read_all(request: HttpRequest) -> HttpResponse:
    """Mark all notices as read: on the inbox, or in the panel under the bell."""
    user = _person_of(request)
    count = services.mark_all_read(user=user)
    if request.headers.get("HX-Request"):
        notices = list_notices(user)[:BELL_NOTICES]
        return render(request, "notifications/_panel.html", {"notices": notices})
    messages.success(request, f"{count} marked as read." if count else "All was read already.")
    return redirect("notifications:inbox")
