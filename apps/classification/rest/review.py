"""The review queue in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.classification import services
from apps.classification.filters import LabelFilter
from apps.classification.models import Label
from apps.classification.queue import explain, list_groups, list_waiting, load_groups
from apps.classification.selectors import get_label
from apps.datasources.selectors import get_source

from .labels import DecideSerializer, DecisionSerializer

if TYPE_CHECKING:
    from apps.rbac.models import User


class GroupSerializer(serializers.Serializer[Any]):
    """Alike columns with the same suggestion."""

    label = serializers.UUIDField(source="label.public_id", help_text="Stands for the group.")  # type: ignore[assignment]  # a declared field
    column = serializers.CharField(source="label.field.name")
    dataset_name = serializers.CharField(source="label.field.dataset.fqn")
    source_name = serializers.CharField(source="label.field.dataset.source.name")
    semantic_type = serializers.CharField()
    sensitivity = serializers.CharField(source="label.sensitivity")
    size = serializers.IntegerField()
    tables = serializers.IntegerField()
    sources = serializers.IntegerField()
    doubt = serializers.FloatField(help_text="Mean doubt in the suggestions, from 0 to 1.")
    worth = serializers.FloatField(help_text="Harm that a decision is expected to prevent.")
    reason = serializers.SerializerMethodField()

    def get_reason(self, group: Any) -> str:
        """Why the group stands where it stands."""
        return explain(group)


class DecideGroupSerializer(DecideSerializer):
    """One decision for all columns that are alike."""

    label = serializers.UUIDField(help_text="Any column of the group.")  # type: ignore[assignment]  # a declared field
    source = serializers.UUIDField(  # type: ignore[assignment]  # a declared field
        required=False, default=None, help_text="Only columns of this source."
    )


class ReviewQueueView(generics.ListAPIView[Label]):
    """Groups of alike columns, the most worth first."""

    queryset = Label.objects.none()
    serializer_class = GroupSerializer
    filterset_class = LabelFilter

    def get_queryset(self) -> QuerySet[Label]:
        """Suggestions that the caller may view."""
        return list_waiting(cast("User", self.request.user))

    @extend_schema(operation_id="review_queue_list", summary="What is worth deciding first")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Groups, a page at a time."""
        labels = LabelFilter(request.GET, queryset=self.get_queryset()).qs
        page = self.paginate_queryset(cast("Any", list_groups(labels)))
        groups = load_groups(list(cast("Any", page)))
        return self.get_paginated_response(GroupSerializer(groups, many=True).data)


@extend_schema(
    operation_id="review_queue_decide",
    summary="Decide all columns of a group alike",
    request=DecideGroupSerializer,
    responses={201: DecisionSerializer(many=True)},
)
@api_view(["POST"])
def decide_group(request: Request) -> Response:
    """At most 500 at once; undo them with `decisions/{id}/undo-together/`."""
    user = cast("User", request.user)
    wanted = DecideGroupSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    values = dict(wanted.validated_data)
    label = get_label(user=user, public_id=values.pop("label"))
    among = list_waiting(user)
    if source := values.pop("source"):
        among = among.filter(field__dataset__source=get_source(user=user, public_id=source))
    decisions = services.decide_group(label=label, among=among, user=user, **values)
    data = DecisionSerializer(decisions, many=True).data
    return Response(data, status=status.HTTP_201_CREATED)
