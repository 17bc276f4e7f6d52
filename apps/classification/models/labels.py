"""Labels: what columns mean, how sure that is, and what people decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from apps.classification.types import DecisionKind, LabelState, Sensitivity
from apps.datasources.selectors import list_visible_sources
from datawave.common.models import PublicModel

if TYPE_CHECKING:
    from apps.rbac.models import User


class LabelQuerySet(models.QuerySet["Label"]):
    """Reads of labels."""

    def visible_to(self, user: User) -> LabelQuerySet:
        """Labels of sources that the person may view."""
        return self.filter(field__dataset__source__in=list_visible_sources(user).values("pk"))


class AlikeGroup(models.Model):
    """Columns of the same words and type with nearly the same profile: one decision fits all."""

    block = models.CharField(max_length=24, db_index=True)
    # Likeness of the column that founded the group.
    centre = models.BinaryField(max_length=64)

    def __str__(self) -> str:
        return f"group {self.pk}"


class Label(PublicModel):
    """A field's semantic type: the machine's verdict, and a person's where there is one."""

    field = models.OneToOneField("discovery.Field", on_delete=models.CASCADE, related_name="label")
    # Name in classification/taxonomy.py; empty where the machine abstains.
    semantic_type = models.CharField(max_length=64, blank=True, db_index=True)
    sensitivity = models.CharField(
        max_length=16, choices=Sensitivity.choices, default=Sensitivity.INTERNAL, db_index=True
    )
    # Whether the field holds data about a person.
    personal = models.BooleanField(default=False)
    confidence = models.FloatField(default=0)
    state = models.CharField(
        max_length=12, choices=LabelState.choices, default=LabelState.SUGGESTED, db_index=True
    )
    # The machine's own verdict, kept when a person decides otherwise.
    machine_type = models.CharField(max_length=64, blank=True)
    machine_confidence = models.FloatField(default=0)
    # What the machine would have named, were it sure enough; empty where it named something.
    unsure_of = models.CharField(max_length=64, blank=True, db_index=True)
    # A list of reasons, each with `for` (bool), `weight` and `text`; none holds a value.
    evidence = models.JSONField(default=list)
    model_version = models.CharField(max_length=40, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    judged_at = models.DateTimeField()
    # See classification/likeness.py; null until the column is judged by code that knows it.
    likeness = models.BinaryField(max_length=64, null=True)
    group = models.ForeignKey(
        AlikeGroup, null=True, on_delete=models.SET_NULL, related_name="labels"
    )
    # Ids of labels that people decided on and whose columns are near, each with its distance.
    nearest = models.JSONField(default=list)
    # What the machine said when a person last decided: only news contradict a person.
    answered_type = models.CharField(max_length=64, blank=True)
    answered_confidence = models.FloatField(default=0)
    conflict = models.BooleanField(default=False, db_index=True)

    objects = LabelQuerySet.as_manager()

    class Meta:
        ordering = ["field__dataset_id", "field__ordinal"]

    def __str__(self) -> str:
        return f"{self.semantic_type or 'unknown'} ({self.confidence:.0%})"


class PastVerdict(models.Model):
    """A verdict of the machine that differed from the one before; the newest is the present one."""

    field = models.ForeignKey(
        "discovery.Field", on_delete=models.CASCADE, related_name="past_verdicts"
    )
    # The run's job that brought it; null where stored profiles were judged anew.
    job = models.ForeignKey(
        "discovery.DiscoveryJob", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    semantic_type = models.CharField(max_length=64, blank=True)
    sensitivity = models.CharField(max_length=16, choices=Sensitivity.choices)
    personal = models.BooleanField(default=False)
    confidence = models.FloatField(default=0)
    evidence = models.JSONField(default=list)
    model_version = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.semantic_type or 'unknown'} by {self.model_version}"


class LabelDecision(PublicModel):
    """One decision of a person, with what stood before, so that it can be undone."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="decisions")
    kind = models.CharField(max_length=10, choices=DecisionKind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    type_before = models.CharField(max_length=64, blank=True)
    type_after = models.CharField(max_length=64, blank=True)
    state_before = models.CharField(max_length=12)
    # What else the label said before, so that undoing restores it.
    before = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    # Shared by decisions that were taken at once, and that are undone at once.
    together = models.UUIDField(null=True, db_index=True)
    # What the machine said at that time, and by which version: how well it agrees with people.
    machine_type = models.CharField(max_length=64, blank=True)
    machine_confidence = models.FloatField(default=0)
    model_version = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} by {self.user}"
