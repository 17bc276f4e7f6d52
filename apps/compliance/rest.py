"""REST endpoints of compliance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from apps.datasources.selectors import name_sources
from datawave.common.errors import NotThere

from . import services
from .models import Finding
from .selectors import (
    FindingFilters,
    PackStanding,
    RuleStanding,
    filter_findings,
    get_finding,
    load_pack_standings,
)
from .types import DECISIONS

if TYPE_CHECKING:
    from apps.rbac.models import User


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """A finding with its citation, and what it does not prove."""

    id = serializers.UUIDField(source="public_id")
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]  # a field of that name
    source_id = serializers.UUIDField(source="source.public_id")
    dataset = serializers.CharField(source="dataset.fqn", default=None, allow_null=True)
    dataset_id = serializers.UUIDField(source="dataset.public_id", default=None, allow_null=True)
    column = serializers.CharField(source="field.name", default=None, allow_null=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)
    facts = serializers.DictField()

    class Meta:
        model = Finding
        fields = [
            "id", "rule_id", "pack_id", "pack_version", "title", "citation", "severity",
            "evidence_grade", "state", "message", "remediation", "limits", "confidence", "facts",
            "source", "source_id", "dataset", "dataset_id", "column", "first_seen_at",
            "last_seen_at", "fixed_at", "decided_by", "decided_at", "note",
        ]  # fmt: skip
        read_only_fields = fields


class DecisionSerializer(serializers.Serializer[Any]):
    """What a person decides on a finding."""

    state = serializers.ChoiceField(choices=list(DECISIONS))
    note = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=services.LONGEST_NOTE
    )


class TallySerializer(serializers.Serializer[Any]):
    """Four counts; a rule that could not be decided is unknown, never passed."""

    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    not_applicable = serializers.IntegerField()
    checked_at = serializers.DateTimeField(allow_null=True)


class RuleSerializer(serializers.Serializer[Any]):
    """A rule of a pack and how it came out."""

    id = serializers.CharField(source="rule.id")
    pack_id = serializers.CharField(source="rule.pack_id")
    title = serializers.CharField(source="rule.title")
    citation = serializers.CharField(source="rule.citation")
    level = serializers.CharField(source="rule.level")
    severity = serializers.CharField(source="rule.severity")
    evidence = serializers.CharField(source="rule.evidence")
    remediation = serializers.CharField(source="rule.remediation")
    limits = serializers.CharField(source="rule.limits")
    facts = serializers.ListField(source="rule.facts_used", child=serializers.CharField())
    tally = TallySerializer()


class PackSerializer(serializers.Serializer[Any]):
    """A policy pack, and whether it is in use."""

    id = serializers.CharField(source="pack.id")
    title = serializers.CharField(source="pack.title")
    version = serializers.CharField(source="pack.version")
    legal_as_of = serializers.DateField(source="pack.legal_as_of", allow_null=True)
    jurisdiction = serializers.ListField(source="pack.jurisdiction", child=serializers.CharField())
    sources = serializers.ListField(source="pack.sources", child=serializers.CharField())
    sha256 = serializers.CharField(source="pack.sha256")
    enabled = serializers.BooleanField()
    tally = TallySerializer()


class PackChangeSerializer(serializers.Serializer[Any]):
    """Switches a pack."""

    enabled = serializers.BooleanField()


def _many(name: str, description: str = "") -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, many=True, description=description)


def _user(request: Request) -> User:
    return cast("User", request.user)


@extend_schema_view(
    list=extend_schema(
        parameters=[
            _many("state", "Without it, those that still ask for something."),
            *map(_many, ("severity", "pack", "source", "evidence", "rule")),
            OpenApiParameter("sort", OpenApiTypes.STR, description="severity, seen, -seen, ..."),
        ]
    )
)
class FindingViewSet(ListModelMixin, RetrieveModelMixin, viewsets.GenericViewSet[Finding]):
    """Findings, the worst first."""

    serializer_class = FindingSerializer
    queryset = Finding.objects.none()
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Finding]:
        """Findings that the person may see and asked for."""
        return filter_findings(user=_user(self.request), filters=self._read_filters())

    def _read_filters(self) -> FindingFilters:
        given = self.request.query_params

        def many(name: str) -> tuple[str, ...]:
            return tuple(value for value in given.getlist(name) if value and "\x00" not in value)

        return FindingFilters(
            states=many("state"),
            severities=many("severity"),
            packs=many("pack"),
            sources=name_sources(_user(self.request), many("source")),
            evidence=many("evidence"),
            rules=many("rule"),
            sort=given.get("sort", ""),
        )

    def get_object(self) -> Finding:
        """The finding with that id, whatever its state."""
        return get_finding(user=_user(self.request), public_id=self.kwargs["public_id"])

    @extend_schema(request=DecisionSerializer, responses=FindingSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, **_: Any) -> Response:
        """Acknowledge it, call it a false positive, or reopen it."""
        finding = self.get_object()
        given = DecisionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        decided = services.decide_finding(
            finding=finding, user=_user(request), **given.validated_data
        )
        return Response(FindingSerializer(decided).data)


class RuleViewSet(viewsets.GenericViewSet[Any]):
    """Rules of the packs in use."""

    queryset = Finding.objects.none()
    serializer_class = RuleSerializer

    @extend_schema(
        responses=RuleSerializer(many=True), parameters=[_many("pack")], operation_id="rules_list"
    )
    def list(self, request: Request) -> Response:
        """Every rule with its four counts over the sources that the person may see."""
        wanted = request.query_params.getlist("pack")
        rows = [
            rule
            for standing in load_pack_standings(_user(request))
            if standing.enabled and (not wanted or standing.pack.id in wanted)
            for rule in standing.rules
        ]
        page = cast("list[RuleStanding]", self.paginate_queryset(rows))
        return self.get_paginated_response(RuleSerializer(page, many=True).data)


class PackViewSet(viewsets.GenericViewSet[Any]):
    """Policy packs."""

    queryset = Finding.objects.none()
    serializer_class = PackSerializer
    lookup_field = "pack_id"

    @extend_schema(responses=PackSerializer(many=True), operation_id="packs_list")
    def list(self, request: Request) -> Response:
        """Every pack with the counts of all its rules."""
        rows = load_pack_standings(_user(request))
        page = cast("list[PackStanding]", self.paginate_queryset(rows))
        return self.get_paginated_response(PackSerializer(page, many=True).data)

    @extend_schema(request=PackChangeSerializer, responses=PackSerializer)
    def partial_update(self, request: Request, pack_id: str) -> Response:
        """Use a pack or stop using it; for compliance officers and administrators."""
        given = PackChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        services.set_pack_enabled(
            pack_id=pack_id, enabled=given.validated_data["enabled"], user=_user(request)
        )
        found = (s for s in load_pack_standings(_user(request)) if s.pack.id == pack_id)
        standing = next(found, None)
        if standing is None:
            raise NotThere
        return Response(PackSerializer(standing).data)
