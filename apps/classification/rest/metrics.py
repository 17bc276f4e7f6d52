"""Agreement with people, and attempts to learn from them, in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.classification import services
from apps.classification.agreement import measure
from apps.classification.models import Learning
from apps.classification.selectors import count_label_coverage, list_learnings, load_answers

if TYPE_CHECKING:
    from apps.rbac.models import User


class TypeFiguresSerializer(serializers.Serializer[Any]):
    """One type that the machine suggested."""

    name = serializers.CharField()
    number = serializers.IntegerField()
    agreed = serializers.IntegerField()
    share = serializers.FloatField()
    months = serializers.DictField(child=serializers.FloatField())


class BinSerializer(serializers.Serializer[Any]):
    """Suggestions of about the same confidence."""

    least = serializers.FloatField()
    number = serializers.IntegerField()
    confidence = serializers.FloatField()
    agreed = serializers.FloatField()


class ConfusionSerializer(serializers.Serializer[Any]):
    """What the machine said and people did not."""

    said = serializers.CharField()
    decided = serializers.CharField()
    number = serializers.IntegerField()


class AgreementSerializer(serializers.Serializer[Any]):
    """How well the machine agrees with people."""

    number = serializers.IntegerField()
    agreed = serializers.IntegerField()
    abstained = serializers.IntegerField()
    share = serializers.FloatField()
    calibration_error = serializers.FloatField()
    types = TypeFiguresSerializer(many=True)
    bins = BinSerializer(many=True)
    confusion = ConfusionSerializer(many=True)
    coverage = serializers.DictField(child=serializers.IntegerField())


@extend_schema(
    operation_id="agreement_get",
    summary="How well the machine agrees with people",
    responses=AgreementSerializer,
)
@api_view(["GET"])
def get_agreement(request: Request) -> Response:
    """From the decisions on columns that the caller may view; `?source=` narrows it."""
    user = cast("User", request.user)
    source = request.query_params.get("source", "")
    figures = measure(load_answers(user, source=source))
    told = {
        name: getattr(figures, name)
        for name in (
            "number", "agreed", "abstained", "share", "calibration_error", "types", "bins",
        )
    }  # fmt: skip
    confusion = [
        {"said": said, "decided": decided, "number": number}
        for said, decided, number in figures.confusion
    ]
    coverage = count_label_coverage(user, source=source)
    body = {**told, "confusion": confusion, "coverage": coverage}
    return Response(AgreementSerializer(body).data)


class LearningSerializer(serializers.ModelSerializer[Learning]):
    """One attempt to learn from decisions."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    asked_by = serializers.CharField(source="asked_by.username", default=None, read_only=True)
    model = serializers.CharField(source="model.version", default=None, read_only=True)
    types = serializers.DictField(read_only=True)

    class Meta:
        model = Learning
        fields = [
            "id", "state", "outcome", "asked_by", "created_at", "finished_at", "decisions",
            "tables", "right_before", "right_after", "wrong_before", "wrong_after", "types",
            "model", "error",
        ]  # fmt: skip
        read_only_fields = fields


@extend_schema_view(
    list=extend_schema(operation_id="learnings_list", summary="List attempts to learn"),
    retrieve=extend_schema(operation_id="learnings_get", summary="One attempt to learn"),
)
class LearningViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Learning]
):
    """Attempts to learn from decisions."""

    queryset = Learning.objects.none()
    serializer_class = LearningSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Learning]:
        """All of them, for whoever may view any source."""
        return list_learnings(cast("User", self.request.user))

    @extend_schema(
        operation_id="learnings_create",
        summary="Learn from decisions now",
        request=None,
        responses={202: LearningSerializer},
    )
    def create(self, request: Request) -> Response:
        """What comes of it is told by the attempt."""
        made = services.ask_to_learn(user=cast("User", request.user))
        return Response(LearningSerializer(made).data, status=status.HTTP_202_ACCEPTED)
