"""Reads of events, notices and the outbox."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from datawave.common.errors import NotThere

from .models import Delivery, Event, Notice
from .types import DeliveryState

if TYPE_CHECKING:
    from apps.rbac.models import User

BELL_NOTICES = 8


def list_notices(user: User) -> QuerySet[Notice]:
    """The person's inbox, newest first."""
    return Notice.objects.filter(user=user)


def get_notice(*, user: User, public_id: uuid.UUID) -> Notice:
    """One notice of the person. Raises NotThere."""
    notice = list_notices(user).filter(public_id=public_id).first()
    if notice is None:
        raise NotThere
    return notice


def count_unread(user: User) -> int:
    """How many notices the person has not read."""
    return list_notices(user).filter(read_at=None).count()


def load_inbox(user: User) -> dict[str, Any]:
    """Snapshot of the topic "inbox"."""
    newest = list_notices(user)[:BELL_NOTICES]
    return {"unread": count_unread(user), "notices": [describe_notice(n) for n in newest]}


def describe_notice(notice: Notice) -> dict[str, Any]:
    """A notice as live pages get it."""
    return {
        "id": str(notice.public_id),
        "kind": notice.kind,
        "level": notice.level,
        "title": notice.title,
        "url": notice.url,
        "at": notice.created_at.isoformat(),
        "read": notice.read_at is not None,
    }


def find_last_event_id(topic: str = "") -> int:
    """Id of the newest event, of one topic or of all; 0 when there is none."""
    events = Event.objects.filter(topic=topic) if topic else Event.objects.all()
    return events.aggregate(last=Max("id"))["last"] or 0


def list_events_after(*, topic: str, after: int) -> QuerySet[Event]:
    """Events of one topic that came after an id, oldest first."""
    return Event.objects.filter(topic=topic, id__gt=after).order_by("id")


def list_due_deliveries() -> QuerySet[Delivery]:
    """E-mails whose time has come, and those whose sender died."""
    now = timezone.now()
    waiting = Q(state=DeliveryState.PENDING, not_before__lte=now)
    lost = Q(state=DeliveryState.SENDING, lease_until__lt=now)
    return Delivery.objects.filter(waiting | lost)


def list_fresh_event_ids(*, after: int, look_back: int, since: dt.datetime) -> list[int]:
    """Higher ids, and those of recent events among the ids just below.

    On PostgreSQL a transaction may commit an id after a higher one has been read.
    """
    late = Q(id__gt=after - look_back, at__gt=since)
    fresh = Event.objects.filter(Q(id__gt=after) | late)
    return list(fresh.order_by("id").values_list("id", flat=True))


def list_events(event_ids: list[int]) -> QuerySet[Event]:
    """Some events, oldest first."""
    return Event.objects.filter(id__in=event_ids).order_by("id")
