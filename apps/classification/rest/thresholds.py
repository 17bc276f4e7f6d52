"""Least confidences of types in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.classification import services
from apps.classification.selectors import (
    Threshold,
    get_threshold,
    list_steps,
    list_thresholds,
)
from apps.datasources.selectors import list_visible_sources
from datawave.common.errors import NotThere

if TYPE_CHECKING:
    from apps.rbac.models import User


class ThresholdSerializer(serializers.Serializer[Any]):
    """From which confidence on a type is suggested."""

    name = serializers.CharField()
    title = serializers.CharField()
    least = serializers.FloatField()
    pinned = serializers.FloatField(allow_null=True, help_text="What people set.")
    learnt = serializers.FloatField(allow_null=True, help_text="What decisions taught.")
    suggested = serializers.IntegerField()
    held_back = serializers.IntegerField(help_text="Columns of which the machine is too unsure.")
    decisions = serializers.IntegerField()
    agreed = serializers.IntegerField()


class StepSerializer(serializers.Serializer[Any]):
    """What a threshold would do."""

    least = serializers.FloatField()
    suggested = serializers.IntegerField()
    change = serializers.IntegerField(help_text="More or fewer suggestions than now.")
    lost = serializers.IntegerField(help_text="Decided suggestions that were right.")
    dropped = serializers.IntegerField(help_text="Decided suggestions that were wrong.")


class OneThresholdSerializer(ThresholdSerializer):
    """A type's threshold, and what others would do."""

    steps = StepSerializer(many=True)


class SetThresholdSerializer(serializers.Serializer[Any]):
    """A least confidence; null follows what is learnt."""

    least = serializers.FloatField(allow_null=True, min_value=0.25, max_value=0.99)


class _ThresholdView(APIView):
    def _user(self) -> User:
        user = cast("User", self.request.user)
        if not list_visible_sources(user).exists():
            raise NotThere
        return user

    def _answer(self, name: str) -> Response:
        found: Threshold = get_threshold(user=self._user(), name=name)
        steps = list_steps(user=self._user(), name=name)
        return Response(OneThresholdSerializer({**vars(found), "steps": steps}).data)


class ThresholdListView(_ThresholdView):
    """All types."""

    @extend_schema(
        operation_id="type_thresholds_list",
        summary="From which confidence on each type is suggested",
        responses=ThresholdSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Counts are of what the caller may view; who may view nothing gets an empty list."""
        user = cast("User", request.user)
        rows = list_thresholds(user) if list_visible_sources(user).exists() else []
        return Response(ThresholdSerializer(rows, many=True).data)


class ThresholdView(_ThresholdView):
    """One type."""

    @extend_schema(
        operation_id="type_thresholds_get",
        summary="One type's threshold, and what others would change",
        responses=OneThresholdSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        """Nothing is changed."""
        return self._answer(name)

    @extend_schema(
        operation_id="type_thresholds_set",
        summary="Set or release a type's threshold",
        request=SetThresholdSerializer,
        responses=OneThresholdSerializer,
    )
    def put(self, request: Request, name: str) -> Response:
        """Columns are judged anew."""
        wanted = SetThresholdSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        least = wanted.validated_data["least"]
        services.set_threshold(user=self._user(), semantic_type=name, least=least)
        return self._answer(name)


class ThresholdUndoView(_ThresholdView):
    """Taking the last change back."""

    @extend_schema(
        operation_id="type_thresholds_undo",
        summary="Go back to the threshold before",
        request=None,
        responses=OneThresholdSerializer,
    )
    def post(self, request: Request, name: str) -> Response:
        """Columns are judged anew."""
        services.undo_threshold(user=self._user(), semantic_type=name)
        return self._answer(name)
