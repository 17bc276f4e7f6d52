"""Publishes events for live pages, tells people, and keeps the e-mail outbox moving."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from .models import Delivery, Event, Notice
from .outbox import GIVE_UP_AFTER, Refused, Undelivered, send_notice, wait_before
from .selectors import describe_notice, list_due_deliveries, list_notices
from .signals import deliveries_due, events_published
from .types import DeliveryState

if TYPE_CHECKING:
    from apps.rbac.models import User

# Longer than a mail server may take to answer, so that no second sender starts meanwhile.
LEASE = dt.timedelta(minutes=2)
SWEEP_LIMIT = 200


def publish_event(*, topic: str, kind: str, data: dict[str, Any]) -> Event:
    """Tell live pages, when the surrounding transaction commits."""
    (event,) = publish_events(topic=topic, kind=kind, data=[data])
    return event


def publish_events(*, topic: str, kind: str, data: Iterable[dict[str, Any]]) -> list[Event]:
    """Tell live pages several things of one kind, in this order."""
    events = Event.objects.bulk_create(Event(topic=topic, kind=kind, data=each) for each in data)
    transaction.on_commit(partial(_announce_events, [event.pk for event in events]))
    return events


def _announce_events(event_ids: list[int]) -> None:
    events_published.send_robust(sender=Event, event_ids=event_ids)


@transaction.atomic
def notify(
    *,
    users: Iterable[User],
    kind: str,
    level: str,
    title: str,
    body: str,
    url: str,
    dedupe_key: str,
    email: bool = True,
) -> list[Notice]:
    """Tell each person once per key, however often this is called; returns what was new."""
    text = {"kind": kind, "level": level, "title": _plain(title)[:200], "body": _plain(body)}
    people = {user.pk: user for user in users if user.is_active}
    drafts = [
        Notice(user=user, dedupe_key=dedupe_key[:200], url=_own(url), **text)
        for user in people.values()
    ]
    Notice.objects.bulk_create(drafts, ignore_conflicts=True)
    # Only rows that were not there before bear the ids that were just drawn.
    new = list(Notice.objects.filter(public_id__in=[draft.public_id for draft in drafts]))
    for notice in new:
        topic = f"inbox:{notice.user_id}"
        publish_event(topic=topic, kind="notice", data=describe_notice(notice))
    if email:
        _put_in_outbox([(notice, people[notice.user_id].email) for notice in new])
    return new


def _plain(text: str) -> str:
    """PostgreSQL stores no NUL, which a hostile name may hold."""
    return text.replace("\x00", "")


def _own(url: str) -> str:
    """Only a path of this installation may become a link in someone's mail."""
    return url if url.startswith("/") and not url.startswith(("//", "/\\")) else ""


def _put_in_outbox(notices: list[tuple[Notice, str]]) -> None:
    now = timezone.now()
    rows = [
        Delivery(notice=notice, address=address, not_before=now)
        for notice, address in notices
        if address
    ]
    made = Delivery.objects.bulk_create(rows)
    if made:
        transaction.on_commit(partial(_announce_deliveries, [row.pk for row in made]))


def _announce_deliveries(delivery_ids: list[int]) -> None:
    deliveries_due.send_robust(sender=Delivery, delivery_ids=delivery_ids)


def deliver(*, delivery_id: int) -> None:
    """Send one e-mail, unless another worker does or its time has not come."""
    lease = timezone.now() + LEASE
    due = list_due_deliveries().filter(pk=delivery_id)
    claim = {"state": DeliveryState.SENDING, "lease_until": lease, "attempts": F("attempts") + 1}
    if due.update(**claim) != 1:
        return
    delivery = Delivery.objects.select_related("notice__user").get(pk=delivery_id)
    try:
        send_notice(delivery)
    except Refused as fact:
        _close(delivery, lease, DeliveryState.DEAD, error_code=fact.code)
    except Undelivered as fact:
        _put_back(delivery, lease, fact.code)
    else:
        sent = {"sent_at": timezone.now(), "error_code": ""}
        _close(delivery, lease, DeliveryState.SENT, **sent)


def _put_back(delivery: Delivery, lease: dt.datetime, code: str) -> None:
    if delivery.attempts >= GIVE_UP_AFTER:
        _close(delivery, lease, DeliveryState.DEAD, error_code=code)
        return
    not_before = timezone.now() + wait_before(delivery.attempts)
    _close(delivery, lease, DeliveryState.PENDING, error_code=code, not_before=not_before)


def _close(delivery: Delivery, lease: dt.datetime, state: DeliveryState, **values: Any) -> None:
    """Write the outcome, unless the lease ran out and another sender took over."""
    mine = Delivery.objects.filter(
        pk=delivery.pk, state=DeliveryState.SENDING, lease_until=lease, attempts=delivery.attempts
    )
    mine.update(state=state, lease_until=None, **values)


def sweep_deliveries() -> int:
    """Announce e-mails that are due: retries, and those whose hint or sender was lost."""
    ids = list(list_due_deliveries().order_by("not_before").values_list("pk", flat=True))
    due = ids[:SWEEP_LIMIT]
    if due:
        _announce_deliveries(due)
    return len(due)


@transaction.atomic
def mark_read(*, user: User, public_ids: Iterable[uuid.UUID]) -> int:
    """Mark some of the person's notices as read; how many were new to it."""
    return _read(user, public_id__in=list(public_ids))


@transaction.atomic
def mark_all_read(*, user: User) -> int:
    """Mark the person's whole inbox as read."""
    return _read(user)


def _read(user: User, **which: Any) -> int:
    notices = list_notices(user).filter(read_at=None, **which)
    count = notices.update(read_at=timezone.now())
    if count:
        # Other windows of the person take the dot off their bell.
        publish_event(topic=f"inbox:{user.pk}", kind="read", data={"count": count})
    return count


def prune_events() -> int:
    """Forget events that no page will ask for any more."""
    before = timezone.now() - dt.timedelta(days=settings.EVENT_KEEP_DAYS)
    return Event.objects.filter(at__lt=before).delete()[0]
