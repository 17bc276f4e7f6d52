"""Labels and decisions in the admin site, to look at only."""

from __future__ import annotations

from django.contrib import admin
from unfold.decorators import display

from datawave.common.admin import ReadOnlyAdmin

from .models import Label, LabelDecision


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
