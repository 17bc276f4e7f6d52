"""Telling people, and their inbox."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from apps.notifications import services
from apps.notifications.models import Delivery, Event, Notice
from apps.notifications.selectors import count_unread
from tests.factories import make_user
from tests.people import People

from .conftest import Tell

pytestmark = pytest.mark.django_db


def test_it_works(tell: Tell) -> None:
    alice = make_user("alice")
    [notice] = tell(alice)
    assert (notice.user, notice.title) == (alice, "Discovery #1 completed")
    assert Delivery.objects.get().address == "alice@example.test"
    assert Event.objects.get().topic == f"inbox:{alice.pk}"


def test_nothing_is_told_when_key_was_used(tell: Tell) -> None:
    alice = make_user()
    tell(alice)
    assert tell(alice) == []
    assert (Notice.objects.count(), Delivery.objects.count(), Event.objects.count()) == (1, 1, 1)


def test_each_is_told_once_when_people_repeat(people: People) -> None:
    told = services.notify(
        users=[people.alice, people.bob, people.alice],
        kind="finding",
        level="error",
        title="Card numbers in clear",
        body="",
        url="/compliance/",
        dedupe_key="finding:1",
    )
    assert {notice.user for notice in told} == {people.alice, people.bob}


def test_no_mail_is_queued_when_person_has_no_address(tell: Tell) -> None:
    alice = make_user()
    type(alice).objects.update(email="")
    alice.refresh_from_db()
    tell(alice)
    assert not Delivery.objects.exists()


def test_no_mail_is_queued_when_not_wanted(tell: Tell) -> None:
    tell(make_user(), email=False)
    assert Notice.objects.exists()
    assert not Delivery.objects.exists()


def test_deactivated_person_is_not_told_when_notified(tell: Tell) -> None:
    assert tell(make_user(is_active=False)) == []


@pytest.mark.parametrize("url", ["https://evil.test/", "//evil.test/", "/\\evil.test", "run"])
def test_link_is_dropped_when_it_leads_elsewhere(tell: Tell, url: str) -> None:
    [notice] = tell(make_user(), url=url)
    assert notice.url == ""


def test_only_own_notices_are_read_when_ids_of_others_are_given(tell: Tell) -> None:
    alice, bob = make_user(), make_user()
    [hers], [his] = tell(alice), tell(bob)
    assert services.mark_read(user=alice, public_ids=[hers.public_id, his.public_id]) == 1
    assert (count_unread(alice), count_unread(bob)) == (0, 1)


def test_whole_inbox_is_read_when_marked_all(tell: Tell) -> None:
    alice, bob = make_user(), make_user()
    for number in range(3):
        tell(alice, dedupe_key=str(number))
    tell(bob)
    assert services.mark_all_read(user=alice) == 3
    assert services.mark_all_read(user=alice) == 0
    assert count_unread(bob) == 1


@pytest.mark.django_db(transaction=True)
def test_one_notice_exists_when_tellers_race(tell: Tell) -> None:
    alice = make_user("alice")
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        try:
            tell(alice)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Notice.objects.count(), Delivery.objects.count()) == (1, 1)
