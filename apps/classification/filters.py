"""What lists of labels can be narrowed and sorted by, on pages and in the API alike."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet

from .models import Attestation, Label, ReplayChange
from .selectors import list_semantic_types
from .types import LabelState, Sensitivity

ORDERINGS = (
    ("confidence", "confidence"),
    ("semantic_type", "type"),
    ("sensitivity", "sensitivity"),
    ("state", "state"),
    ("field__name", "column"),
    ("field__dataset__name", "table"),
    ("field__dataset__source__name", "source"),
    ("judged_at", "judged_at"),
)


class LabelFilter(django_filters.FilterSet):
    """`?state=suggested&sensitivity=restricted&min_confidence=0.9&q=mail&sort=-confidence`."""

    state = django_filters.MultipleChoiceFilter(choices=LabelState.choices)
    sensitivity = django_filters.MultipleChoiceFilter(choices=Sensitivity.choices)
    type = django_filters.MultipleChoiceFilter(
        field_name="semantic_type",
        choices=lambda: [(each.name, each.title) for each in list_semantic_types()],
    )
    personal = django_filters.BooleanFilter()
    conflict = django_filters.BooleanFilter()
    source = django_filters.UUIDFilter(field_name="field__dataset__source__public_id")
    dataset = django_filters.UUIDFilter(field_name="field__dataset__public_id")
    min_confidence = django_filters.NumberFilter(
        field_name="confidence", lookup_expr="gte", min_value=0, max_value=1
    )
    max_confidence = django_filters.NumberFilter(
        field_name="confidence", lookup_expr="lte", min_value=0, max_value=1
    )
    q = django_filters.CharFilter(method="search", label="Part of a column's or table's name")
    # Pages say `sort`, the API `ordering`.
    sort = django_filters.OrderingFilter(fields=ORDERINGS)
    ordering = django_filters.OrderingFilter(fields=ORDERINGS)

    class Meta:
        model = Label
        fields: list[str] = []

    def search(self, labels: QuerySet[Label], _name: str, text: str) -> QuerySet[Label]:
        """Part of the name of the column or of its table."""
        return labels.filter(
            Q(field__name__icontains=text) | Q(field__dataset__name__icontains=text)
        )


class AttestationFilter(django_filters.FilterSet):
    """`?standing=stale&source=...`."""

    standing = django_filters.ChoiceFilter(
        choices=(("current", "Current"), ("stale", "Stale"), ("withdrawn", "Withdrawn")),
        method="narrow",
    )
    source = django_filters.UUIDFilter(field_name="source__public_id")
    dataset = django_filters.UUIDFilter(field_name="dataset__public_id")
    ordering = django_filters.OrderingFilter(fields=(("id", "created_at"),))

    class Meta:
        model = Attestation
        fields: list[str] = []

    def narrow(
        self, rows: QuerySet[Attestation], _name: str, standing: str
    ) -> QuerySet[Attestation]:
        """Current ones, those that something changed after, or those that were taken back."""
        if standing == "withdrawn":
            return rows.exclude(withdrawn_at=None)
        return rows.filter(withdrawn_at=None, stale_at__isnull=standing == "current")


class ReplayChangeFilter(django_filters.FilterSet):
    """`?type_before=contact.email&type_after=person.name&decided=false`."""

    type_before = django_filters.CharFilter()
    type_after = django_filters.CharFilter()
    decided = django_filters.BooleanFilter()
    source = django_filters.UUIDFilter(field_name="label__field__dataset__source__public_id")

    class Meta:
        model = ReplayChange
        fields: list[str] = []
