"""Two runs side by side in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from .comparison import compare_runs

if TYPE_CHECKING:
    from apps.rbac.models import User

SHOWN = 1_000


class DifferenceSerializer(serializers.Serializer[Any]):
    """One thing that is not what it was."""

    kind = serializers.CharField()
    dataset = serializers.CharField()
    column = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class ComparisonSerializer(serializers.Serializer[Any]):
    """What is different after the later run; the first 1,000 differences are listed."""

    earlier = serializers.UUIDField(source="earlier.public_id")
    later = serializers.UUIDField(source="later.public_id")
    counts = serializers.DictField(child=serializers.IntegerField())
    differences = serializers.SerializerMethodField()

    @extend_schema_field(DifferenceSerializer(many=True))
    def get_differences(self, found: Any) -> list[Any]:
        """Narrowed by `kind`."""
        rows = found.narrow(self.context.get("kind", ""))[:SHOWN]
        return list(DifferenceSerializer(rows, many=True).data)


class CompareActions:
    """Actions of the runs' view set."""

    kwargs: dict[str, Any]

    @extend_schema(
        operation_id="runs_compare",
        summary="Compare two runs of a source",
        filters=False,
        parameters=[
            OpenApiParameter("with", str, required=True, description="Id of the other run."),
            OpenApiParameter("kind", str, description="Only differences of this kind."),
        ],
        responses=ComparisonSerializer,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def compare(self, request: Request, public_id: Any = None) -> Response:
        """Drift, labels and findings that differ after the later of the two."""
        user, other = cast("User", request.user), request.query_params.get("with", "")
        found = compare_runs(user=user, public_id=self.kwargs["public_id"], other=other)
        context = {"kind": request.query_params.get("kind", "")}
        return Response(ComparisonSerializer(found, context=context).data)
