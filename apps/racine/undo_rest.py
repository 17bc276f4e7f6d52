"""Taking runs back in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.rbac.services import require
from apps.rbac.types import Action

from . import services
from .models import Undo
from .selectors import get_run
from .undo_reads import preview_undo

if TYPE_CHECKING:
    from apps.rbac.models import User


class UndoTableSerializer(serializers.Serializer[Any]):
    """A table that goes or changes."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    becomes = serializers.CharField()


class UndoPreviewSerializer(serializers.Serializer[Any]):
    """What taking a run back would do."""

    counts = serializers.DictField(child=serializers.IntegerField())
    tables = UndoTableSerializer(many=True)
    more = serializers.IntegerField(help_text="Tables beyond those that are listed.")
    obstacle = serializers.CharField(help_text="Why it can't be done; empty when it can.")


class UndoSerializer(serializers.ModelSerializer[Undo]):
    """How far taking a run back is."""

    requested_by = serializers.CharField(source="requested_by.username", default=None)
    counts = serializers.DictField(child=serializers.IntegerField())

    class Meta:
        model = Undo
        fields = ["state", "counts", "requested_by", "requested_at", "finished_at"]
        read_only_fields = fields


class UndoActions:
    """Actions of the runs' view set."""

    kwargs: dict[str, Any]

    @extend_schema(methods=["get"], operation_id="runs_preview_undo", filters=False,
                   summary="What taking a run back would do",
                   responses=UndoPreviewSerializer)  # fmt: skip
    @extend_schema(methods=["post"], operation_id="runs_undo", summary="Take a run back",
                   request=None, responses={202: UndoSerializer})  # fmt: skip
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def undo(self, request: Request, public_id: Any = None) -> Response:
        """Take back all that a run brought; the next discovery brings it again."""
        user = cast("User", request.user)
        run = get_run(user=user, public_id=self.kwargs["public_id"])
        if request.method == "GET":
            require(user, Action.DISCOVER, run.source)
            return Response(UndoPreviewSerializer(preview_undo(run)).data)
        undo = services.request_undo(run=run, user=user)
        return Response(UndoSerializer(undo).data, status=status.HTTP_202_ACCEPTED)
