"""Datasets, fields and schema changes in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.datasources.selectors import get_source
from datawave.common.errors import NotThere

from . import services
from .filters import ChangeFilter, DatasetFilter, DoubtFilter, FieldFilter
from .models import AbsenceDoubt, Dataset, Field, SchemaChange, SourceScopedQuerySet
from .preview import preview_patterns
from .selectors import (
    find_structure,
    list_visible_changes,
    list_visible_datasets,
    list_visible_doubts,
    list_visible_fields,
)
from .types import DoubtState

if TYPE_CHECKING:
    import uuid

    from apps.rbac.models import User


def _user(request: Any) -> User:
    return cast("User", request.user)


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """A table, view or file."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    source = serializers.UUIDField(source="source.public_id", read_only=True)  # type: ignore[assignment]  # a field of that name
    source_name = serializers.CharField(source="source.name", read_only=True)
    fqn = serializers.CharField(read_only=True)

    class Meta:
        model = Dataset
        fields = [
            "id", "source", "source_name", "container", "name", "fqn", "kind", "state", "comment",
            "column_count", "row_count", "row_count_exact", "size_bytes", "content_hash",
            "first_seen_at", "last_seen_at", "error_code", "error_message",
        ]  # fmt: skip
        read_only_fields = fields


class ForeignKeySerializer(serializers.Serializer[Any]):
    """A declared reference to another dataset of the same source."""

    name = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    target_container = serializers.CharField()
    target_name = serializers.CharField()
    target_columns = serializers.ListField(child=serializers.CharField())


class IndexSerializer(serializers.Serializer[Any]):
    """An index."""

    name = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    unique = serializers.BooleanField()
    partial = serializers.BooleanField()  # type: ignore[assignment]  # a field of that name
    method = serializers.CharField()


class ConstraintSerializer(serializers.Serializer[Any]):
    """A rule that the source enforces; "?" stands for each literal of a check."""

    kind = serializers.CharField()
    name = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    expression = serializers.CharField()


class SequenceSerializer(serializers.Serializer[Any]):
    """A sequence that numbers a column."""

    name = serializers.CharField()
    column = serializers.CharField()


class DatasetNameSerializer(serializers.Serializer[Any]):
    """Another dataset of the same source."""

    container = serializers.CharField()
    name = serializers.CharField()


class PartitioningSerializer(serializers.Serializer[Any]):
    """How a table is split; its bounds are values and stay at the edge."""

    strategy = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    partitions = serializers.IntegerField()


class GrantsSerializer(serializers.Serializer[Any]):
    """Who may reach a dataset, as counts."""

    public_read = serializers.BooleanField()
    public_write = serializers.BooleanField()
    read_roles = serializers.IntegerField()
    write_roles = serializers.IntegerField()
    read_logins = serializers.IntegerField(allow_null=True)
    write_logins = serializers.IntegerField(allow_null=True)
    column_grants = serializers.IntegerField()


class StructureSerializer(serializers.Serializer[Any]):
    """What the source's catalogue says of a dataset beside its columns."""

    foreign_keys = ForeignKeySerializer(many=True)
    indexes = IndexSerializer(many=True)
    constraints = ConstraintSerializer(many=True)
    sequences = SequenceSerializer(many=True)
    parents = DatasetNameSerializer(many=True)
    partitioning = PartitioningSerializer(allow_null=True)
    definition = serializers.CharField()
    row_security = serializers.BooleanField()
    columns_hidden = serializers.BooleanField()
    grants = GrantsSerializer(allow_null=True)


class FieldSerializer(serializers.ModelSerializer[Field]):
    """A column, or a path in the documents that a column holds."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    dataset = serializers.UUIDField(source="dataset.public_id", read_only=True)
    dataset_fqn = serializers.CharField(source="dataset.fqn", read_only=True)

    class Meta:
        model = Field
        fields = [
            "id", "dataset", "dataset_fqn", "name", "path_of", "ordinal", "native_type", "type",
            "nullable", "key_position", "unique", "comment", "state", "first_seen_at",
            "removed_at",
        ]  # fmt: skip
        read_only_fields = fields


class SchemaChangeSerializer(serializers.ModelSerializer[SchemaChange]):
    """One difference between two runs."""

    source = serializers.UUIDField(source="source.public_id", read_only=True)  # type: ignore[assignment]  # a field of that name
    dataset = serializers.UUIDField(source="dataset.public_id", read_only=True)
    dataset_fqn = serializers.CharField(source="dataset.fqn", read_only=True)

    class Meta:
        model = SchemaChange
        fields = [
            "id", "at", "source", "dataset", "dataset_fqn", "kind", "field_name", "before", "after"
        ]  # fmt: skip
        read_only_fields = fields


@extend_schema_view(
    list=extend_schema(operation_id="datasets_list", summary="List datasets"),
    retrieve=extend_schema(operation_id="datasets_get", summary="One dataset"),
)
class DatasetViewSet(viewsets.ReadOnlyModelViewSet[Dataset]):
    """Tables, views and files that agents found."""

    queryset = Dataset.objects.none()
    serializer_class = DatasetSerializer
    filterset_class = DatasetFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> SourceScopedQuerySet[Dataset]:
        """Datasets of sources that the caller may view."""
        return list_visible_datasets(_user(self.request))

    @extend_schema(
        operation_id="datasets_structure",
        summary="Constraints, indexes, sequences, partitions, view text and grants of a dataset",
        responses=StructureSerializer,
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def structure(self, request: Request, public_id: str) -> Response:
        """Answer 404 while no agent could read the dataset."""
        del request, public_id
        table = find_structure(self.get_object())
        if table is None:
            raise NotThere
        return Response(StructureSerializer(table).data)


@extend_schema_view(
    list=extend_schema(operation_id="fields_list", summary="List fields"),
    retrieve=extend_schema(operation_id="fields_get", summary="One field"),
)
class FieldViewSet(viewsets.ReadOnlyModelViewSet[Field]):
    """Columns."""

    queryset = Field.objects.none()
    serializer_class = FieldSerializer
    filterset_class = FieldFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> SourceScopedQuerySet[Field]:
        """Fields of sources that the caller may view."""
        return list_visible_fields(_user(self.request))


class DoubtSerializer(serializers.ModelSerializer[AbsenceDoubt]):
    """Tables that vanished at once, and what was decided on them."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    source = serializers.UUIDField(source="source.public_id", read_only=True)  # type: ignore[assignment]  # a field of that name
    source_name = serializers.CharField(source="source.name", read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)

    class Meta:
        model = AbsenceDoubt
        fields = [
            "id", "source", "source_name", "tables", "of", "state", "created_at", "decided_by",
            "decided_at",
        ]  # fmt: skip
        read_only_fields = fields


