"""Sign-offs in the API."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.classification import services
from apps.classification.filters import AttestationFilter
from apps.classification.models import Attestation
from apps.classification.selectors import get_attestation, list_visible_attestations
from apps.datasources.selectors import get_source
from apps.discovery.selectors import get_dataset
from datawave.common.errors import InputInvalid

if TYPE_CHECKING:
    from apps.rbac.models import User


class AttestationSerializer(serializers.ModelSerializer[Attestation]):
    """A person's word that the labels of a table or a source are right."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    source = serializers.UUIDField(source="source.public_id", read_only=True)  # type: ignore[assignment]  # a declared field
    source_name = serializers.CharField(source="source.name", read_only=True)
    dataset = serializers.UUIDField(source="dataset.public_id", default=None, read_only=True)
    dataset_name = serializers.CharField(source="dataset.fqn", default=None, read_only=True)
    signed_by = serializers.CharField(source="user_name", read_only=True)
    stands = serializers.BooleanField(read_only=True)

    class Meta:
        model = Attestation
        fields = [
            "id", "source", "source_name", "dataset", "dataset_name", "signed_by", "created_at",
            "note", "tables", "columns", "decided", "suggested", "unknown", "personal", "stands",
            "stale_at", "changes_since", "stale_reason", "withdrawn_at",
        ]  # fmt: skip
        read_only_fields = fields


class AttestSerializer(serializers.Serializer[Any]):
    """What to sign off: a table, or all tables of a source."""

    source = serializers.UUIDField(required=False, default=None)  # type: ignore[assignment]  # a declared field
    dataset = serializers.UUIDField(required=False, default=None)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)


@extend_schema_view(
    list=extend_schema(operation_id="attestations_list", summary="List sign-offs"),
    retrieve=extend_schema(operation_id="attestations_get", summary="One sign-off"),
)
class AttestationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Attestation]
):
    """Sign-offs of tables and sources."""

    queryset = Attestation.objects.none()
    serializer_class = AttestationSerializer
    filterset_class = AttestationFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Attestation]:
        """Those that the caller may view."""
        return list_visible_attestations(self._user())

    def _user(self) -> User:
        return cast("User", self.request.user)

    @extend_schema(
        operation_id="attestations_create",
        summary="Sign off a table or a source",
        request=AttestSerializer,
        responses={201: AttestationSerializer},
    )
    def create(self, request: Request) -> Response:
        """Sign off the labels as they are now."""
        wanted = AttestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        values = wanted.validated_data
        scope = self._read_scope(values["source"], values["dataset"])
        made = services.attest(user=self._user(), note=values["note"], **scope)
        return Response(AttestationSerializer(made).data, status=status.HTTP_201_CREATED)

    def _read_scope(self, source: uuid.UUID | None, dataset: uuid.UUID | None) -> dict[str, Any]:
        if (source is None) == (dataset is None):
            raise InputInvalid("Name either a source or a dataset.", field="source")
        if dataset is not None:
            found = get_dataset(user=self._user(), public_id=dataset)
            return {"source": found.source, "dataset": found}
        return {"source": get_source(user=self._user(), public_id=str(source))}

    @extend_schema(
        operation_id="attestations_withdraw",
        summary="Withdraw a sign-off",
        request=None,
        responses=AttestationSerializer,
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def withdraw(self, request: Request, public_id: str) -> Response:
        """Take it back; it stays in the list as withdrawn."""
        found = get_attestation(user=self._user(), public_id=public_id)
        done = services.withdraw_attestation(attestation=found, user=self._user())
        return Response(AttestationSerializer(done).data)
