"""Own types, what was taught, and ratings of shipped types in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.classification import services
from apps.classification.models import Lesson, OwnType
from apps.classification.selectors import (
    get_label,
    get_lesson,
    get_own_type,
    get_semantic_type,
    list_lessons,
    list_own_types,
    list_visible_labels,
)
from apps.classification.showing import find_hits
from apps.classification.types import Sensitivity

from .labels import LabelSerializer, SemanticTypeSerializer

if TYPE_CHECKING:
    from apps.rbac.models import User


class OwnTypeSerializer(serializers.ModelSerializer[OwnType]):
    """A meaning that only this installation knows."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    made_by = serializers.CharField(source="made_by.username", default=None, read_only=True)

    class Meta:
        model = OwnType
        fields = [
            "id", "name", "title", "description", "sensitivity", "personal", "made_by",
            "created_at", "retired_at",
        ]  # fmt: skip
        read_only_fields = fields


class ShownSerializer(serializers.Serializer[Any]):
    """Columns that are shown, and how near others must be."""

    labels = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=50)
    radius = serializers.FloatField(
        required=False, default=services.USUAL_RADIUS, min_value=0.02, max_value=0.35
    )


class TeachSerializer(ShownSerializer):
    """A type to make of some columns."""

    title = serializers.CharField(max_length=80)
    description = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=300
    )
    sensitivity = serializers.ChoiceField(choices=Sensitivity.choices)
    personal = serializers.BooleanField(required=False, default=False)


class ChangeTypeSerializer(serializers.Serializer[Any]):
    """What can be changed of an own type."""

    title = serializers.CharField(max_length=80)
    description = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=300
    )
    sensitivity = serializers.ChoiceField(choices=Sensitivity.choices)


class HitsSerializer(serializers.Serializer[Any]):
    """What a type would reach."""

    number = serializers.IntegerField()
    labels = LabelSerializer(many=True)


class LessonSerializer(serializers.ModelSerializer[Lesson]):
    """What was taught by showing columns."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    made_by = serializers.CharField(source="made_by.username", default=None, read_only=True)
    shown = serializers.SerializerMethodField(help_text="How many columns were shown.")

    class Meta:
        model = Lesson
        fields = [
            "id", "kind", "semantic_type", "radius", "shown", "note", "made_by", "created_at",
            "retired_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_shown(self, lesson: Lesson) -> int:
        """Number of examples."""
        return len(lesson.examples)


class ExceptionSerializer(serializers.Serializer[Any]):
    """Columns like this one are never of a type."""

    label = serializers.UUIDField()  # type: ignore[assignment]  # a declared field
    semantic_type = serializers.CharField(max_length=64)
    radius = serializers.FloatField(
        required=False, default=services.USUAL_RADIUS, min_value=0.02, max_value=0.35
    )
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)


class RateSerializer(serializers.Serializer[Any]):
    """How sensitive a shipped type is here."""

    sensitivity = serializers.ChoiceField(choices=Sensitivity.choices)


@extend_schema_view(
    list=extend_schema(operation_id="own_types_list", summary="List own types"),
    retrieve=extend_schema(operation_id="own_types_get", summary="One own type"),
)
class OwnTypeViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[OwnType]
):
    """Types of the installation's own."""

    queryset = OwnType.objects.none()
    serializer_class = OwnTypeSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[OwnType]:
        """All of them, for whoever may view any source."""
        return list_own_types(self._user())

    def _user(self) -> User:
        return cast("User", self.request.user)

    def _get(self, public_id: str) -> OwnType:
        return get_own_type(user=self._user(), public_id=public_id)

    @extend_schema(
        operation_id="own_types_create",
        summary="Make a type of some columns",
        request=TeachSerializer,
        responses={201: OwnTypeSerializer},
    )
    def create(self, request: Request) -> Response:
        """Alike columns are recognised from now on."""
        wanted = TeachSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        values = dict(wanted.validated_data)
        shown = list_visible_labels(self._user()).filter(public_id__in=values.pop("labels"))
        made = services.teach_type(user=self._user(), labels=list(shown), **values)
        return Response(OwnTypeSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="own_types_preview",
        summary="See what a type made of some columns would reach",
        request=ShownSerializer,
        responses=HitsSerializer,
    )
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """Stored columns that are near, of those that the caller may view."""
        wanted = ShownSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        visible = list_visible_labels(self._user())
        shown = visible.filter(public_id__in=wanted.validated_data["labels"])
        examples = [bytes(label.likeness) for label in shown if label.likeness]
        hits = find_hits(examples, wanted.validated_data["radius"], visible)
        labels = [label for label, _ in hits.shown]
        return Response(HitsSerializer({"number": hits.number, "labels": labels}).data)

    @extend_schema(
        operation_id="own_types_update",
        summary="Rename an own type or rate it anew",
        request=ChangeTypeSerializer,
        responses=OwnTypeSerializer,
    )
    def update(self, request: Request, public_id: str) -> Response:
        """Its labels follow."""
        own = self._get(public_id)
        wanted = ChangeTypeSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        changed = services.change_type(own=own, user=self._user(), **wanted.validated_data)
        return Response(OwnTypeSerializer(changed).data)

    @extend_schema(
        operation_id="own_types_retire",
        summary="Suggest an own type no more",
        request=None,
        responses=OwnTypeSerializer,
    )
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, public_id: str) -> Response:
        """Labels that people gave keep it."""
        retired = services.retire_type(own=self._get(public_id), user=self._user())
        return Response(OwnTypeSerializer(retired).data)

    @extend_schema(operation_id="own_types_delete", summary="Delete a type that nothing names")
    def destroy(self, request: Request, public_id: str) -> Response:
        """Refused while labels or decisions name it."""
        services.delete_type(own=self._get(public_id), user=self._user())
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(
    list=extend_schema(operation_id="lessons_list", summary="List what was taught"),
    retrieve=extend_schema(operation_id="lessons_get", summary="One thing that was taught"),
)
class LessonViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Lesson]
):
    """What was taught by showing columns."""

    queryset = Lesson.objects.none()
    serializer_class = LessonSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Lesson]:
        """All that counts, for whoever may view any source."""
        return list_lessons(self._user())

    def _user(self) -> User:
        return cast("User", self.request.user)

    @extend_schema(
        operation_id="lessons_create",
        summary="Teach an exception: columns like this one are never of a type",
        request=ExceptionSerializer,
        responses={201: LessonSerializer},
    )
    def create(self, request: Request) -> Response:
        """Alike columns are not called so any more."""
        wanted = ExceptionSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        values = dict(wanted.validated_data)
        label = get_label(user=self._user(), public_id=values.pop("label"))
        made = services.teach_exception(user=self._user(), label=label, **values)
        return Response(LessonSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="lessons_take_back", summary="Take back what was taught")
    def destroy(self, request: Request, public_id: str) -> Response:
        """It counts no more."""
        lesson = get_lesson(user=self._user(), public_id=public_id)
        services.take_back_lesson(lesson=lesson, user=self._user())
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(
    operation_id="semantic_types_rate",
    summary="Say how sensitive a shipped type is here",
    request=RateSerializer,
    responses=SemanticTypeSerializer,
)
@api_view(["POST"])
def rate_type(request: Request, name: str) -> Response:
    """Labels of this type follow."""
    wanted = RateSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    sensitivity = wanted.validated_data["sensitivity"]
    user = cast("User", request.user)
    services.rate_type(user=user, semantic_type=name, sensitivity=sensitivity)
    return Response(SemanticTypeSerializer(get_semantic_type(name)).data)
