"""Incidents: one kind of failure of one source, from its first run until a run without it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from datawave.common.models import PublicModel

from .schedules import OfSourceQuerySet


class Incident(PublicModel):
    """Told once when it opens and once when it clears, however many runs fail in between."""

    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="incidents"
    )
    code = models.CharField(max_length=64)
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    # Runs that failed so.
    runs = models.PositiveIntegerField(default=1)
    last_run = models.ForeignKey(
        "racine.Run", null=True, on_delete=models.SET_NULL, related_name="incidents"
    )
    cleared_at = models.DateTimeField(null=True)

    objects = OfSourceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-opened_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "code"],
                condition=models.Q(cleared_at=None),
                name="one_open_incident_per_code",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.source}"
