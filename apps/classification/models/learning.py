"""What was tried to learn from decisions, how it did, and whether it came into force."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.classification.types import OPEN_REPLAY_STATES, LearningOutcome, ReplayState
from datawave.common.models import PublicModel


class Learning(PublicModel):
    """One attempt to learn from what people decided."""

    state = models.CharField(
        max_length=10, choices=ReplayState.choices, default=ReplayState.WAITING
    )
    outcome = models.CharField(max_length=12, choices=LearningOutcome.choices, blank=True)
    # Null where enough decisions had come together.
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # The newest decision that it saw.
    last_decision = models.BigIntegerField(default=0)
    decisions = models.PositiveIntegerField(default=0)
    tables = models.PositiveIntegerField(default=0)
    # On decisions that were held back: see classification/learning.py.
    right_before = models.PositiveIntegerField(default=0)
    right_after = models.PositiveIntegerField(default=0)
    wrong_before = models.PositiveIntegerField(default=0)
    wrong_after = models.PositiveIntegerField(default=0)
    # Type -> [decisions, right before, right after].
    types = models.JSONField(default=dict)
    model = models.ForeignKey(
        "StoredModel", null=True, on_delete=models.SET_NULL, related_name="learnings"
    )
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(state__in=[state.value for state in OPEN_REPLAY_STATES]),
                name="one_open_learning",
            )
        ]

    def __str__(self) -> str:
        return f"learning from {self.decisions} decisions"

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.state in OPEN_REPLAY_STATES
