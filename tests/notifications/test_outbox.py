"""The e-mail outbox: one mail per notice, retries, and what ends them."""

from __future__ import annotations

import datetime as dt
import smtplib
import threading
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from apps.notifications import services
from apps.notifications.models import Delivery, Event, Notice
from apps.notifications.outbox import GIVE_UP_AFTER, wait_before, write_subject
from apps.notifications.signals import deliveries_due
from apps.notifications.types import DeliveryState
from tests.factories import make_user

from .conftest import Tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(tell: Tell) -> Delivery:
    """An e-mail to alice that is due."""
    tell(make_user("alice"))
    return Delivery.objects.get()


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the mail server raise."""

    def make(error: Exception) -> None:
        def send(*_: Any) -> int:
            raise error

        monkeypatch.setattr(EmailBackend, "send_messages", send)

    return make


def make_due(delivery: Delivery) -> None:
    Delivery.objects.update(not_before=timezone.now() - dt.timedelta(seconds=1))


def test_mail_is_sent_when_delivery_is_due(delivery: Delivery) -> None:
    services.deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENT, 1)
    [message] = mail.outbox
    assert message.to == ["alice@example.test"]
    assert message.subject == "[DataWave] Discovery #1 completed"
    assert "http://localhost:8000/runs/1/" in message.body


def test_one_mail_is_sent_when_delivered_twice(delivery: Delivery) -> None:
    services.deliver(delivery_id=delivery.pk)
    services.deliver(delivery_id=delivery.pk)
    assert len(mail.outbox) == 1


def test_nothing_is_sent_when_another_worker_holds_the_lease(delivery: Delivery) -> None:
    lease = timezone.now() + dt.timedelta(minutes=1)
    Delivery.objects.update(state=DeliveryState.SENDING, lease_until=lease)
    services.deliver(delivery_id=delivery.pk)
    assert mail.outbox == []


def test_mail_is_sent_when_the_sender_before_died(delivery: Delivery) -> None:
    lost = timezone.now() - dt.timedelta(seconds=1)
    Delivery.objects.update(state=DeliveryState.SENDING, lease_until=lost, attempts=1)
    services.deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, len(mail.outbox)) == (DeliveryState.SENT, 2, 1)


def test_message_id_stays_when_sent_again(delivery: Delivery) -> None:
    services.deliver(delivery_id=delivery.pk)
    Delivery.objects.update(state=DeliveryState.PENDING)
    services.deliver(delivery_id=delivery.pk)
    first, second = (message.message()["Message-ID"] for message in mail.outbox)
    assert first == second
    assert str(delivery.notice.public_id) in first


def test_it_waits_when_server_is_unreachable(delivery: Delivery, refuse: Any) -> None:
    refuse(ConnectionRefusedError("mail.internal:25 said secret"))
    services.deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error_code) == (DeliveryState.PENDING, "undelivered")
    assert delivery.not_before > timezone.now()


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b": (550, b"no such user")}), DeliveryState.DEAD),
        (smtplib.SMTPRecipientsRefused({"a@b": (451, b"greylisted")}), DeliveryState.PENDING),
        (smtplib.SMTPDataError(554, b"spam"), DeliveryState.DEAD),
        (smtplib.SMTPAuthenticationError(535, b"bad password"), DeliveryState.PENDING),
        (smtplib.SMTPServerDisconnected("gone"), DeliveryState.PENDING),
        (ValueError("bad header"), DeliveryState.DEAD),
    ],
)
def test_state_says_whether_to_try_again_when_server_refuses(
    delivery: Delivery, refuse: Any, error: Exception, state: DeliveryState
) -> None:
    refuse(error)
    services.deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == state


def test_it_gives_up_when_the_last_try_fails(delivery: Delivery, refuse: Any) -> None:
    refuse(ConnectionRefusedError())
    for _ in range(GIVE_UP_AFTER + 3):
        make_due(delivery)
        services.deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DEAD, GIVE_UP_AFTER)


@pytest.mark.parametrize("attempts", range(1, GIVE_UP_AFTER + 1))
def test_wait_is_bounded_when_tries_add_up(attempts: int) -> None:
    for _ in range(20):
        seconds = wait_before(attempts).total_seconds()
        assert 1 <= seconds <= min(3600, 30 * 2 ** (attempts - 1))


@pytest.mark.parametrize(
    "title",
    ["a\r\nBcc: eve@example.test", "tab\there", "{}%s\"'", "x" * 200, "日本語 ümlaut", "\x00"],
)
def test_subject_is_one_line_when_names_are_hostile(tell: Tell, title: str) -> None:
    tell(make_user(), title=title)
    services.deliver(delivery_id=Delivery.objects.get().pk)
    [message] = mail.outbox
    assert message.message()["Bcc"] is None
    assert message.bcc == []
    assert all(char.isprintable() for char in message.subject)


def test_html_is_escaped_when_title_holds_markup(tell: Tell) -> None:
    tell(make_user(), title="<script>alert(1)</script>", body="<b>&</b>")
    services.deliver(delivery_id=Delivery.objects.get().pk)
    [message] = mail.outbox
    html = str(message.alternatives[0][0])
    assert "<script>" not in html
    assert "<b>" not in html


def test_subject_is_short_when_title_is_long() -> None:
    assert len(write_subject(Notice(title="x" * 200))) <= 150


def test_due_mails_are_announced_when_swept(delivery: Delivery) -> None:
    heard: list[int] = []

    def listen(delivery_ids: list[int], **_: Any) -> None:
        heard.extend(delivery_ids)

    deliveries_due.connect(listen)
    try:
        assert services.sweep_deliveries() == 1
        services.deliver(delivery_id=delivery.pk)
        assert services.sweep_deliveries() == 0
    finally:
        deliveries_due.disconnect(listen)
    assert heard == [delivery.pk]


def test_old_events_are_forgotten_when_pruned() -> None:
    old = services.publish_event(topic="overview", kind="changed", data={})
    new = services.publish_event(topic="overview", kind="changed", data={})
    Event.objects.filter(pk=old.pk).update(at=timezone.now() - dt.timedelta(days=15))
    assert services.prune_events() == 1
    assert list(Event.objects.all()) == [new]


@pytest.mark.django_db(transaction=True)
def test_one_mail_is_sent_when_workers_race(tell: Tell) -> None:
    tell(make_user("alice"))
    delivery = Delivery.objects.get()
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        try:
            services.deliver(delivery_id=delivery.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    delivery.refresh_from_db()
    assert (len(mail.outbox), delivery.state, delivery.attempts) == (1, DeliveryState.SENT, 1)
