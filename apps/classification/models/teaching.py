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


class OwnRecogniserQuerySet(models.QuerySet["OwnRecogniser"]):
    """Reads of recognisers."""

    def in_force(self) -> OwnRecogniserQuerySet:
        """Those that count now."""
        return self.filter(retired_at=None, own_type__retired_at=None).order_by("pk")


class OwnRecogniser(PublicModel):
    """A version of what an own type looks like; never changed. Its texts may be secret."""

    own_type = models.ForeignKey(OwnType, on_delete=models.CASCADE, related_name="recognisers")
    version = models.PositiveIntegerField()
    patterns = models.JSONField(default=list)
    words = models.JSONField(default=list)
    # Patterns of columns' names.
    names = models.JSONField(default=list)
    word_count = models.PositiveIntegerField(default=0)
    # Whether it has patterns or words, so that agents look for it.
    has_values = models.BooleanField(default=False)
    # Share of a column's values that must fit.
    least = models.FloatField()
    made_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    retired_at = models.DateTimeField(null=True)

    objects = OwnRecogniserQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["own_type", "version"], name="one_recogniser_version"),
            models.UniqueConstraint(
                fields=["own_type"],
                condition=models.Q(retired_at=None),
                name="one_recogniser_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.own_type} v{self.version}"


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


class TypeThreshold(models.Model):
    """A word on a type's least confidence; the newest on each type counts, and none is changed."""

    semantic_type = models.CharField(max_length=64)
    # Null where the type follows what is learnt again.
    least = models.FloatField(null=True)
    set_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["semantic_type", "-id"], name="newest_threshold")]

    def __str__(self) -> str:
        return f"{self.semantic_type}: {self.least}"


class TypeRating(models.Model):
    """The sensitivity that this installation gives a shipped type."""

    semantic_type = models.CharField(max_length=64, unique=True)
    sensitivity = models.CharField(max_length=16, choices=Sensitivity.choices)
    rated_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.semantic_type}: {self.sensitivity}"
