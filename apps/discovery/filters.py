"""Which datasets, fields and changes a list shows, as its address says."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from .models import AbsenceDoubt, Dataset, Field, SchemaChange
from .types import ChangeKind, DatasetState, DoubtState, FieldState


class DatasetFilter(django_filters.FilterSet):
    """`?source=…&state=active&q=customer&sort=-row_count`"""

    source = django_filters.UUIDFilter(field_name="source__public_id")
    state = django_filters.MultipleChoiceFilter(choices=DatasetState.choices)
    kind = django_filters.CharFilter()
    container = django_filters.CharFilter()
    unreadable = django_filters.BooleanFilter(method="narrow_unreadable", label="Could not be read")
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains")
    sort = django_filters.OrderingFilter(
        fields=["container", "name", "row_count", "size_bytes", "column_count", "last_seen_at"]
    )

    class Meta:
        model = Dataset
        fields: list[str] = []

    def narrow_unreadable(
        self, rows: QuerySet[Dataset], name: str, value: Any
    ) -> QuerySet[Dataset]:
        """Those that the last run could not read, or could."""
        return rows.exclude(error_code="") if value else rows.filter(error_code="")


class FieldFilter(django_filters.FilterSet):
    """`?dataset=…&type=text&q=mail`"""

    source = django_filters.UUIDFilter(field_name="dataset__source__public_id")
    dataset = django_filters.UUIDFilter(field_name="dataset__public_id")
    state = django_filters.MultipleChoiceFilter(choices=FieldState.choices)
    type = django_filters.CharFilter()
    path_of = django_filters.CharFilter(label="Paths of the column of this name")
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains")
    sort = django_filters.OrderingFilter(fields=["name", "ordinal", "type"])

    class Meta:
        model = Field
        fields: list[str] = []


class DoubtFilter(django_filters.FilterSet):
    """`?source=…&state=open`"""

    source = django_filters.UUIDFilter(field_name="source__public_id")
    state = django_filters.MultipleChoiceFilter(choices=DoubtState.choices)

    class Meta:
        model = AbsenceDoubt
        fields: list[str] = []


class ChangeFilter(django_filters.FilterSet):
    """`?source=…&kind=column_added&after=2026-01-01T00:00:00Z`"""

    source = django_filters.UUIDFilter(field_name="source__public_id")
    dataset = django_filters.UUIDFilter(field_name="dataset__public_id")
    kind = django_filters.MultipleChoiceFilter(choices=ChangeKind.choices)
    since = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = SchemaChange
        fields: list[str] = []
