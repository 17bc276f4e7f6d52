"""REST: the overview and the measurements of runs."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import RunRecord
from .selectors import list_visible_records, load_overview


class KpiSerializer(serializers.Serializer[Any]):
    """One figure."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    value = serializers.FloatField(allow_null=True)
    text = serializers.CharField()
    hint = serializers.CharField()
    delta = serializers.CharField()
    up = serializers.BooleanField()
    series = serializers.ListField(child=serializers.FloatField())


class ShareSerializer(serializers.Serializer[Any]):
    """One part of a whole."""

    key = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField()


class RecentRunSerializer(serializers.Serializer[Any]):
    """One of the newest runs."""

    run_id = serializers.UUIDField()
    number = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    source_id = serializers.UUIDField()
    state = serializers.CharField()
    trigger = serializers.CharField()
    started_by = serializers.CharField()
    started_at = serializers.DateTimeField()
    duration_seconds = serializers.FloatField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())


class FirstStepSerializer(serializers.Serializer[Any]):
    """A step of the get-started list."""

    key = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()
    done = serializers.BooleanField()


class ConcernSerializer(serializers.Serializer[Any]):
    """Something that needs attention."""

    kind = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()
    url = serializers.CharField()
    at = serializers.DateTimeField()


class OverviewSerializer(serializers.Serializer[Any]):
    """The state of everything the person may see."""

    sources = serializers.IntegerField()
    tables = serializers.IntegerField()
    columns = serializers.IntegerField()
    classified = serializers.FloatField(allow_null=True)
    suggestions = serializers.IntegerField()
    open_findings = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    kpis = KpiSerializer(many=True)
    sensitivities = ShareSerializer(many=True)
    severities = ShareSerializer(many=True)
    recent_runs = RecentRunSerializer(many=True)
    first_steps = FirstStepSerializer(many=True)
    concerns = ConcernSerializer(many=True)


class OverviewView(APIView):
    """Figures, newest runs and what needs attention."""

    @extend_schema(operation_id="overview_retrieve", responses=OverviewSerializer)
    def get(self, request: Request) -> Response:
        """The overview."""
        user: Any = request.user
        return Response(OverviewSerializer(load_overview(user)).data)


class RunRecordSerializer(serializers.ModelSerializer[RunRecord]):
    """One run as measured."""

    source = serializers.UUIDField(source="source.public_id")  # type: ignore[assignment]  # idem
    source_name = serializers.CharField(source="source.name")
    started_by = serializers.CharField(source="started_by.username", default="")

    class Meta:
        model = RunRecord
        fields = [
            "run_id", "number", "source", "source_name", "state", "trigger", "started_by",
            "started_at", "finished_at", "duration_seconds", "counts", "timings", "retries",
        ]  # fmt: skip


class RunRecordFilter(django_filters.FilterSet):
    """Narrow and sort the measurements."""

    source = django_filters.UUIDFilter(field_name="source__public_id")
    state = django_filters.CharFilter()
    trigger = django_filters.CharFilter()
    started_after = django_filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="gte")
    started_before = django_filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="lt")
    ordering = django_filters.OrderingFilter(fields=["started_at", "duration_seconds", "number"])


class RunRecordViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[RunRecord]
):
    """Measured runs, newest first."""

    queryset = RunRecord.objects.none()
    serializer_class = RunRecordSerializer
    filterset_class = RunRecordFilter
    lookup_field = "run_id"

    def get_queryset(self) -> QuerySet[RunRecord]:
        """Those the person may see."""
        user = self.request.user
        if not user.is_authenticated:
            return RunRecord.objects.none()
        return list_visible_records(user).select_related("source", "started_by")
