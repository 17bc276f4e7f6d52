"""Admin pages of compliance; findings are decided on their own pages, where it is audited."""

from __future__ import annotations

from django.contrib import admin
from unfold.decorators import display

from datawave.common.admin import ReadOnlyAdmin

from .models import Finding, FindingChange, PackSetting, RuleTally


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    """Findings."""

    list_display = ["rule_id", "title", "shown_severity", "shown_state", "dataset", "last_seen_at"]
    list_filter = ["state", "severity", "pack_id", "source"]
    list_select_related = ["source", "dataset"]
    search_fields = ["rule_id", "title", "dataset__name"]

    @display(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Severity",
        ordering="severity",
        label={"Critical": "danger", "High": "warning", "Medium": "warning", "Low": "info"},
    )
    def shown_severity(self, finding: Finding) -> str:
        return finding.get_severity_display()

    @display(  # type: ignore[untyped-decorator]  # unfold has no types
        description="State",
        ordering="state",
        label={
            "To review": "warning",
            "Open": "danger",
            "Acknowledged": "info",
            "Fixed": "success",
        },
    )
    def shown_state(self, finding: Finding) -> str:
        return finding.get_state_display()


@admin.register(FindingChange)
class FindingChangeAdmin(ReadOnlyAdmin):
    """What became of findings, and by whom."""

    list_display = ["finding", "state_before", "state_after", "user", "at"]
    list_select_related = ["finding", "user"]


@admin.register(RuleTally)
class RuleTallyAdmin(ReadOnlyAdmin):
    """Four counts of each rule on each source."""

    list_display = ["rule_id", "source", "passed", "failed", "unknown", "not_applicable"]
    list_filter = ["pack_id", "source"]
    list_select_related = ["source"]


@admin.register(PackSetting)
class PackSettingAdmin(ReadOnlyAdmin):
    """Packs that somebody switched."""

    list_display = ["pack_id", "enabled", "changed_by", "changed_at"]
    list_select_related = ["changed_by"]
