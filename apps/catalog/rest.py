"""REST endpoints of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from apps.datasources.selectors import name_sources
from apps.discovery.selectors import get_dataset
from datawave.common.errors import InputInvalid

from . import services
from .joins import find_likely_joins
from .models import CatalogEntry, Relationship
from .selectors import get_entry, list_visible_relationships, search_entries
from .types import EntryFilters

if TYPE_CHECKING:
    from apps.rbac.models import User

LONGEST_QUERY = 200


class EntrySerializer(serializers.ModelSerializer[CatalogEntry]):
    """An entry with the dataset that it describes, whose id is the entry's own."""

    id = serializers.UUIDField(source="dataset.public_id")
    source = serializers.CharField(source="dataset.source.name")  # type: ignore[assignment]  # a field of that name
    source_id = serializers.UUIDField(source="dataset.source.public_id")
    container = serializers.CharField(source="dataset.container")
    name = serializers.CharField(source="dataset.name")
    kind = serializers.CharField(source="dataset.kind")
    state = serializers.CharField(source="dataset.state")
    rows = serializers.IntegerField(source="dataset.row_count", allow_null=True)
    columns = serializers.IntegerField(source="dataset.column_count")
    last_seen_at = serializers.DateTimeField(source="dataset.last_seen_at", allow_null=True)
    owner = serializers.CharField(source="owner.username", default=None, allow_null=True)
    described_by_person = serializers.SerializerMethodField()
    tags = serializers.JSONField()

    class Meta:
        model = CatalogEntry
        fields = [
            "id", "source", "source_id", "container", "name", "kind", "state", "description",
            "described_by_person", "owner", "tags", "sensitivity", "personal_fields", "rows",
            "columns", "last_seen_at", "published_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_described_by_person(self, entry: CatalogEntry) -> bool:
        """Whether a person wrote the description; it is a draft otherwise."""
        return entry.described_at is not None


class EntryChangeSerializer(serializers.Serializer[Any]):
    """What people say of a dataset; what is left out stays."""

    description = serializers.CharField(
        required=False, allow_blank=True, max_length=services.LONGEST_DESCRIPTION
    )
    owner = serializers.CharField(required=False, allow_null=True, help_text="User name.")
    tags = serializers.DictField(
        required=False, help_text="Replaces all declared facts, such as retention_days."
    )


class RelationshipSerializer(serializers.ModelSerializer[Relationship]):
    """A foreign key between two datasets."""

    id = serializers.UUIDField(source="public_id")
    from_dataset = serializers.UUIDField(source="from_dataset.public_id")
    from_name = serializers.CharField(source="from_dataset.fqn")
    to_dataset = serializers.UUIDField(source="to_dataset.public_id")
    to_name = serializers.CharField(source="to_dataset.fqn")
    from_fields = serializers.ListField(child=serializers.CharField())
    to_fields = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Relationship
        fields = [
            "id", "name", "from_dataset", "from_name", "from_fields", "to_dataset", "to_name",
            "to_fields",
        ]  # fmt: skip


def _many(name: str, description: str = "") -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, many=True, description=description)


class JoinEndSerializer(serializers.Serializer[Any]):
    """A column that rows are likely joined by."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    dataset = serializers.UUIDField(source="dataset.public_id")
    dataset_fqn = serializers.CharField(source="dataset.fqn")
    source_name = serializers.CharField(source="dataset.source.name")


class JoinSerializer(serializers.Serializer[Any]):
    """Two columns whose values overlap, reckoned from their sketches."""

    field = JoinEndSerializer()
    other = JoinEndSerializer()
    # Share of the field's values that the other has, with its standard error.
    held = serializers.FloatField(source="overlap.held")
    error = serializers.FloatField(source="overlap.error")
    # Share of the other's values that the field has; null where only a sample was sketched.
    holds = serializers.FloatField(source="overlap.holds", allow_null=True)
    jaccard = serializers.FloatField(source="overlap.jaccard")


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="Words, each from its start."),
            *map(_many, ("source", "container", "kind", "sensitivity", "type", "owner")),
            _many("personal", "yes or no"),
            OpenApiParameter("sort", OpenApiTypes.STR, description="name, rows, -rows, ..."),
        ]
    )
)
class EntryViewSet(ListModelMixin, RetrieveModelMixin, viewsets.GenericViewSet[CatalogEntry]):
    """The catalogue: one entry per dataset, named by the dataset's id."""

    serializer_class = EntrySerializer
    queryset = CatalogEntry.objects.none()
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[CatalogEntry]:
        """Entries that the person may see and asked for."""
        given = self.request.query_params
        query = given.get("q", "").replace("\x00", "")[:LONGEST_QUERY]
        return search_entries(
            user=cast("User", self.request.user), query=query, filters=self._read_filters()
        )

    def _read_filters(self) -> EntryFilters:
        given = self.request.query_params

        def many(name: str) -> tuple[str, ...]:
            return tuple(value for value in given.getlist(name) if value and "\x00" not in value)

        return EntryFilters(
            sources=name_sources(cast("User", self.request.user), many("source")),
            containers=many("container"),
            kinds=many("kind"),
            sensitivities=many("sensitivity"),
            types=many("type"),
            owners=many("owner"),
            personal=many("personal"),
            sort=given.get("sort", ""),
        )

    def get_object(self) -> CatalogEntry:
        """The entry of the dataset with that id."""
        user = cast("User", self.request.user)
        return get_entry(user=user, dataset_public_id=self.kwargs["public_id"])

    @extend_schema(request=EntryChangeSerializer, responses=EntrySerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change the description, the owner or the declared facts."""
        entry = self.get_object()
        given = EntryChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        changes = dict(given.validated_data)
        if "owner" in changes:
            changes |= _read_owner(changes.pop("owner"))
        entry = services.edit_entry(entry=entry, user=cast("User", request.user), **changes)
        return Response(EntrySerializer(entry).data)

    @extend_schema(
        operation_id="entries_joins",
        summary="Columns of other datasets, in any source, that rows are likely joined by",
        parameters=[
            OpenApiParameter("other", OpenApiTypes.UUID, description="Only with this dataset.")
        ],
        responses=JoinSerializer(many=True),
    )
    @action(detail=True, pagination_class=None)
    def joins(self, request: Request, **_: Any) -> Response:
        """The likeliest first, fifty at most."""
        user, other = cast("User", request.user), request.query_params.get("other")
        found = find_likely_joins(
            user=user,
            dataset=self.get_object().dataset,
            other=get_dataset(user=user, public_id=_read_uuid(other)) if other else None,
        )
        return Response(JoinSerializer(found, many=True).data)


def _read_uuid(text: str) -> Any:
    return serializers.UUIDField().run_validation(text)


def _read_owner(username: str | None) -> dict[str, Any]:
    if not username:
        return {"clear_owner": True}
    owner = get_user_model().objects.filter(username=username).first()
    if owner is None:
        raise InputInvalid("There is no such person.", field="owner")
    return {"owner": owner}


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter(
                "dataset", OpenApiTypes.UUID, description="Only those from or to this dataset."
            )
        ]
    )
)
class RelationshipViewSet(ListModelMixin, viewsets.GenericViewSet[Relationship]):
    """Foreign keys between datasets."""

    serializer_class = RelationshipSerializer
    queryset = Relationship.objects.none()

    def get_queryset(self) -> QuerySet[Relationship]:
        """Those that the person may see."""
        links = list_visible_relationships(cast("User", self.request.user)).order_by("pk")
        dataset = self.request.query_params.get("dataset")
        return links.touching(serializers.UUIDField().run_validation(dataset)) if dataset else links
