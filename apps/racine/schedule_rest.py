"""Schedules, blackout windows, freshness and limits in the API, and the hook for changes."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from apps.datasources.selectors import get_source
from datawave.common.errors import NotThere

from . import services
from .agenda import (
    explain,
    find_freshness,
    find_hooked,
    find_obstacle,
    get_schedule,
    list_next,
    list_visible_blackouts,
    list_visible_schedules,
    load_orchestration,
)
from .filters import ScheduleFilter
from .models import Blackout, Freshness, Orchestration, Schedule
from .types import Priority, ScheduleKind

if TYPE_CHECKING:
    from apps.datasources.models import DataSource
    from apps.rbac.models import User

NEXT_SHOWN = 5


def _user(request: Any) -> User:
    return cast("User", request.user)


class ScheduleSerializer(serializers.ModelSerializer[Schedule]):
    """A schedule with its next five times."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    source = serializers.UUIDField(source="source.public_id", help_text="Id of the source.")  # type: ignore[assignment]  # a field of that name
    kind = serializers.ChoiceField(choices=ScheduleKind.choices)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    every_minutes = serializers.IntegerField(required=False, allow_null=True)
    debounce_seconds = serializers.IntegerField(required=False)
    time_zone = serializers.CharField(required=False, max_length=64)
    paused = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField()
    next = serializers.SerializerMethodField()
    problem = serializers.SerializerMethodField()

    class Meta:
        model = Schedule
        fields = [
            "id", "source", "kind", "cron", "every_minutes", "time_zone", "priority",
            "debounce_seconds", "paused", "words", "next_due_at", "next", "problem",
            "created_at",
        ]  # fmt: skip
        read_only_fields = ["next_due_at", "created_at"]

    def get_paused(self, schedule: Schedule) -> bool:
        """Whether it rests."""
        return schedule.paused_at is not None

    def get_words(self, schedule: Schedule) -> str:
        """When it is due, in words."""
        return explain(schedule)

    def get_problem(self, schedule: Schedule) -> str:
        """What holds it up, and what to do; empty when nothing does."""
        return find_obstacle(schedule)

    def get_next(self, schedule: Schedule) -> list[dt.datetime]:
        """The next five times; none for one that waits for something to happen or is held up."""
        if find_obstacle(schedule):
            return []
        return list_next(schedule, timezone.now(), NEXT_SHOWN)


class ScheduleChangeSerializer(ScheduleSerializer):
    """What of a schedule can be changed."""

    class Meta(ScheduleSerializer.Meta):
        read_only_fields = ["source", "next_due_at", "created_at"]

    source = serializers.UUIDField(source="source.public_id", read_only=True)


class DueSerializer(serializers.Serializer[Any]):
    """When the discovery that an announced change causes is due."""

    due_at = serializers.DateTimeField()


class SecretSerializer(serializers.Serializer[Any]):
    """A hook's secret; it is told this once."""

    secret = serializers.CharField()


