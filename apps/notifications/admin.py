"""Admin pages of events, notices and the outbox; all of it is made by the product."""

from __future__ import annotations

from django.contrib import admin

from datawave.common.admin import ReadOnlyAdmin

from .models import Delivery, Event, Notice


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
