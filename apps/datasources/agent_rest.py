"""Agents and enrolment codes in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from . import services
from .models import Agent, DataSource, EnrolmentCode
from .onboarding import describe_steps
from .selectors import (
    get_agent,
    get_code,
    list_codes,
    list_served_sources,
    list_visible_agents,
    list_visible_sources,
)
from .types import AgentWish, CodeState

if TYPE_CHECKING:
    from apps.rbac.models import User


def _user(request: Any) -> User:
    return cast("User", request.user)


@extend_schema_field(serializers.UUIDField())
class SourceField(serializers.SlugRelatedField[DataSource]):
    """A source by its id, among those that the caller may view."""

    def get_queryset(self) -> QuerySet[DataSource]:
        """Sources of the caller."""
        request = self.context.get("request")
        return list_visible_sources(_user(request)) if request else DataSource.objects.none()


class AgentSerializer(serializers.ModelSerializer[Agent]):
    """An agent as it was last heard of."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    is_live = serializers.BooleanField(read_only=True)
    is_outdated = serializers.BooleanField(read_only=True)
    is_clock_off = serializers.BooleanField(read_only=True)

    class Meta:
        model = Agent
        fields = [
            "id", "name", "embedded", "version", "protocol", "host", "last_seen_at", "is_live",
            "is_outdated", "clock_skew_seconds", "is_clock_off", "spool_bytes",
            "oldest_spooled_seconds", "draining", "key_made_at", "revoked_at", "revoked_because",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class AgentDetailSerializer(AgentSerializer):
    """An agent with the sources that it serves and the caller may view."""

    sources = serializers.SerializerMethodField()

    class Meta(AgentSerializer.Meta):
        fields = [*AgentSerializer.Meta.fields, "sources"]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_sources(self, agent: Agent) -> list[str]:
        """Ids of the sources."""
        served = list_served_sources(agent, _user(self.context["request"]))
        return [str(source.public_id) for source in served]


class AgentNameSerializer(serializers.Serializer[Any]):
    """Another name for an agent."""

    name = serializers.CharField(max_length=100)


class AgentSourceSerializer(serializers.Serializer[Any]):
    """A source that an agent is to serve, or no longer."""

    source = SourceField(slug_field="public_id")  # type: ignore[assignment]  # a field of that name


class CodeLifeSerializer(serializers.Serializer[Any]):
    """For how long a code works."""

    minutes = serializers.IntegerField(
        required=False,
        default=services.CODE_MINUTES,
        min_value=1,
        max_value=services.CODE_MINUTES_MOST,
    )


class CodeAddSerializer(CodeLifeSerializer):
    """What a new code is bound to."""

    name = serializers.CharField(max_length=100)
    sources = SourceField(slug_field="public_id", many=True, required=False)


class CodeSerializer(serializers.ModelSerializer[EnrolmentCode]):
    """An enrolment code; its text is shown only when it is made."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    state = serializers.ChoiceField(choices=CodeState.choices, read_only=True)
    agent = serializers.UUIDField(source="agent.public_id", read_only=True, default=None)
    made_by = serializers.CharField(source="made_by.username", read_only=True, default=None)

    class Meta:
        model = EnrolmentCode
        fields = ["id", "name", "state", "agent", "made_by", "created_at", "expires_at", "used_at"]
        read_only_fields = fields


class FreshCodeSerializer(CodeSerializer):
    """A code with its text, and what to run on the agent's host; both are shown this once."""

    code = serializers.CharField(read_only=True)
    commands = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta(CodeSerializer.Meta):
        fields = [*CodeSerializer.Meta.fields, "code", "commands"]
        read_only_fields = fields


def _show_fresh(code: EnrolmentCode, secret: str) -> Response:
    steps = describe_steps(code=code, secret=secret, server=settings.BASE_URL)
    shown = {
        **CodeSerializer(code).data,
        "code": secret,
        "commands": [step.command for step in steps],
    }
    return Response(shown, status=status.HTTP_201_CREATED)


@extend_schema_view(
    list=extend_schema(operation_id="agent_codes_list", summary="List enrolment codes"),
    retrieve=extend_schema(operation_id="agent_codes_get", summary="One enrolment code"),
)
class CodeViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[EnrolmentCode]
):
    """Codes by which agents are let in once; only administrators see them."""

    queryset = EnrolmentCode.objects.none()
    serializer_class = CodeSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[EnrolmentCode]:
        """Codes that the caller may see."""
        return list_codes(_user(self.request))

    def get_object(self) -> EnrolmentCode:
        """The code, when the caller may see it."""
        return get_code(user=_user(self.request), public_id=self.kwargs["public_id"])

    @extend_schema(
        operation_id="agent_codes_make", summary="Make an enrolment code",
        request=CodeAddSerializer, responses={201: FreshCodeSerializer},
    )  # fmt: skip
    def create(self, request: Request) -> Response:
        """Make a code for a new agent; the answer holds it, and it is never shown again."""
        wanted = CodeAddSerializer(data=request.data, context={"request": request})
        wanted.is_valid(raise_exception=True)
        return _show_fresh(*services.make_code(user=_user(request), **wanted.validated_data))

    @extend_schema(
        operation_id="agent_codes_withdraw", summary="Withdraw an enrolment code",
        responses={204: None},
    )  # fmt: skip
    def destroy(self, request: Request, public_id: Any = None) -> Response:
        """End a code that nobody has used."""
        services.withdraw_code(code=self.get_object(), user=_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(
    list=extend_schema(operation_id="agents_list", summary="List agents"),
    retrieve=extend_schema(
        operation_id="agents_get", summary="One agent", responses=AgentDetailSerializer
    ),
)
class AgentViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Agent]
):
    """Edge processes that serve sources."""

    queryset = Agent.objects.none()
    serializer_class = AgentSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Agent]:
        """Agents that the caller may see."""
        return list_visible_agents(_user(self.request))

    def get_serializer_class(self) -> type[AgentSerializer]:
        """One agent tells its sources too."""
        return AgentSerializer if self.action == "list" else AgentDetailSerializer

    def get_object(self) -> Agent:
        """The agent, when the caller may see it."""
        return get_agent(user=_user(self.request), public_id=self.kwargs["public_id"])

    def _show(self) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="agents_rename", summary="Rename an agent", request=AgentNameSerializer,
        responses={200: AgentDetailSerializer},
    )  # fmt: skip
    def partial_update(self, request: Request, public_id: Any = None) -> Response:
        """Call the agent something else."""
        wanted = AgentNameSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        agent, user = self.get_object(), _user(request)
        services.rename_agent(agent=agent, name=wanted.validated_data["name"], user=user)
        return self._show()

    @extend_schema(operation_id="agents_delete", summary="Delete an agent", responses={204: None})
    def destroy(self, request: Request, public_id: Any = None) -> Response:
        """Forget the agent; it is refused from its next request on."""
        services.delete_agent(agent=self.get_object(), user=_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="agents_revoke", summary="Revoke an agent",
        request=None, responses={200: AgentDetailSerializer},
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, public_id: Any = None) -> Response:
        """Refuse the agent from its next request on."""
        services.revoke_agent(agent=self.get_object(), user=_user(request))
        return self._show()

    @extend_schema(
        operation_id="agents_drain", summary="Let an agent end its job and take no other",
        request=None, responses={200: AgentDetailSerializer},
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    def drain(self, request: Request, public_id: Any = None) -> Response:
        """Let the agent end its job and take no other."""
        services.drain_agent(agent=self.get_object(), user=_user(request))
        return self._show()

    @extend_schema(
        operation_id="agents_resume", summary="Let a drained agent take jobs again",
        request=None, responses={200: AgentDetailSerializer},
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, public_id: Any = None) -> Response:
        """Let a drained agent take jobs again."""
        services.drain_agent(agent=self.get_object(), user=_user(request), draining=False)
        return self._show()

    @extend_schema(
        operation_id="agents_refresh", summary="Have an agent take another token",
        request=None, responses={200: AgentDetailSerializer},
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, public_id: Any = None) -> Response:
        """Have the agent take another token at its next heartbeat."""
        user = _user(request)
        services.ask_agent(agent=self.get_object(), user=user, wish=AgentWish.REFRESH)
        return self._show()

    @extend_schema(
        operation_id="agents_rotate", summary="Have an agent make another key",
        request=None, responses={200: AgentDetailSerializer},
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, public_id: Any = None) -> Response:
        """Have the agent replace its key at its next heartbeat."""
        user = _user(request)
        services.ask_agent(agent=self.get_object(), user=user, wish=AgentWish.ROTATE)
        return self._show()

    @extend_schema(
        operation_id="agents_renew", summary="Make a code to enrol an agent again",
        request=CodeLifeSerializer, responses={201: FreshCodeSerializer},
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, public_id: Any = None) -> Response:
        """Make a code for the agent to enrol again; it keeps its sources and its spool."""
        wanted = CodeLifeSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = services.make_code(
            agent=self.get_object(), user=_user(request), **wanted.validated_data
        )
        return _show_fresh(*made)

    @extend_schema(
        operation_id="agents_serve", summary="Let an agent serve a source",
        request=AgentSourceSerializer, responses={200: AgentDetailSerializer},
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    def serve(self, request: Request, public_id: Any = None) -> Response:
        """Let the agent serve a source, alone or beside those that do already."""
        services.assign_source(
            agent=self.get_object(), source=self._read_source(request), user=_user(request)
        )
        return self._show()

    @extend_schema(
        operation_id="agents_release", summary="Let an agent no longer serve a source",
        request=AgentSourceSerializer, responses={200: AgentDetailSerializer},
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    def release(self, request: Request, public_id: Any = None) -> Response:
        """Take a source away from the agent."""
        services.release_source(
            agent=self.get_object(), source=self._read_source(request), user=_user(request)
        )
        return self._show()

    def _read_source(self, request: Request) -> DataSource:
        wanted = AgentSourceSerializer(data=request.data, context={"request": request})
        wanted.is_valid(raise_exception=True)
        source: DataSource = wanted.validated_data["source"]
        return source