@extend_schema_view(
    list=extend_schema(operation_id="schedules_list", summary="List schedules"),
    retrieve=extend_schema(operation_id="schedules_get", summary="One schedule"),
    destroy=extend_schema(operation_id="schedules_delete", summary="Delete a schedule"),
)
class ScheduleViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Schedule]
):
    """What discovers sources by itself."""

    queryset = Schedule.objects.none()
    filterset_class = ScheduleFilter
    serializer_class = ScheduleSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Schedule]:
        """Schedules that the caller may view."""
        return list_visible_schedules(_user(self.request))

    def get_object(self) -> Schedule:
        """The schedule that the address names."""
        return get_schedule(user=_user(self.request), public_id=self.kwargs["public_id"])

    def _describe(self, schedule: Schedule, code: int = status.HTTP_200_OK) -> Response:
        fresh = get_schedule(user=_user(self.request), public_id=schedule.public_id)
        return Response(ScheduleSerializer(fresh).data, status=code)

    @extend_schema(operation_id="schedules_add", summary="Add a schedule",
                   request=ScheduleSerializer, responses={201: ScheduleSerializer})  # fmt: skip
    def create(self, request: Request) -> Response:
        """Discover a source by itself from now on."""
        wanted = ScheduleSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        values = dict(wanted.validated_data)
        user = _user(request)
        source = get_source(user=user, public_id=values.pop("source")["public_id"])
        schedule = services.add_schedule(user=user, source=source, **values)
        return self._describe(schedule, status.HTTP_201_CREATED)

    @extend_schema(operation_id="schedules_change", summary="Change a schedule",
                   request=ScheduleChangeSerializer(partial=True),
                   responses=ScheduleSerializer)  # fmt: skip
    def partial_update(self, request: Request, public_id: Any = None) -> Response:
        """Change what it waits for."""
        wanted = ScheduleChangeSerializer(data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        schedule = self.get_object()
        services.change_schedule(
            user=_user(request), schedule=schedule, **dict(wanted.validated_data)
        )
        return self._describe(schedule)

    def destroy(self, request: Request, public_id: Any = None) -> Response:
        """Discover no more because of it."""
        services.delete_schedule(user=_user(request), schedule=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="schedules_pause", summary="Pause a schedule", request=None,
                   responses=ScheduleSerializer)  # fmt: skip
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, public_id: Any = None) -> Response:
        """Let it rest."""
        schedule = self.get_object()
        services.pause_schedule(user=_user(request), schedule=schedule)
        return self._describe(schedule)

    @extend_schema(operation_id="schedules_resume", summary="Resume a schedule", request=None,
                   responses=ScheduleSerializer)  # fmt: skip
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, public_id: Any = None) -> Response:
        """Let it go on from now; what was due meanwhile is not made up for."""
        schedule = self.get_object()
        services.resume_schedule(user=_user(request), schedule=schedule)
        return self._describe(schedule)

    @extend_schema(operation_id="schedules_renew_hook", summary="Make a hook's secret",
                   request=None, responses={201: SecretSerializer})  # fmt: skip
    @action(detail=True, methods=["post"])
    def hook(self, request: Request, public_id: Any = None) -> Response:
        """A new secret for announcing changes; the old one ends."""
        secret = services.renew_hook(user=_user(request), schedule=self.get_object())
        return Response({"secret": secret}, status=status.HTTP_201_CREATED)


class HookThrottle(AnonRateThrottle):
    """A pipeline announces a change now and then; who guesses secrets asks often."""

    rate = "60/min"


class HookAuthentication(BaseAuthentication):
    """`Authorization: Bearer SECRET`, with the secret of the one schedule that the path names."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Schedule]:
        """Nobody in person, and the schedule whose secret was shown."""
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        public_id = request.parser_context["kwargs"]["public_id"]
        known = scheme.lower() == "bearer" and secret
        schedule = find_hooked(public_id=public_id, secret=secret) if known else None
        if schedule is None:
            raise AuthenticationFailed("There is no such hook, or its secret is another.")
        return AnonymousUser(), schedule

    def authenticate_header(self, request: Request) -> str:
        """Makes a wrong secret a 401 rather than a 403."""
        return 'Bearer realm="DataWave"'


class ChangeHook(APIView):
    """Where pipelines announce that a source has changed."""

    authentication_classes = (HookAuthentication,)
    permission_classes = ()
    throttle_classes = (HookThrottle,)

    @extend_schema(operation_id="hooks_announce_change", summary="Announce a change",
                   request=None, responses={202: DueSerializer}, auth=[])  # fmt: skip
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Show the hook's own secret as bearer token; many announcements make one discovery."""
        due_at = services.announce_change(schedule=cast("Schedule", request.auth))
        return Response({"due_at": due_at}, status=status.HTTP_202_ACCEPTED)


