"""What lists of runs can be narrowed and sorted by, on pages and in the API alike."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from .models import Incident, Run, Schedule
from .types import RunState, ScheduleKind, Trigger

ORDERINGS = (
    ("id", "number"),
    ("source__name", "source"),
    ("state", "state"),
    ("started_at", "started_at"),
    ("finished_at", "finished_at"),
)

SCHEDULE_ORDERINGS = (
    ("source__name", "source"),
    ("next_due_at", "next"),
    ("priority", "priority"),
)


class RunFilter(django_filters.FilterSet):
    """`?state=failed&source=<uuid>&q=crm&sort=-started_at`."""

    state = django_filters.MultipleChoiceFilter(choices=RunState.choices)
    trigger = django_filters.ChoiceFilter(choices=Trigger.choices)
    source = django_filters.UUIDFilter(field_name="source__public_id")
    started_after = django_filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="gte")
    started_before = django_filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="lt")
    q = django_filters.CharFilter(method="search", label="Source, person or number")
    # Pages say `sort`, the API `ordering`.
    sort = django_filters.OrderingFilter(fields=ORDERINGS)
    ordering = django_filters.OrderingFilter(fields=ORDERINGS)

    class Meta:
        model = Run
        fields: list[str] = []

    def search(self, runs: QuerySet[Run], _name: str, text: str) -> QuerySet[Run]:
        """Part of the source's or the person's name, or the run's number."""
        wanted: Any = Q(source__name__icontains=text) | Q(started_by__username__icontains=text)
        number = text.lstrip("#")
        if number.isdecimal() and len(number) < 18:  # noqa: PLR2004  # fits into an id
            wanted |= Q(pk=int(number))
        return runs.filter(wanted)


class ScheduleFilter(django_filters.FilterSet):
    """`?kind=cron&source=<uuid>&q=crm&sort=-next`."""

    kind = django_filters.MultipleChoiceFilter(choices=ScheduleKind.choices)
    source = django_filters.UUIDFilter(field_name="source__public_id")
    paused = django_filters.BooleanFilter(
        field_name="paused_at", lookup_expr="isnull", exclude=True
    )
    q = django_filters.CharFilter(field_name="source__name", lookup_expr="icontains")
    sort = django_filters.OrderingFilter(fields=SCHEDULE_ORDERINGS)
    ordering = django_filters.OrderingFilter(fields=SCHEDULE_ORDERINGS)

    class Meta:
        model = Schedule
        fields: list[str] = []


class IncidentFilter(django_filters.FilterSet):
    """`?source=<uuid>&open=true&code=auth_failed`."""

    source = django_filters.UUIDFilter(field_name="source__public_id")
    open = django_filters.BooleanFilter(field_name="cleared_at", lookup_expr="isnull")
    code = django_filters.CharFilter()

    class Meta:
        model = Incident
        fields: list[str] = []
