"""Admin pages of labels, versions of the judge and what was taught: to look, not to change."""

from __future__ import annotations

from django.contrib import admin
from unfold.decorators import display

from datawave.common.admin import ReadOnlyAdmin

from .models import (
    Activation,
    Attestation,
    Label,
    LabelDecision,
    Learning,
    Lesson,
    OwnRecogniser,
    OwnType,
    PastVerdict,
    Replay,
    ReplayChange,
    StoredModel,
    TypeRating,
    TypeThreshold,
)


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


@admin.register(PastVerdict)
class PastVerdictAdmin(ReadOnlyAdmin):
    """What the machine said over time."""

    list_display = ("field", "semantic_type", "confidence", "model_version", "at")
    list_filter = ("sensitivity", "personal")
    list_select_related = ("field",)
    search_fields = ("field__name", "semantic_type", "model_version")


@admin.register(Attestation)
class AttestationAdmin(ReadOnlyAdmin):
    """Sign-offs."""

    list_display = ("source", "dataset", "user_name", "created_at", "stale_at", "withdrawn_at")
    list_filter = (("stale_at", admin.EmptyFieldListFilter), "source__environment")
    list_select_related = ("source", "dataset")
    search_fields = ("source__name", "dataset__name", "user_name")


@admin.register(StoredModel)
class StoredModelAdmin(ReadOnlyAdmin):
    """Versions of the judge; their bytes are not shown."""

    list_display = ("version", "kind", "active", "base", "size", "made_by", "created_at", "refusal")
    list_filter = ("kind", "active")
    list_select_related = ("base", "made_by")
    search_fields = ("version", "note", "file__sha256")
    exclude = ("file",)


@admin.register(Activation)
class ActivationAdmin(ReadOnlyAdmin):
    """Which version came into force when."""

    list_display = ("created_at", "model", "previous", "user", "is_rollback")
    list_filter = ("is_rollback",)
    list_select_related = ("model", "previous", "user")
    search_fields = ("model__version", "user__username")


@admin.register(Replay)
class ReplayAdmin(ReadOnlyAdmin):
    """Columns judged anew."""

    list_display = (
        "id", "kind", "model", "state", "tables_done", "tables", "changed", "started_by",
        "finished_at",
    )  # fmt: skip
    list_filter = ("kind", "state")
    list_select_related = ("model", "started_by")
    search_fields = ("model__version", "error")


@admin.register(ReplayChange)
class ReplayChangeAdmin(ReadOnlyAdmin):
    """What a version would change."""

    list_display = ("replay", "label", "type_before", "type_after", "decided")
    list_filter = ("decided", "sensitivity_after")
    list_select_related = ("replay__model", "label")
    search_fields = ("label__field__name", "type_before", "type_after")


@admin.register(Learning)
class LearningAdmin(ReadOnlyAdmin):
    """Attempts to learn from decisions."""

    list_display = (
        "created_at", "state", "outcome", "decisions", "right_before", "right_after", "model",
    )  # fmt: skip
    list_filter = ("state", "outcome")
    list_select_related = ("model",)
    search_fields = ("model__version", "error")


@admin.register(OwnType)
class OwnTypeAdmin(ReadOnlyAdmin):
    """Types of the installation's own."""

    list_display = ("title", "name", "sensitivity", "personal", "made_by", "retired_at")
    list_filter = ("sensitivity", "personal", ("retired_at", admin.EmptyFieldListFilter))
    list_select_related = ("made_by",)
    search_fields = ("title", "name", "description")


@admin.register(OwnRecogniser)
class OwnRecogniserAdmin(ReadOnlyAdmin):
    """Versions of what own types look like, without patterns and words, which may be secret."""

    list_display = ("own_type", "version", "word_count", "least", "made_by", "retired_at")
    list_filter = ("has_values", ("retired_at", admin.EmptyFieldListFilter))
    list_select_related = ("own_type", "made_by")
    search_fields = ("own_type__title", "own_type__name")
    exclude = ("patterns", "words", "names")


@admin.register(Lesson)
class LessonAdmin(ReadOnlyAdmin):
    """What was taught by showing columns."""

    list_display = ("created_at", "kind", "semantic_type", "radius", "made_by", "retired_at")
    list_filter = ("kind", ("retired_at", admin.EmptyFieldListFilter))
    list_select_related = ("made_by",)
    search_fields = ("semantic_type", "note")
    exclude = ("examples",)


@admin.register(TypeThreshold)
class TypeThresholdAdmin(ReadOnlyAdmin):
    """Who asked for which least confidence."""

    list_display = ("at", "semantic_type", "least", "set_by")
    list_select_related = ("set_by",)
    search_fields = ("semantic_type", "set_by__username")


@admin.register(TypeRating)
class TypeRatingAdmin(ReadOnlyAdmin):
    """How sensitive shipped types are here."""

    list_display = ("semantic_type", "sensitivity", "rated_by", "at")
    list_filter = ("sensitivity",)
    list_select_related = ("rated_by",)
    search_fields = ("semantic_type",)
