"""Types of the installation's own, what was taught about columns, and ratings of shipped types."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.classification.types import LessonKind, Sensitivity
from datawave.common.models import PublicModel

_USER = settings.AUTH_USER_MODEL


class OwnType(PublicModel):
    """A meaning that only this installation knows. Its name never changes; labels point at it."""

    name = models.CharField(max_length=64, unique=True)
    title = models.CharField(max_length=80, unique=True)
    description = models.CharField(max_length=300, blank=True)
    sensitivity = models.CharField(max_length=16, choices=Sensitivity.choices)
    personal = models.BooleanField(default=False)
    made_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    # Not suggested any more; labels keep it.
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class Lesson(PublicModel):
    """What was taught by showing columns: such columns are of a type, or never are."""

    kind = models.CharField(max_length=6, choices=LessonKind.choices)
    semantic_type = models.CharField(max_length=64)
    # Likenesses of the columns that were shown, in hexadecimal.
    examples = models.JSONField(default=list)
    # How near a column must be to one of them.
    radius = models.FloatField()
    note = models.CharField(max_length=300, blank=True)
    made_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.semantic_type}"


class TypeRating(models.Model):
    """The sensitivity that this installation gives a shipped type."""

    semantic_type = models.CharField(max_length=64, unique=True)
    sensitivity = models.CharField(max_length=16, choices=Sensitivity.choices)
    rated_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.semantic_type}: {self.sensitivity}"
