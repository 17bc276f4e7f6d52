"""Labels, decisions and semantic types in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.classification import services
from apps.classification.filters import LabelFilter
from apps.classification.models import Label, LabelDecision, LabelQuerySet, PastVerdict
from apps.classification.selectors import (
    get_decision,
    get_label,
    get_semantic_type,
    list_nearest,
    list_past_verdicts,
    list_semantic_types,
    list_visible_decisions,
    list_visible_labels,
)
from apps.classification.types import DecisionKind

if TYPE_CHECKING:
    from apps.rbac.models import User

MOST_VERDICTS = 100
KINDS = [
    (kind.value, kind.label)
    for kind in (DecisionKind.ACCEPT, DecisionKind.REJECT, DecisionKind.CHANGE)
]


class EvidenceSerializer(serializers.Serializer[Any]):
    """A reason for or against a label."""

    supports = serializers.BooleanField(source="for")
    weight = serializers.FloatField()
    text = serializers.CharField()


class LabelSerializer(serializers.ModelSerializer[Label]):
    """What a column means."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    column = serializers.CharField(source="field.name", read_only=True)
    field_id = serializers.UUIDField(source="field.public_id", read_only=True)
    dataset = serializers.UUIDField(source="field.dataset.public_id", read_only=True)
    dataset_name = serializers.CharField(source="field.dataset.fqn", read_only=True)
    source = serializers.UUIDField(source="field.dataset.source.public_id", read_only=True)  # type: ignore[assignment]  # a declared field
    source_name = serializers.CharField(source="field.dataset.source.name", read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)
    evidence = EvidenceSerializer(many=True, read_only=True)

    class Meta:
        model = Label
        fields = [
            "id", "column", "field_id", "dataset", "dataset_name", "source", "source_name",
            "semantic_type", "sensitivity", "personal", "confidence", "state", "machine_type",
            "machine_confidence", "unsure_of", "evidence", "model_version", "judged_at",
            "decided_by", "decided_at", "conflict",
        ]  # fmt: skip
        read_only_fields = fields


class NearSerializer(serializers.Serializer[Any]):
    """A decided column that is like another."""

    label = serializers.UUIDField()  # type: ignore[assignment]  # a declared field
    column = serializers.CharField()
    dataset_name = serializers.CharField()
    semantic_type = serializers.CharField()
    state = serializers.CharField()
    distance = serializers.FloatField(help_text="From 0, the same, to 1, nothing in common.")


class PastVerdictSerializer(serializers.ModelSerializer[PastVerdict]):
    """A verdict of the machine that differed from the one before."""

    job = serializers.UUIDField(source="job.public_id", default=None, read_only=True)
    evidence = EvidenceSerializer(many=True, read_only=True)

    class Meta:
        model = PastVerdict
        fields = [
            "at", "job", "semantic_type", "sensitivity", "personal", "confidence", "evidence",
            "model_version",
        ]  # fmt: skip
        read_only_fields = fields


