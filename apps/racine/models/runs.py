"""Runs, their stage runs, and the history of what happened."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.datasources.selectors import list_visible_sources
from apps.racine.types import (
    ACTIVE_RUN_STATES,
    ChangeOf,
    LogLevel,
    Priority,
    RunState,
    StageState,
    Trigger,
    UndoState,
)
from datawave.common.models import PublicModel

if TYPE_CHECKING:
    from apps.rbac.models import User


class RunQuerySet(models.QuerySet["Run"]):
    """Reads of runs."""

    def visible_to(self, user: User) -> RunQuerySet:
        """Runs of sources that the person may view."""
        return self.filter(source__in=list_visible_sources(user).values("pk"))

    def active(self) -> RunQuerySet:
        """Runs that are not over."""
        return self.filter(state__in=ACTIVE_RUN_STATES)


class Run(PublicModel):
    """One discovery of one source, from the press of the button to the notice.

    Its number, shown to people, is its primary key.
    """

    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="runs"
    )
    job = models.OneToOneField(
        "discovery.DiscoveryJob", on_delete=models.RESTRICT, related_name="run"
    )
    state = models.CharField(max_length=24, choices=RunState.choices, default=RunState.WAITING)
    trigger = models.CharField(max_length=12, choices=Trigger.choices)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    # Since when no agent has it; the sweeper gives up after a while.
    waiting_since = models.DateTimeField(null=True)
    waiting_told_at = models.DateTimeField(null=True)
    reading_since = models.DateTimeField(null=True)
    settling_since = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    # Times that it was taken up again after a failure.
    resumes = models.PositiveIntegerField(default=0)
    # How long it was over, in all, before it was taken up again.
    rested_seconds = models.FloatField(default=0)
    # Settling is claimed like a stage run: the holder of the highest fence may write.
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    # Names of stages that have settled.
    settled = models.JSONField(default=list)
    # Failures of settling, and leases of settling lost to crashes.
    failures = models.PositiveIntegerField(default=0)
    losses = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    # When live pages were last told of its progress, and whether there is more to tell.
    told_at = models.DateTimeField(null=True)
    untold = models.BooleanField(default=False)
    # Percentage as it was told.
    progress = models.PositiveSmallIntegerField(default=0)
    # Counters and balance of the finished run; see summary.build_summary.
    summary = models.JSONField(default=dict)
    # The schedule that started it, and what it waits for before an agent may have it.
    schedule = models.ForeignKey(
        "racine.Schedule", null=True, on_delete=models.SET_NULL, related_name="runs"
    )
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    held = models.BooleanField(default=False)
    waits_for = models.CharField(max_length=300, blank=True)
    # What the server's facts were before, and when all that it brought was taken back.
    facts_before = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    error_hint = models.CharField(max_length=500, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"],
                condition=models.Q(state__in=[state.value for state in ACTIVE_RUN_STATES]),
                name="one_active_run_per_source",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=RunState.values), name="run_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Discovery #{self.pk}"

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it goes on."""
        if self.finished_at is None:
            return None
        return round(self.measure_until(self.finished_at), 1)

    def measure_until(self, moment: dt.datetime) -> float:
        """Seconds since it was started, without those in which it was over."""
        return max(0.0, (moment - self.started_at).total_seconds() - self.rested_seconds)

    @property
    def shown_progress(self) -> int:
        """Percentage: what was told last while it goes on, all of it once it has finished."""
        finished = self.state in (RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS)
        return 100 if finished else self.progress

    @property
    def is_active(self) -> bool:
        """Whether it is not over."""
        return self.state in ACTIVE_RUN_STATES


class Undo(models.Model):
    """Taking a run back: a piece of work that outlives the process that began it."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="undo")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=UndoState.choices, default=UndoState.OPEN)
    # Names of steps that are done, and the tables that the stages are to work on again.
    done = models.JSONField(default=list)
    tables = models.JSONField(default=list)
    # Datasets, by id, that the run had brought back, with the state that they go back to.
    gone = models.JSONField(default=dict)
    # What went and changed, as the page listed it before.
    counts = models.JSONField(default=dict)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=UndoState.values), name="undo_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"taking back {self.run_id}"


class StageRun(models.Model):
    """One stage on one batch: the unit of retry."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="stage_runs")
    batch = models.ForeignKey("discovery.Batch", on_delete=models.CASCADE, related_name="+")
    stage = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=StageState.choices, default=StageState.READY)
    # Rises with each claim; a write with an older fence is refused.
    fence = models.PositiveIntegerField(default=0)
    owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    # Failures count towards quarantine; leases lost to crashes do not.
    failures = models.PositiveIntegerField(default=0)
    losses = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    counters = models.JSONField(default=dict)
    # Works on every table, also on those whose results from earlier runs would still stand.
    afresh = models.BooleanField(default=False)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # When workers were last told of it by the sweeper, which must not tell them over and over.
    hinted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "stage"], name="one_stage_run_each"),
            models.CheckConstraint(
                condition=models.Q(state__in=StageState.values), name="stage_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["run", "state"], name="stage_run_state"),
            # Sweepers look for the few that are open among all that ever were.
            models.Index(fields=["state"], name="stage_state"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} on batch {self.batch_id}: {self.state}"


class StateChange(models.Model):
    """One change of the state of a run, its job or a stage run, written by the database itself.

    It can neither be changed nor, while its run is there, deleted; see guards.py.
    """

    at = models.DateTimeField()
    # No foreign key: the database drops the rows of a run that is deleted.
    run_id = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=8, choices=ChangeOf.choices)
    row_id = models.BigIntegerField()
    before = models.CharField(max_length=24)
    after = models.CharField(max_length=24)
    # Of a stage run and of settling, or the epoch of a job.
    fence = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.row_id}: {self.before} to {self.after}"


class RunEvent(models.Model):
    """Append-only history of a run: its timeline and its log."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    level = models.CharField(max_length=8, choices=LogLevel.choices, default=LogLevel.INFO)
    # "run", "agent", or the name of a stage.
    source = models.CharField(max_length=40)
    message = models.CharField(max_length=500)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.message
