"""Labels and decisions in the admin site, to look at only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from .models import Label, LabelDecision


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Labels are decided on their page, where the decision is recorded."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Label)
class LabelAdmin(ReadOnlyAdmin):
    """Labels of columns."""

    list_display = (
        "field",
        "semantic_type",
        "shown_sensitivity",
        "personal",
        "confidence",
        "shown_state",
    )
    list_filter = ("state", "sensitivity", "personal")
    list_select_related = ("field",)
    search_fields = ("field__name", "semantic_type")

    @display(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Sensitivity",
        ordering="sensitivity",
        label={"Restricted": "danger", "Confidential": "warning", "Internal": "info"},
    )
    def shown_sensitivity(self, label: Label) -> str:
        return label.get_sensitivity_display()

    @display(  # type: ignore[untyped-decorator]  # unfold has no types
        description="State",
        ordering="state",
        label={"Suggested": "warning", "Confirmed": "success", "Changed": "info"},
    )
    def shown_state(self, label: Label) -> str:
        return label.get_state_display()


@admin.register(LabelDecision)
class LabelDecisionAdmin(ReadOnlyAdmin):
    """What people decided."""

    list_display = ("label", "kind", "user", "type_before", "type_after", "created_at", "undone_at")
    list_filter = ("kind",)
    list_select_related = ("label", "user")
