"""Events for live pages, notices for people, and the e-mail outbox."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from datawave.common.models import PublicModel

from .types import DeliveryState, NoticeLevel


class Event(models.Model):
    """Something that live pages show; ids rise, so a page can ask for what it missed."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    # "run:<uuid>", "inbox:<user id>" or "overview".
    topic = models.CharField(max_length=100)
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["topic", "id"], name="event_topic_id")]

    def __str__(self) -> str:
        return f"{self.topic} {self.kind} #{self.pk}"


class Notice(PublicModel):
    """Something told to one person, in the inbox and perhaps by e-mail."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    level = models.CharField(max_length=10, choices=NoticeLevel.choices)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    # Path of the page that shows the matter.
    url = models.CharField(max_length=500, blank=True)
    # One notice per person and key, however often the event is told.
    dedupe_key = models.CharField(max_length=200)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "dedupe_key"], name="one_notice_each")
        ]
        indexes = [models.Index(fields=["user", "read_at"], name="notice_user_read")]

    def __str__(self) -> str:
        return self.title

    @property
    def unread(self) -> bool:
        """Whether its person has not opened it."""
        return self.read_at is None


class Delivery(models.Model):
    """An e-mail to be sent: the outbox, with retries."""

    notice = models.OneToOneField(Notice, on_delete=models.CASCADE, related_name="delivery")
    address = models.EmailField()
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING
    )
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # A code such as "refused"; never the server's own text, which may hold addresses.
    error_code = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["state", "not_before"], name="delivery_due")]

    def __str__(self) -> str:
        return f"{self.notice} ({self.state})"