class BlackoutSerializer(serializers.ModelSerializer[Blackout]):
    """Hours of the week in which no discovery of a source begins."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    source = serializers.UUIDField(source="source.public_id", help_text="Id of the source.")  # type: ignore[assignment]  # a field of that name
    days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        max_length=7,
        help_text="Days on which it begins; 0 is Monday.",
    )
    problem = serializers.CharField(
        read_only=True, help_text="Why nobody knows when it is; empty when it is known."
    )

    class Meta:
        model = Blackout
        fields = ["id", "source", "name", "days", "begins", "ends", "time_zone", "problem"]
        read_only_fields = ["problem"]


@extend_schema_view(
    list=extend_schema(operation_id="blackouts_list", summary="List blackout windows"),
    destroy=extend_schema(operation_id="blackouts_delete", summary="Delete a blackout window"),
)
class BlackoutViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Blackout]):
    """Hours in which no discovery begins."""

    queryset = Blackout.objects.none()
    serializer_class = BlackoutSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Blackout]:
        """Windows that the caller may view."""
        return list_visible_blackouts(_user(self.request))

    @extend_schema(operation_id="blackouts_add", summary="Add a blackout window",
                   responses={201: BlackoutSerializer})  # fmt: skip
    def create(self, request: Request) -> Response:
        """Let no discovery of a source begin in these hours."""
        wanted = BlackoutSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        values = {"time_zone": "UTC", **wanted.validated_data}
        user = _user(request)
        source = get_source(user=user, public_id=values.pop("source")["public_id"])
        blackout = services.add_blackout(user=user, source=source, **values)
        return Response(BlackoutSerializer(blackout).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, public_id: Any = None) -> Response:
        """Let discoveries begin at any hour again."""
        blackout = self.get_queryset().filter(public_id=public_id).first()
        if blackout is None:
            raise NotThere
        services.delete_blackout(user=_user(request), blackout=blackout)
        return Response(status=status.HTTP_204_NO_CONTENT)


class FreshnessSerializer(serializers.ModelSerializer[Freshness]):
    """How old the knowledge of a source may grow."""

    class Meta:
        model = Freshness
        fields = ["hours", "missed_at"]
        read_only_fields = ["missed_at"]


class FreshnessObjective(APIView):
    """The freshness objective of a source."""

    def _source(self, public_id: uuid.UUID) -> DataSource:
        return get_source(user=_user(self.request), public_id=public_id)

    @extend_schema(operation_id="freshness_get", summary="Freshness objective of a source",
                   responses=FreshnessSerializer)  # fmt: skip
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """404 when there is none."""
        objective = find_freshness(self._source(public_id))
        if objective is None:
            raise NotThere("This source has no freshness objective.")
        return Response(FreshnessSerializer(objective).data)

    @extend_schema(operation_id="freshness_set", summary="Set the freshness objective",
                   request=FreshnessSerializer, responses=FreshnessSerializer)  # fmt: skip
    def put(self, request: Request, public_id: uuid.UUID) -> Response:
        """People are told once when it is missed, and once when it is met again."""
        wanted = FreshnessSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        objective = services.set_freshness(
            user=_user(request), source=self._source(public_id), **wanted.validated_data
        )
        return Response(FreshnessSerializer(objective).data)

    @extend_schema(operation_id="freshness_clear", summary="Take the freshness objective away",
                   responses={204: None})  # fmt: skip
    def delete(self, request: Request, public_id: uuid.UUID) -> Response:
        """No objective."""
        services.clear_freshness(user=_user(request), source=self._source(public_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class OrchestrationSerializer(serializers.ModelSerializer[Orchestration]):
    """Limits of the whole installation, and whether all schedules rest."""

    paused = serializers.BooleanField(required=False)

    class Meta:
        model = Orchestration
        fields = ["most_runs", "most_runs_per_agent", "paused"]

    def to_representation(self, instance: Orchestration) -> dict[str, Any]:
        """Whether, not since when."""
        limits = {name: getattr(instance, name) for name in ("most_runs", "most_runs_per_agent")}
        return {**limits, "paused": instance.paused_at is not None}


class OrchestrationView(APIView):
    """Limits of the whole installation."""

    @extend_schema(operation_id="orchestration_get", summary="Limits, and whether all is paused",
                   responses=OrchestrationSerializer)  # fmt: skip
    def get(self, request: Request) -> Response:
        """How many runs may go on at once, and whether schedules rest."""
        return Response(OrchestrationSerializer(load_orchestration()).data)

    @extend_schema(operation_id="orchestration_change", summary="Change limits, pause or resume",
                   request=OrchestrationSerializer(partial=True),
                   responses=OrchestrationSerializer)  # fmt: skip
    def patch(self, request: Request) -> Response:
        """Administrators alone."""
        wanted = OrchestrationSerializer(data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        values, user, row = dict(wanted.validated_data), _user(request), load_orchestration()
        paused = values.pop("paused", None)
        if paused is not None:
            (services.pause_all if paused else services.resume_all)(user=user)
        if values:
            names = ("most_runs", "most_runs_per_agent")
            kept = {name: getattr(row, name) for name in names}
            services.set_limits(user=user, **{**kept, **values})
        return Response(OrchestrationSerializer(load_orchestration()).data)
