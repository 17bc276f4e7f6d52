"""Sources, connection tests and engines in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle
from rest_framework.views import APIView

from . import services
from .connection import LIMITS
from .filters import SourceFilter, TestFilter
from .models import Agent, ConnectionTest, DataSource, DataSourceQuerySet
from .selectors import (
    get_source,
    get_test,
    list_visible_agents,
    list_visible_sources,
    list_visible_tests,
)
from .types import ENGINES, Engine, Environment, Tls

if TYPE_CHECKING:
    from apps.rbac.models import User


def _user(request: Any) -> User:
    return cast("User", request.user)


class AgentField(serializers.SlugRelatedField[Agent]):
    """An agent by its id, among those that the caller may see."""

    def get_queryset(self) -> QuerySet[Agent]:
        """Agents of the caller."""
        request = self.context.get("request")
        return list_visible_agents(_user(request)) if request else Agent.objects.none()


class SourceSerializer(serializers.ModelSerializer[DataSource]):
    """A source. Its password goes in and never comes out."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    name = serializers.CharField(max_length=100)
    engine = serializers.ChoiceField(choices=Engine.choices)
    port = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=65_535)
    tls = serializers.ChoiceField(
        choices=Tls.choices,
        required=False,
        help_text="When absent: verify-full; for a host that is the agent's own, and for a dialect,"
        " prefer.",
    )
    counting_seconds = serializers.IntegerField(
        required=False, min_value=0, max_value=LIMITS["counting_seconds"]
    )
    run_minutes = serializers.IntegerField(
        required=False, min_value=0, max_value=LIMITS["run_minutes"]
    )
    environment = serializers.ChoiceField(choices=Environment.choices, required=False)
    database = serializers.CharField(
        required=False, allow_blank=True, max_length=1_000, trim_whitespace=False
    )
    agent = AgentField(slug_field="public_id", required=False, allow_null=True)
    owner = serializers.SlugRelatedField(slug_field="username", read_only=True)  # type: ignore[var-annotated]  # generic in the stubs alone
    password = serializers.CharField(
        write_only=True, required=False, allow_blank=True, max_length=1_000, trim_whitespace=False
    )
    clear_password = serializers.BooleanField(write_only=True, required=False)
    has_password = serializers.SerializerMethodField()

    class Meta:
        model = DataSource
        fields = [
            "id", "name", "description", "engine", "dialect", "host", "port", "database",
            "username", "password", "clear_password", "has_password", "secret_ref", "tls",
            "include", "exclude", "counting_seconds", "run_minutes", "environment", "region",
            "owner", "agent", "facts", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["facts", "created_at", "updated_at"]

    def get_has_password(self, source: DataSource) -> bool:
        """Whether a password is stored."""
        return bool(source.password)

    def create(self, validated_data: dict[str, Any]) -> DataSource:
        """Add a source."""
        validated_data.pop("clear_password", None)
        return services.add_source(user=_user(self.context["request"]), **validated_data)

    def update(self, instance: DataSource, validated_data: dict[str, Any]) -> DataSource:
        """Change a source."""
        user = _user(self.context["request"])
        return services.change_source(source=instance, user=user, **validated_data)


class StepSerializer(serializers.Serializer[Any]):
    """One step of a connection test."""

    name = serializers.CharField()
    title = serializers.CharField()
    ok = serializers.BooleanField()
    code = serializers.CharField()
    message = serializers.CharField()
    hint = serializers.CharField()


class TestSerializer(serializers.ModelSerializer[ConnectionTest]):
    """A connection test with its steps."""

    __test__ = False  # not a pytest class

    id = serializers.UUIDField(source="public_id", read_only=True)
    source = serializers.UUIDField(source="source.public_id", read_only=True)  # type: ignore[assignment]  # a field of that name
    agent = serializers.CharField(source="agent.name", read_only=True, default=None)
    requested_by = serializers.CharField(
        source="requested_by.username", read_only=True, default=None
    )
    steps = StepSerializer(many=True, read_only=True)

    class Meta:
        model = ConnectionTest
        fields = [
            "id", "source", "state", "agent", "requested_by", "steps", "created_at", "finished_at"
        ]  # fmt: skip
        read_only_fields = fields


class EngineSerializer(serializers.Serializer[Any]):
    """An engine and what a connection to it needs."""

    engine = serializers.ChoiceField(choices=Engine.choices)
    title = serializers.CharField(source="engine.label")
    default_port = serializers.IntegerField(allow_null=True)
    needs_host = serializers.BooleanField()
    database_label = serializers.CharField()
    database_help = serializers.CharField()
    database_required = serializers.BooleanField()
    needs_dialect = serializers.BooleanField()
    is_proven = serializers.BooleanField(
        help_text="Whether its connector was tested against a live server."
    )


@extend_schema_view(
    list=extend_schema(operation_id="sources_list", summary="List sources"),
    retrieve=extend_schema(operation_id="sources_get", summary="One source"),
    create=extend_schema(operation_id="sources_add", summary="Add a source"),
    partial_update=extend_schema(operation_id="sources_change", summary="Change a source"),
    destroy=extend_schema(operation_id="sources_delete", summary="Delete a source"),
)
class SourceViewSet(viewsets.ModelViewSet[DataSource]):
    """Databases to govern."""

    queryset = DataSource.objects.none()
    serializer_class = SourceSerializer
    filterset_class = SourceFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> DataSourceQuerySet:
        """Sources that the caller may view."""
        return list_visible_sources(_user(self.request)).select_related("agent", "owner")

    def get_object(self) -> DataSource:
        """The source, when the caller may view it."""
        return get_source(user=_user(self.request), public_id=self.kwargs["public_id"])

    def get_throttles(self) -> list[BaseThrottle]:
        """Asking for tests has a bound of its own."""
        if self.action == "tests" and self.request.method == "POST":
            self.throttle_scope = "test"
            return [*super().get_throttles(), ScopedRateThrottle()]
        return super().get_throttles()

    def perform_destroy(self, instance: DataSource) -> None:
        """Delete it with all that was found in it."""
        services.delete_source(source=instance, user=_user(self.request))

    @extend_schema(
        methods=["get"], operation_id="sources_tests_list", summary="Tests of a source",
        responses=TestSerializer(many=True), filters=False,
    )  # fmt: skip
    @extend_schema(
        methods=["post"], operation_id="sources_test", summary="Test the connection", request=None,
        responses={202: TestSerializer},
    )  # fmt: skip
    @action(detail=True, methods=["get", "post"], filterset_class=None)
    def tests(self, request: Request, public_id: Any = None) -> Response:
        """Connection tests of the source; a POST asks for one, whose steps follow at /tests/."""
        user, source = _user(request), self.get_object()
        if request.method == "POST":
            test = services.request_test(source=source, user=user)
            return Response(TestSerializer(test).data, status=status.HTTP_202_ACCEPTED)
        services.expire_tests()
        rows = list_visible_tests(user).filter(source=source)
        page: Any = self.paginate_queryset(
            rows.select_related("source", "agent", "requested_by")  # type: ignore[arg-type]  # other rows than the view's own
        )
        return self.get_paginated_response(TestSerializer(page, many=True).data)


@extend_schema_view(
    list=extend_schema(operation_id="tests_list", summary="List connection tests"),
    retrieve=extend_schema(operation_id="tests_get", summary="One connection test"),
)
class TestViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ConnectionTest]
):
    """Connection tests."""

    __test__ = False  # not a pytest class

    queryset = ConnectionTest.objects.none()
    serializer_class = TestSerializer
    filterset_class = TestFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[ConnectionTest]:
        """Tests of sources that the caller may view."""
        services.expire_tests()
        tests = list_visible_tests(_user(self.request))
        return tests.select_related("source", "agent", "requested_by")

    def get_object(self) -> ConnectionTest:
        """The test, when the caller may view its source."""
        services.expire_tests()
        return get_test(user=_user(self.request), public_id=self.kwargs["public_id"])


class EngineList(APIView):
    """Engines that agents can discover."""

    @extend_schema(
        operation_id="engines_list", summary="List engines", responses=EngineSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """What a connection to each engine needs."""
        return Response(EngineSerializer(list(ENGINES.values()), many=True).data)
