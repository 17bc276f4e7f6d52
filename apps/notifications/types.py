"""Kinds and channels of what people are told."""

from __future__ import annotations

from django.db.models import TextChoices


class NoticeLevel(TextChoices):
    """How urgent a notice is."""

    INFO = "info", "Information"
    SUCCESS = "success", "Good news"
    WARNING = "warning", "Warning"
    ERROR = "error", "Problem"


class DeliveryState(TextChoices):
    """Life of an e-mail in the outbox."""

    PENDING = "pending", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    DEAD = "dead", "Given up"
