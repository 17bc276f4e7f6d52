"""Severities, and the life of a finding."""

from __future__ import annotations

from django.db.models import TextChoices


class Severity(TextChoices):
    """How bad a broken rule is."""

    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


SEVERITY_RANK: dict[str, int] = {level.value: rank for rank, level in enumerate(Severity)}


class FindingState(TextChoices):
    """Life of a finding; only a later check may set it fixed."""

    # The label it rests on is not sure enough: a person should look.
    REVIEW = "review", "To review"
    OPEN = "open", "Open"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    FALSE_POSITIVE = "false_positive", "False positive"
    FIXED = "fixed", "Fixed"


ACTIVE_STATES = (FindingState.REVIEW, FindingState.OPEN, FindingState.ACKNOWLEDGED)
# What a person may set a finding to.
DECISIONS = (
    FindingState.ACKNOWLEDGED.value,
    FindingState.FALSE_POSITIVE.value,
    FindingState.OPEN.value,
)
