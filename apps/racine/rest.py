"""Runs in the API: list, start, look, cancel, resume, retry, rerun, log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.datasources.selectors import get_source

from . import services
from .comparison_rest import CompareActions
from .error_codes import find_kind
from .filters import RunFilter
from .models import Run, RunEvent, RunQuerySet
from .quarantine import STAGE, VALIDATION, get_refused, get_set_aside, list_set_aside
from .run_log import list_from_level
from .selectors import get_run, list_visible_runs, load_live
from .timeline import describe_changes, list_changes
from .types import LogLevel, Trigger
from .undo_rest import UndoActions

if TYPE_CHECKING:
    from apps.rbac.models import User


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run as lists show it."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    number = serializers.IntegerField(source="pk", read_only=True)
    source = serializers.UUIDField(source="source.public_id", read_only=True)  # type: ignore[assignment]  # a declared field

    source_name = serializers.CharField(source="source.name", read_only=True)
    progress = serializers.IntegerField(source="shown_progress", read_only=True)
    started_by = serializers.SerializerMethodField()
    counts = serializers.SerializerMethodField()
    error_class = serializers.SerializerMethodField()
    balance = serializers.SerializerMethodField()
    troubles = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = [
            "id", "number", "source", "source_name", "state", "trigger", "started_by",
            "started_at", "finished_at", "seconds", "progress", "resumes", "undone_at",
            "counts", "balance", "troubles", "error_code", "error_class",
            "error_message", "error_hint",
        ]  # fmt: skip
        read_only_fields = fields

    def get_started_by(self, run: Run) -> str | None:
        """Name of the person."""
        return run.started_by.username if run.started_by else None

    def get_error_class(self, run: Run) -> str | None:
        """Whose matter the failure is: transient, permanent, source, agent or ours."""
        return find_kind(run.error_code).group.value if run.error_code else None

    def get_counts(self, run: Run) -> dict[str, int]:
        """Tables, columns, labels, findings and so on; empty until the run has ended."""
        counts: dict[str, int] = run.summary.get("counts", {})
        return counts

    def get_balance(self, run: Run) -> dict[str, Any] | None:
        """seen = stored + unchanged + filtered + failed."""
        balance: dict[str, Any] | None = run.summary.get("balance")
        return balance

    def get_troubles(self, run: Run) -> list[str]:
        """What went wrong, in words."""
        troubles: list[str] = run.summary.get("troubles", [])
        return troubles


class RunDetailSerializer(RunSerializer):
    """A run with its live picture."""

    live = serializers.SerializerMethodField()

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "live"]
        read_only_fields = fields

    def get_live(self, run: Run) -> dict[str, Any]:
        """What the live page shows: progress, stages, agent, counts."""
        return load_live(run, with_log=False)


class StartSerializer(serializers.Serializer[Any]):
    """Which source to discover."""

    source = serializers.UUIDField(help_text="Id of the source.")  # type: ignore[assignment]  # a field of that name


class RerunSerializer(serializers.Serializer[Any]):
    """Which stage is to work again."""

    stage = serializers.CharField(max_length=40, help_text="Its name, such as scan.")


class LogSerializer(serializers.ModelSerializer[RunEvent]):
    """A line of the log."""

    class Meta:
        model = RunEvent
        fields = ["id", "at", "level", "source", "message"]
        read_only_fields = fields


class MomentSerializer(serializers.Serializer[Any]):
    """One change of state."""

    at = serializers.DateTimeField()
    who = serializers.CharField(help_text="The run, its agent, or a stage on a batch.")
    before = serializers.CharField()
    after = serializers.CharField()
    fence = serializers.IntegerField(help_text="Rises with each claim.")


class SetAsideSerializer(serializers.Serializer[Any]):
    """A batch that was set aside, by one stage or by validation."""

    kind = serializers.ChoiceField(choices=[STAGE, VALIDATION])
    id = serializers.IntegerField(
        help_text="For set-aside/<id>/; of kind validation it is the batch's number, for refused/."
    )
    stage = serializers.CharField()
    batch = serializers.IntegerField(help_text="Number of the batch in its stream.")
    records = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Hash of the batch as it was sent.")
    code = serializers.CharField()
    message = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField(), help_text="In plain words.")
    next_step = serializers.CharField()
    can_requeue = serializers.BooleanField(help_text="False when what it says is not kept.")
    tables = serializers.ListField(child=serializers.CharField())
    more_tables = serializers.IntegerField(help_text="Tables beyond those that are named.")
    failures = serializers.IntegerField()
    losses = serializers.IntegerField(help_text="Workers that it has cost.")


@extend_schema_view(
    list=extend_schema(operation_id="runs_list", summary="List runs"),
    retrieve=extend_schema(operation_id="runs_get", summary="One run, with its live picture"),
)
class RunViewSet(
    CompareActions,
    UndoActions,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Run],
):
    """Discoveries of sources."""

    queryset = Run.objects.none()
    filterset_class = RunFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> RunQuerySet:
        """Runs that the caller may view."""
        return list_visible_runs(self._user())

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """Lists are brief."""
        if self.action == "create":
            return StartSerializer
        return RunSerializer if self.action == "list" else RunDetailSerializer

    def get_object(self) -> Run:
        """The run with all that its detail tells."""
        return get_run(user=self._user(), public_id=self.kwargs["public_id"])

    def _user(self) -> User:
        return cast("User", self.request.user)

    @extend_schema(
        operation_id="runs_start",
        summary="Start a discovery",
        request=StartSerializer,
        responses={201: RunDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        """Start a discovery of a source; 409 `source_busy` while one goes on."""
        wanted = StartSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        source = get_source(user=self._user(), public_id=wanted.validated_data["source"])
        run = services.start_run(source=source, user=self._user(), trigger=Trigger.API)
        return Response(self._describe(run.public_id), status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="runs_cancel", summary="Stop a run", request=None,
                   responses={202: RunDetailSerializer})  # fmt: skip
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, public_id: Any = None) -> Response:
        """Stop a run; what it has read is kept."""
        return self._act(services.cancel_run)

    @extend_schema(operation_id="runs_resume", summary="Resume a failed or cancelled run",
                   request=None,
                   responses={202: RunDetailSerializer})  # fmt: skip
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, public_id: Any = None) -> Response:
        """Go on where it stopped; asking again while it goes on changes nothing."""
        return self._act(services.resume_run)

    @extend_schema(operation_id="runs_retry", summary="Retry set-aside batches", request=None,
                   responses={202: RunDetailSerializer})  # fmt: skip
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, public_id: Any = None) -> Response:
        """Try batches again that stages set aside."""
        return self._act(services.retry_quarantined)

    @extend_schema(operation_id="runs_rerun_stage", summary="Rerun one stage",
                   request=RerunSerializer, responses={202: RunDetailSerializer})  # fmt: skip
    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, public_id: Any = None) -> Response:
        """Have one stage work on all stored batches again; its results are replaced."""
        wanted = RerunSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        return self._act(partial(services.rerun_stage, stage=wanted.validated_data["stage"]))

    @extend_schema(operation_id="runs_set_aside", summary="Batches that are set aside",
                   responses=SetAsideSerializer(many=True), filters=False)  # fmt: skip
    @action(detail=True, url_path="set-aside", filterset_class=None, pagination_class=None)
    def set_aside(self, request: Request, public_id: Any = None) -> Response:
        """What waits for a decision: one stage on one batch each, or one refused batch."""
        return Response(SetAsideSerializer(list_set_aside(self.get_object()), many=True).data)

    @extend_schema(operation_id="runs_requeue_batch", summary="Try one set-aside batch again",
                   request=None, responses={202: RunDetailSerializer})  # fmt: skip
    @action(detail=True, methods=["post"], url_path="set-aside/<int:work_id>/requeue")
    def requeue(self, request: Request, work_id: int, public_id: Any = None) -> Response:
        """Work on it once more."""
        return self._decide(work_id, services.requeue_stage)

    @extend_schema(operation_id="runs_discard_batch", summary="Do without one set-aside batch",
                   request=None, responses={202: RunDetailSerializer})  # fmt: skip
    @action(detail=True, methods=["post"], url_path="set-aside/<int:work_id>/discard")
    def discard(self, request: Request, work_id: int, public_id: Any = None) -> Response:
        """Do without this stage's results on this batch, for good."""
        return self._decide(work_id, services.discard_stage)

    @extend_schema(operation_id="runs_requeue_refused", summary="Try one refused batch again",
                   request=None, responses={202: RunDetailSerializer})  # fmt: skip
    @action(detail=True, methods=["post"], url_path="refused/<int:seq>/requeue")
    def requeue_refused(self, request: Request, seq: int, public_id: Any = None) -> Response:
        """Validate it again; 409 `content_gone` or `still_refused` when that can't help."""
        return self._decide_refused(seq, services.requeue_refused)

    @extend_schema(operation_id="runs_discard_refused", summary="Do without one refused batch",
                   request=None, responses={202: RunDetailSerializer})  # fmt: skip
    @action(detail=True, methods=["post"], url_path="refused/<int:seq>/discard")
    def discard_refused(self, request: Request, seq: int, public_id: Any = None) -> Response:
        """Do without what it says until the next discovery."""
        return self._decide_refused(seq, services.discard_refused)

    def _decide_refused(self, seq: int, act: Callable[..., Any]) -> Response:
        run = self.get_object()
        act(run=run, batch=get_refused(run, seq), user=self._user())
        return Response(self._describe(run.public_id), status=status.HTTP_202_ACCEPTED)

    def _decide(self, work_id: int, act: Callable[..., Any]) -> Response:
        run = self.get_object()
        act(work=get_set_aside(run, work_id), user=self._user())
        return Response(self._describe(run.public_id), status=status.HTTP_202_ACCEPTED)

    @extend_schema(operation_id="runs_log", summary="Log of a run",
                   parameters=[OpenApiParameter("level", str, enum=LogLevel.values,
                               description="This level and what is worse.")],
                   responses=LogSerializer(many=True), filters=False)  # fmt: skip
    @action(detail=True, filterset_class=None)
    def log(self, request: Request, public_id: Any = None) -> Response:
        """The run's log, oldest line first."""
        lines = list_from_level(self.get_object(), request.query_params.get("level", ""))
        page: Any = self.paginate_queryset(lines)  # type: ignore[arg-type]  # other rows than the view's own
        return self.get_paginated_response(LogSerializer(page, many=True).data)

    @extend_schema(operation_id="runs_timeline", summary="Timeline of a run",
                   responses=MomentSerializer(many=True), filters=False)  # fmt: skip
    @action(detail=True, filterset_class=None)
    def timeline(self, request: Request, public_id: Any = None) -> Response:
        """Changes of state out of the ordinary, oldest first, as the database wrote them down."""
        page: Any = self.paginate_queryset(list_changes(self.get_object()))  # type: ignore[arg-type]  # other rows than the view's own
        return self.get_paginated_response(MomentSerializer(describe_changes(page), many=True).data)

    def _act(self, act: Callable[..., Any]) -> Response:
        run = self.get_object()
        act(run=run, user=self._user())
        return Response(self._describe(run.public_id), status=status.HTTP_202_ACCEPTED)

    def _describe(self, public_id: Any) -> Any:
        return RunDetailSerializer(get_run(user=self._user(), public_id=public_id)).data