class DecisionSerializer(serializers.ModelSerializer[LabelDecision]):
    """What a person decided."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    label = serializers.UUIDField(source="label.public_id", read_only=True)  # type: ignore[assignment]  # a declared field
    column = serializers.CharField(source="label.field.name", read_only=True)
    user = serializers.CharField(source="user.username", default=None, read_only=True)

    class Meta:
        model = LabelDecision
        fields = [
            "id", "label", "column", "kind", "user", "type_before", "type_after", "state_before",
            "created_at", "undone_at", "together", "machine_type", "machine_confidence",
            "model_version",
        ]  # fmt: skip
        read_only_fields = fields


class DecideSerializer(serializers.Serializer[Any]):
    """A decision to take."""

    kind = serializers.ChoiceField(choices=KINDS)
    semantic_type = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=64, help_text="For `change`."
    )


class DecideManySerializer(DecideSerializer):
    """One decision for several labels."""

    labels = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=services.MAX_AT_ONCE
    )


class SemanticTypeSerializer(serializers.Serializer[Any]):
    """A meaning that a column can have."""

    name = serializers.CharField()
    title = serializers.CharField()
    group = serializers.CharField()
    sensitivity = serializers.CharField()
    personal = serializers.BooleanField()
    contextual = serializers.BooleanField()
    categories = serializers.ListField(child=serializers.CharField())
    description = serializers.CharField()


@extend_schema_view(
    list=extend_schema(operation_id="labels_list", summary="List labels"),
    retrieve=extend_schema(operation_id="labels_get", summary="One label with its evidence"),
)
class LabelViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Label]
):
    """Labels of columns."""

    queryset = Label.objects.none()
    serializer_class = LabelSerializer
    filterset_class = LabelFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> LabelQuerySet:
        """Labels that the caller may view."""
        return list_visible_labels(self._user())

    def _user(self) -> User:
        return cast("User", self.request.user)

    @extend_schema(
        operation_id="labels_nearest",
        summary="Decided columns that are like the label's",
        responses=NearSerializer(many=True),
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def nearest(self, request: Request, public_id: str) -> Response:
        """Near columns that the caller may view, the nearest first."""
        label = get_label(user=self._user(), public_id=public_id)
        near = [_tell_near(*pair) for pair in list_nearest(label, self._user())]
        return Response(NearSerializer(near, many=True).data)

    @extend_schema(
        operation_id="labels_history",
        summary="What the machine said of a label's column, newest first",
        responses=PastVerdictSerializer(many=True),
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def history(self, request: Request, public_id: str) -> Response:
        """The newest hundred verdicts."""
        label = get_label(user=self._user(), public_id=public_id)
        rows = list_past_verdicts(label).select_related("job")[:MOST_VERDICTS]
        return Response(PastVerdictSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="labels_decide",
        summary="Accept, reject or change a label",
        request=DecideSerializer,
        responses={201: DecisionSerializer},
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def decide(self, request: Request, public_id: str) -> Response:
        """Take a decision."""
        label = get_label(user=self._user(), public_id=public_id)
        wanted = DecideSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        decision = services.decide_label(label=label, user=self._user(), **wanted.validated_data)
        return Response(DecisionSerializer(decision).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="labels_decide_many",
        summary="Decide several labels alike",
        request=DecideManySerializer,
        responses={201: DecisionSerializer(many=True)},
    )
    @action(
        detail=False, methods=["post"], url_path="decide", filterset_class=None,
        pagination_class=None,
    )  # fmt: skip
    def decide_many(self, request: Request) -> Response:
        """Take one decision on all of them, or none."""
        wanted = DecideManySerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        values = dict(wanted.validated_data)
        labels = self.get_queryset().filter(public_id__in=values.pop("labels"))
        decisions = services.decide_many(labels=labels, user=self._user(), **values)
        data = DecisionSerializer(decisions, many=True).data
        return Response(data, status=status.HTTP_201_CREATED)


def _tell_near(label: Label, distance: float) -> dict[str, Any]:
    return {
        "label": label.public_id,
        "column": label.field.name,
        "dataset_name": label.field.dataset.fqn,
        "semantic_type": label.semantic_type,
        "state": label.state,
        "distance": distance,
    }


class DecisionFilter(django_filters.FilterSet):
    """Narrow the decisions."""

    label = django_filters.UUIDFilter(field_name="label__public_id")
    kind = django_filters.ChoiceFilter(choices=DecisionKind.choices)
    ordering = django_filters.OrderingFilter(fields=(("id", "created_at"),))

    class Meta:
        model = LabelDecision
        fields: list[str] = []


@extend_schema_view(
    list=extend_schema(operation_id="decisions_list", summary="List decisions on labels"),
    retrieve=extend_schema(operation_id="decisions_get", summary="One decision"),
)
class DecisionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[LabelDecision]
):
    """What people decided about labels."""

    queryset = LabelDecision.objects.none()
    serializer_class = DecisionSerializer
    filterset_class = DecisionFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[LabelDecision]:
        """Decisions on labels that the caller may view."""
        return list_visible_decisions(cast("User", self.request.user))

    @extend_schema(
        operation_id="decisions_undo",
        summary="Undo a decision",
        request=None,
        responses={201: DecisionSerializer},
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def undo(self, request: Request, public_id: str) -> Response:
        """Put the label back."""
        user = cast("User", request.user)
        decision = get_decision(user=user, public_id=public_id)
        undone = services.undo_decision(decision=decision, user=user)
        return Response(DecisionSerializer(undone).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="decisions_undo_together",
        summary="Undo all decisions that were taken at once with this one",
        request=None,
        responses={201: DecisionSerializer(many=True)},
    )
    @action(
        detail=True, methods=["post"], url_path="undo-together", filterset_class=None,
        pagination_class=None,
    )  # fmt: skip
    def undo_together(self, request: Request, public_id: str) -> Response:
        """Put all their labels back, or none."""
        user = cast("User", request.user)
        decision = get_decision(user=user, public_id=public_id)
        undone = services.undo_together(decision=decision, user=user)
        data = DecisionSerializer(undone, many=True).data
        return Response(data, status=status.HTTP_201_CREATED)


class SemanticTypeViewSet(viewsets.ViewSet):
    """The types that columns can have."""

    @extend_schema(
        operation_id="semantic_types_list",
        summary="List semantic types",
        responses=SemanticTypeSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """All types, without pages."""
        return Response(SemanticTypeSerializer(list_semantic_types(), many=True).data)

    @extend_schema(
        operation_id="semantic_types_get",
        summary="One semantic type",
        responses=SemanticTypeSerializer,
    )
    def retrieve(self, request: Request, name: str) -> Response:
        """One type by its name."""
        return Response(SemanticTypeSerializer(get_semantic_type(name)).data)
