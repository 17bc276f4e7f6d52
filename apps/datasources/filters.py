"""Which sources and tests a list shows, as its address says."""

from __future__ import annotations

import django_filters
from django.db.models import Q

from .models import ConnectionTest, DataSource, DataSourceQuerySet
from .types import Engine, Environment, TestState


class SourceFilter(django_filters.FilterSet):
    """`?q=crm&engine=postgresql&environment=production&sort=-name`"""

    q = django_filters.CharFilter(method="search", label="Part of the name, host or database")
    engine = django_filters.MultipleChoiceFilter(choices=Engine.choices)
    environment = django_filters.MultipleChoiceFilter(choices=Environment.choices)
    agent = django_filters.UUIDFilter(field_name="agent__public_id")
    sort = django_filters.OrderingFilter(
        fields=["name", "engine", "environment", "created_at", "updated_at"]
    )

    class Meta:
        model = DataSource
        fields: list[str] = []

    def search(self, rows: DataSourceQuerySet, name: str, value: str) -> DataSourceQuerySet:
        """Sources whose name, host, database or description holds the text."""
        return rows.filter(
            Q(name__icontains=value)
            | Q(host__icontains=value)
            | Q(database__icontains=value)
            | Q(description__icontains=value)
        )


class TestFilter(django_filters.FilterSet):
    """`?source=…&state=failed`"""

    __test__ = False  # not a pytest class

    source = django_filters.UUIDFilter(field_name="source__public_id")
    state = django_filters.MultipleChoiceFilter(choices=TestState.choices)

    class Meta:
        model = ConnectionTest
        fields: list[str] = []