@extend_schema_view(
    list=extend_schema(operation_id="absences_list", summary="List tables gone at once"),
    retrieve=extend_schema(operation_id="absences_get", summary="One question about absence"),
)
class DoubtViewSet(viewsets.ReadOnlyModelViewSet[AbsenceDoubt]):
    """Tables that vanished too many at once to be believed: someone decides."""

    queryset = AbsenceDoubt.objects.none()
    serializer_class = DoubtSerializer
    filterset_class = DoubtFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> SourceScopedQuerySet[AbsenceDoubt]:
        """Questions about sources that the caller may view."""
        return list_visible_doubts(_user(self.request))

    @extend_schema(operation_id="absences_tables", summary="The tables in question",
                   responses=DatasetSerializer(many=True), filters=False)  # fmt: skip
    @action(detail=True, filterset_class=None)
    def tables(self, request: Request, public_id: Any = None) -> Response:
        """The tables that the listing no longer shows."""
        rows = self.get_object().datasets.select_related("source")
        page: Any = self.paginate_queryset(rows)  # type: ignore[arg-type]  # other rows than the view's own
        return self.get_paginated_response(DatasetSerializer(page, many=True).data)

    @extend_schema(operation_id="absences_confirm", summary="The tables are gone",
                   request=None, responses=DoubtSerializer)  # fmt: skip
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, public_id: Any = None) -> Response:
        """Mark the tables as dropped; 409 `doubt_decided` when someone was faster."""
        return self._decide(DoubtState.CONFIRMED)

    @extend_schema(operation_id="absences_keep", summary="The tables are still there",
                   request=None, responses=DoubtSerializer)  # fmt: skip
    @action(detail=True, methods=["post"])
    def keep(self, request: Request, public_id: Any = None) -> Response:
        """Keep the tables: the listing was wrong."""
        return self._decide(DoubtState.KEPT)

    @extend_schema(operation_id="absences_undo", summary="Take a drop back",
                   request=None, responses=DoubtSerializer)  # fmt: skip
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, public_id: Any = None) -> Response:
        """Bring the tables back that were confirmed as gone, and ask again."""
        return self._decide(DoubtState.OPEN)

    def _decide(self, decision: DoubtState) -> Response:
        doubt = self.get_object()
        services.decide_absence(doubt=doubt, user=_user(self.request), decision=decision)
        return Response(DoubtSerializer(doubt).data)


@extend_schema_view(
    list=extend_schema(operation_id="schema_changes_list", summary="List schema changes")
)
class SchemaChangeViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[SchemaChange]):
    """How schemas changed between runs, newest first."""

    queryset = SchemaChange.objects.none()
    serializer_class = SchemaChangeSerializer
    filterset_class = ChangeFilter

    def get_queryset(self) -> SourceScopedQuerySet[SchemaChange]:
        """Changes in sources that the caller may view."""
        return list_visible_changes(_user(self.request))


class PatternsSerializer(serializers.Serializer[Any]):
    """Patterns to try, one a line; those of the source where one is not given."""

    include = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    exclude = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)


class HitsSerializer(serializers.Serializer[Any]):
    """How many tables, and the first of them by name."""

    tables = serializers.IntegerField()
    examples = serializers.ListField(child=serializers.CharField())


class PatternHitsSerializer(HitsSerializer):
    """What one pattern hits, whatever the others say."""

    pattern = serializers.CharField()


class PatternPreviewSerializer(serializers.Serializer[Any]):
    """What the patterns would do to the tables that are known."""

    known = serializers.IntegerField()
    let_in = HitsSerializer()
    left_out = HitsSerializer()
    include = PatternHitsSerializer(many=True)
    exclude = PatternHitsSerializer(many=True)


class PatternPreviewView(APIView):
    """What include and exclude patterns would do, before they are saved."""

    @extend_schema(
        operation_id="sources_patterns_preview", summary="Preview patterns",
        request=PatternsSerializer, responses=PatternPreviewSerializer,
    )  # fmt: skip
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Counts per pattern and in all over the known tables. Nothing is changed."""
        source = get_source(user=_user(request), public_id=public_id)
        asked = PatternsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        preview = preview_patterns(source=source, **asked.validated_data)
        return Response(PatternPreviewSerializer(preview).data)
