"""Versions of the judge and replays in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.classification import services
from apps.classification.filters import ReplayChangeFilter
from apps.classification.models import Activation, Replay, ReplayChange, StoredModel
from apps.classification.selectors import (
    count_replay_changes,
    get_model,
    get_replay,
    list_models,
    list_replay_changes,
    list_replays,
)

if TYPE_CHECKING:
    from apps.rbac.models import User


class ModelSerializer(serializers.ModelSerializer[StoredModel]):
    """A version of the judge."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    sha256 = serializers.CharField(source="file.sha256", read_only=True)
    base = serializers.CharField(source="base.version", default=None, read_only=True)
    made_by = serializers.CharField(source="made_by.username", default=None, read_only=True)
    figures = serializers.DictField(read_only=True)

    class Meta:
        model = StoredModel
        fields = [
            "id", "version", "kind", "base", "sha256", "size", "figures", "note", "made_by",
            "created_at", "active", "refusal",
        ]  # fmt: skip
        read_only_fields = fields


class ActivationSerializer(serializers.ModelSerializer[Activation]):
    """A change of the version that is in force."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    model = serializers.CharField(source="model.version", read_only=True)
    previous = serializers.CharField(source="previous.version", default=None, read_only=True)
    user = serializers.CharField(source="user.username", default=None, read_only=True)

    class Meta:
        model = Activation
        fields = ["id", "model", "previous", "user", "is_rollback", "created_at"]
        read_only_fields = fields


class ReplaySerializer(serializers.ModelSerializer[Replay]):
    """Judging everything anew from stored profiles."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    model = serializers.CharField(source="model.version", read_only=True)
    started_by = serializers.CharField(source="started_by.username", default=None, read_only=True)

    class Meta:
        model = Replay
        fields = [
            "id", "model", "kind", "state", "started_by", "created_at", "finished_at",
            "compared_with", "tables", "tables_done", "columns", "changed", "contradicted", "error",
        ]  # fmt: skip
        read_only_fields = fields


class ReplayPairSerializer(serializers.Serializer[Any]):
    """How many labels would change from one type to another."""

    type_before = serializers.CharField()
    type_after = serializers.CharField()
    number = serializers.IntegerField()
    decided = serializers.IntegerField(help_text="Of these, how many people decided on.")
    newly_personal = serializers.IntegerField()
    no_longer_personal = serializers.IntegerField()


class ReplayChangeSerializer(serializers.ModelSerializer[ReplayChange]):
    """A label that would say something else."""

    label = serializers.UUIDField(source="label.public_id", read_only=True)  # type: ignore[assignment]  # a declared field
    column = serializers.CharField(source="label.field.name", read_only=True)
    dataset_name = serializers.CharField(source="label.field.dataset.fqn", read_only=True)

    class Meta:
        model = ReplayChange
        fields = [
            "label", "column", "dataset_name", "decided", "type_before", "type_after",
            "confidence_before", "confidence_after", "sensitivity_before", "sensitivity_after",
            "personal_before", "personal_after",
        ]  # fmt: skip
        read_only_fields = fields


@extend_schema_view(
    list=extend_schema(operation_id="models_list", summary="List versions of the judge"),
    retrieve=extend_schema(operation_id="models_get", summary="One version of the judge"),
)
class ModelViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[StoredModel]
):
    """Versions of the judge."""

    queryset = StoredModel.objects.none()
    serializer_class = ModelSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[StoredModel]:
        """All of them, for whoever may view any source."""
        return list_models(self._user())

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The shipped version among them."""
        services.ensure_shipped()
        return super().list(request, *args, **kwargs)

    def _user(self) -> User:
        return cast("User", self.request.user)

    @extend_schema(
        operation_id="models_preview",
        summary="See what a version would change",
        request=None,
        responses={202: ReplaySerializer},
    )
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, public_id: str) -> Response:
        """Start a replay that only looks."""
        model = get_model(user=self._user(), public_id=public_id)
        made = services.start_preview(model=model, user=self._user())
        return Response(ReplaySerializer(made).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        operation_id="models_activate",
        summary="Put a version in force",
        request=None,
        responses={201: ActivationSerializer},
    )
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, public_id: str) -> Response:
        """Needs a finished preview, unless it was in force before."""
        model = get_model(user=self._user(), public_id=public_id)
        made = services.activate_model(model=model, user=self._user())
        return Response(ActivationSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="models_roll_back",
        summary="Put the version before in force again",
        request=None,
        responses={201: ActivationSerializer},
    )
    @action(detail=False, methods=["post"], url_path="roll-back")
    def roll_back(self, request: Request) -> Response:
        """Undo the last activation."""
        made = services.roll_back(user=self._user())
        return Response(ActivationSerializer(made).data, status=status.HTTP_201_CREATED)


@extend_schema_view(
    list=extend_schema(operation_id="replays_list", summary="List replays"),
    retrieve=extend_schema(operation_id="replays_get", summary="One replay and how far it is"),
)
class ReplayViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Replay]
):
    """Previews of versions, and their application."""

    queryset = Replay.objects.none()
    serializer_class = ReplaySerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Replay]:
        """All of them, for whoever may view any source."""
        return list_replays(self._user())

    def _user(self) -> User:
        return cast("User", self.request.user)

    def _get(self, public_id: str) -> Replay:
        return get_replay(user=self._user(), public_id=public_id)

    @extend_schema(
        operation_id="replays_summary",
        summary="What would change, by type",
        responses=ReplayPairSerializer(many=True),
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def summary(self, request: Request, public_id: str) -> Response:
        """Counted over columns that the caller may view."""
        pairs = count_replay_changes(self._get(public_id), self._user())
        return Response(ReplayPairSerializer(pairs, many=True).data)

    @extend_schema(
        operation_id="replays_changes",
        summary="What would change, column by column",
        parameters=[
            OpenApiParameter("type_before", str),
            OpenApiParameter("type_after", str),
            OpenApiParameter("decided", bool),
            OpenApiParameter("source", OpenApiTypes.UUID),
        ],
        responses=ReplayChangeSerializer(many=True),
    )
    @action(detail=True, methods=["get"])
    def changes(self, request: Request, public_id: str) -> Response:
        """Columns that the caller may view."""
        rows = list_replay_changes(self._get(public_id), self._user())
        page = self.paginate_queryset(ReplayChangeFilter(request.GET, rows).qs)
        return self.get_paginated_response(ReplayChangeSerializer(page, many=True).data)

    @extend_schema(
        operation_id="replays_cancel",
        summary="Stop a preview",
        request=None,
        responses=ReplaySerializer,
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, public_id: str) -> Response:
        """What it found stays to be seen."""
        replay = self._get(public_id)
        services.cancel_replay(replay=replay, user=self._user())
        return Response(ReplaySerializer(self._get(public_id)).data)
