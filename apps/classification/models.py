"""Labels: what columns mean, how sure that is, and what people decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from apps.datasources.selectors import list_visible_sources
from datawave.common.models import PublicModel

from .types import DecisionKind, LabelState, Sensitivity

if TYPE_CHECKING:
    from apps.rbac.models import User


class LabelQuerySet(models.QuerySet["Label"]):
    """Reads of labels."""

    def visible_to(self, user: User) -> LabelQuerySet:
        """Labels of sources that the person may view."""
        return self.filter(field__dataset__source__in=list_visible_sources(user).values("pk"))


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
    # A list of reasons, each with `for` (bool), `weight` and `text`; none holds a value.
    evidence = models.JSONField(default=list)
    model_version = models.CharField(max_length=40, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    judged_at = models.DateTimeField()

    objects = LabelQuerySet.as_manager()

    class Meta:
        ordering = ["field__dataset_id", "field__ordinal"]

    def __str__(self) -> str:
        return f"{self.semantic_type or 'unknown'} ({self.confidence:.0%})"


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

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} by {self.user}"
