"""Measurements of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from apps.datasources.selectors import list_visible_sources

if TYPE_CHECKING:
    from apps.rbac.models import User


class RunRecordQuerySet(models.QuerySet["RunRecord"]):
    """Reads of measured runs."""

    def visible_to(self, user: User) -> RunRecordQuerySet:
        """Runs of sources that the person may view."""
        return self.filter(source__in=list_visible_sources(user).values("pk"))


class RunRecord(models.Model):
    """One run as measured: kept when the run itself is long gone."""

    run_id = models.UUIDField(unique=True)
    number = models.BigIntegerField()
    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="run_records"
    )
    state = models.CharField(max_length=24)
    trigger = models.CharField(max_length=12)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)
    duration_seconds = models.FloatField(null=True)
    counts = models.JSONField(default=dict)
    timings = models.JSONField(default=dict)
    retries = models.PositiveIntegerField(default=0)

    objects = RunRecordQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"run {self.number}: {self.state}"
