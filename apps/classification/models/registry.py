"""Stored versions of the judge, which of them is in force, and what changing that would change."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.classification.types import (
    OPEN_REPLAY_STATES,
    ModelKind,
    ReplayKind,
    ReplayState,
    Sensitivity,
)
from datawave.common.models import PublicModel

_USER = settings.AUTH_USER_MODEL


class ModelFile(models.Model):
    """The bytes of a version: arrays, and JSON beside them. Hosts keep a copy on their disk."""

    sha256 = models.CharField(max_length=64, unique=True)
    arrays = models.BinaryField()
    described = models.BinaryField()

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def size(self) -> int:
        """Bytes of both parts."""
        return len(self.arrays) + len(self.described)


class StoredModel(PublicModel):
    """A version of the judge: one that was trained, or what decisions taught on top of one."""

    version = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=10, choices=ModelKind.choices)
    file = models.ForeignKey(ModelFile, on_delete=models.PROTECT, related_name="+")
    # The trained version below what decisions taught.
    base = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    size = models.PositiveIntegerField(default=0)
    # What was measured when it was made; see docs/classification.md.
    figures = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)
    made_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    active = models.BooleanField(default=False)
    # Why its file could not be used, when that was last tried.
    refusal = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["active"], condition=Q(active=True), name="one_active_model"
            )
        ]

    def __str__(self) -> str:
        return self.version


class Activation(PublicModel):
    """One change of the judge that is in force."""

    model = models.ForeignKey(StoredModel, on_delete=models.CASCADE, related_name="activations")
    previous = models.ForeignKey(
        StoredModel, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Null where it was promoted because it did better on decisions.
    user = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    is_rollback = models.BooleanField(default=False)
    # What it was known to change.
    preview = models.ForeignKey("Replay", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.model} after {self.previous}"


class Replay(PublicModel):
    """Judging everything anew from stored profiles: to see what would change, or to change it."""

    model = models.ForeignKey(StoredModel, on_delete=models.CASCADE, related_name="replays")
    kind = models.CharField(max_length=8, choices=ReplayKind.choices)
    state = models.CharField(
        max_length=10, choices=ReplayState.choices, default=ReplayState.WAITING, db_index=True
    )
    started_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    # Activate the model when the preview is done, unless it changes too much.
    then_activate = models.BooleanField(default=False)
    # The judge that was in force, with which it was compared.
    compared_with = models.CharField(max_length=40, blank=True)
    tables = models.PositiveIntegerField(default=0)
    tables_done = models.PositiveIntegerField(default=0)
    columns = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    contradicted = models.PositiveIntegerField(default=0)
    # The last dataset that was judged; work goes on after it.
    cursor = models.BigIntegerField(default=0)
    # Rises with each worker that takes it up; an older one writes nothing more.
    epoch = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.model}"

    @property
    def share_done(self) -> float:
        """Percent of the tables."""
        return 100.0 * self.tables_done / self.tables if self.tables else 100.0

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.state in OPEN_REPLAY_STATES


class ReplayChange(models.Model):
    """A label that would say something else."""

    replay = models.ForeignKey(Replay, on_delete=models.CASCADE, related_name="changes")
    label = models.ForeignKey("Label", on_delete=models.CASCADE, related_name="+")
    # Whether a person decided on it: then the label stays, and only the machine's view changes.
    decided = models.BooleanField(default=False)
    type_before = models.CharField(max_length=64, blank=True)
    type_after = models.CharField(max_length=64, blank=True)
    confidence_before = models.FloatField(default=0)
    confidence_after = models.FloatField(default=0)
    sensitivity_before = models.CharField(max_length=16, choices=Sensitivity.choices)
    sensitivity_after = models.CharField(max_length=16, choices=Sensitivity.choices)
    personal_before = models.BooleanField(default=False)
    personal_after = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.type_before or 'unknown'} to {self.type_after or 'unknown'}"
