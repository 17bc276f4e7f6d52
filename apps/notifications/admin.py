"""Admin pages of events, notices and the outbox; all of it is made by the product."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from .models import Delivery, Event, Notice


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # untyped base
    """Rows that only the product itself writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What live pages were told."""

    list_display = ["id", "at", "topic", "kind"]
    list_filter = ["kind"]
    search_fields = ["topic"]


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """What people were told."""

    list_display = ["title", "user", "level", "kind", "created_at", "read_at"]
    list_filter = ["level", "kind"]
    list_select_related = ["user"]
    search_fields = ["title", "user__username"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """E-mails and how far they got."""

    list_display = ["notice", "address", "state", "attempts", "not_before", "error_code", "sent_at"]
    list_filter = ["state", "error_code"]
    list_select_related = ["notice"]
    search_fields = ["address"]
