"""What starts discoveries by itself, when none may start, and how old knowledge may grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from django.conf import settings
from django.db import models

from apps.datasources.selectors import list_visible_sources
from apps.racine.timing import Window, knows_zone
from apps.racine.types import FireState, Priority, ScheduleKind
from datawave.common.models import PublicModel

if TYPE_CHECKING:
    from apps.rbac.models import User

RowT = TypeVar("RowT", bound=models.Model)


class OfSourceQuerySet(models.QuerySet[RowT]):
    """Reads of rows that belong to a source."""

    def visible_to(self, user: User) -> OfSourceQuerySet[RowT]:
        """Rows of sources that the person may view."""
        return self.filter(source__in=list_visible_sources(user).values("pk"))


class Orchestration(models.Model):
    """The one row of what holds for the whole installation; its lock puts starts in a queue."""

    # How many runs may go on at once, in all and per agent.
    most_runs = models.PositiveSmallIntegerField(default=8)
    most_runs_per_agent = models.PositiveSmallIntegerField(default=1)
    paused_at = models.DateTimeField(null=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # When all that holds up runs was last looked for, without a fault.
    swept_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_orchestration"),
        ]

    def __str__(self) -> str:
        return "Orchestration"


class Schedule(PublicModel):
    """A reason to discover a source by itself: a time, or something that happens."""

    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="schedules"
    )
    kind = models.CharField(max_length=12, choices=ScheduleKind.choices)
    cron = models.CharField(max_length=100, blank=True)
    every_minutes = models.PositiveIntegerField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    # How long a source must have been quiet after a change was announced.
    debounce_seconds = models.PositiveIntegerField(default=60)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    paused_at = models.DateTimeField(null=True)
    # None while it waits for something to happen.
    next_due_at = models.DateTimeField(null=True, db_index=True)
    # When the first of the changes that were announced and not yet read came.
    changed_since = models.DateTimeField(null=True)
    # Whether the agent was away when it was last looked for.
    agent_away = models.BooleanField(default=False)
    # Of the secret that a pipeline shows when it announces a change.
    token_hash = models.CharField(max_length=64, blank=True)

    objects = OfSourceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["source__name", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind__in=ScheduleKind.values), name="schedule_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.source}"


class ScheduleFire(models.Model):
    """One time that a schedule was due. Two beats that see it make one row."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="fires")
    due_at = models.DateTimeField()
    at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=FireState.choices)
    run = models.ForeignKey("racine.Run", null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["-due_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["schedule", "due_at"], name="one_fire_per_time"),
            models.CheckConstraint(
                condition=models.Q(state__in=FireState.values), name="fire_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule} at {self.due_at:%Y-%m-%d %H:%M}: {self.state}"


class Blackout(PublicModel):
    """Hours of the week in which no discovery of a source begins."""

    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="blackouts"
    )
    name = models.CharField(max_length=60)
    # 0 is Monday; the day on which the window begins.
    days = models.JSONField(default=list)
    begins = models.TimeField()
    ends = models.TimeField()
    time_zone = models.CharField(max_length=64, default="UTC")

    objects = OfSourceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["source_id", "begins", "id"]

    def __str__(self) -> str:
        return f"{self.name} of {self.source}"

    @property
    def window(self) -> Window:
        """The hours, to reckon with."""
        return Window(
            days=frozenset(self.days), begins=self.begins, ends=self.ends, time_zone=self.time_zone
        )

    @property
    def problem(self) -> str:
        """Why nobody knows when it is, and what to do; empty when it is known."""
        if knows_zone(self.time_zone):
            return ""
        return (
            f"This server does not know the time zone “{self.time_zone}”, so the source is left "
            "alone all the time. Delete the window and add it again with another time zone."
        )


class Freshness(PublicModel):
    """How old the knowledge of a source may grow before its people are told."""

    source = models.OneToOneField(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="freshness"
    )
    hours = models.PositiveIntegerField()
    # Since when it is missed; people are told once, and again when it is met.
    missed_at = models.DateTimeField(null=True)

    objects = OfSourceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "freshness objectives"

    def __str__(self) -> str:
        return f"{self.source}: not older than {self.hours} hours"
