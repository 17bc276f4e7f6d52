"""Incidents and the table of error codes in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .error_codes import TABLE, find_kind
from .filters import IncidentFilter
from .incident_reads import list_visible_incidents
from .models import Incident
from .types import ErrorClass

if TYPE_CHECKING:
    from apps.rbac.models import User


class ErrorKindSerializer(serializers.Serializer[Any]):
    """What an error code means."""

    code = serializers.CharField()
    error_class = serializers.ChoiceField(source="group", choices=ErrorClass.choices)
    sentence = serializers.CharField()
    next_step = serializers.CharField()


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """One kind of failure of one source, from its first run until a run without it."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    source = serializers.UUIDField(source="source.public_id", read_only=True)  # type: ignore[assignment]  # a field of that name
    source_name = serializers.CharField(source="source.name", read_only=True)
    last_run = serializers.UUIDField(source="last_run.public_id", default=None, read_only=True)
    error_class = serializers.SerializerMethodField()
    sentence = serializers.SerializerMethodField()
    next_step = serializers.SerializerMethodField()

    class Meta:
        model = Incident
        fields = [
            "id", "source", "source_name", "code", "error_class", "sentence", "next_step",
            "opened_at", "last_seen_at", "cleared_at", "runs", "last_run",
        ]  # fmt: skip
        read_only_fields = fields

    def get_error_class(self, incident: Incident) -> str:
        """Whose matter it is: transient, permanent, source, agent or ours."""
        return find_kind(incident.code).group.value

    def get_sentence(self, incident: Incident) -> str:
        """What happened, in words."""
        return find_kind(incident.code).sentence

    def get_next_step(self, incident: Incident) -> str:
        """What to do."""
        return find_kind(incident.code).next_step


@extend_schema_view(list=extend_schema(operation_id="incidents_list", summary="List incidents"))
class IncidentViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Incident]):
    """What is or was wrong with sources."""

    queryset = Incident.objects.none()
    serializer_class = IncidentSerializer
    filterset_class = IncidentFilter

    def get_queryset(self) -> QuerySet[Incident]:
        """Incidents that the caller may view."""
        return list_visible_incidents(cast("User", self.request.user))


class ErrorCodeList(APIView):
    """The table of error codes."""

    @extend_schema(operation_id="error_codes_list", summary="List error codes",
                   responses=ErrorKindSerializer(many=True))  # fmt: skip
    def get(self, request: Request) -> Response:
        """Each code with its class, a plain sentence and the next step."""
        rows = [TABLE[code] for code in sorted(TABLE)]
        return Response(ErrorKindSerializer(rows, many=True).data)
