"""The WebSocket: who may follow what, and that each page hears everything once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.test import Client

from apps.notifications import consumers, services, topics
from apps.notifications.models import Event
from apps.rbac.models import User
from apps.rbac.selectors import has_role
from apps.rbac.types import Role
from datawave.asgi import application
from tests.factories import make_user
from tests.people import make_people

from .sockets import Socket

pytestmark = pytest.mark.django_db(transaction=True)
Connect = Callable[[User | None], Awaitable[Socket]]
publish = sync_to_async(services.publish_event)


@pytest.fixture(autouse=True)
def topic() -> Iterator[None]:
    """A topic "test:<key>" for administrators, whose snapshot counts its events."""

    def snapshot(user: User, key: str) -> dict[str, Any]:
        return {"who": user.username, "seen": Event.objects.filter(topic=f"test:{key}").count()}

    topics.register_topic(
        "test", authorise=lambda user, key: has_role(user, Role.ADMIN), snapshot=snapshot
    )
    yield
    del topics._topics["test"]


@pytest.fixture
def alice() -> User:
    """She may follow the test topic."""
    return make_user("alice", is_superuser=True)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Opens sockets as a browser does, with the session cookie and an Origin."""
    opened: list[Socket] = []

    def sign_in(user: User) -> str:
        client = Client()
        client.force_login(user)
        return client.cookies[settings.SESSION_COOKIE_NAME].value

    async def make(user: User | None) -> Socket:
        headers = [(b"origin", b"http://localhost"), (b"host", b"localhost")]
        if user is not None:
            cookie = f"{settings.SESSION_COOKIE_NAME}={await sync_to_async(sign_in)(user)}"
            headers.append((b"cookie", cookie.encode()))
        socket = Socket(application, "/ws/live/", headers=headers)
        assert await socket.connect()
        opened.append(socket)
        return socket

    yield make
    for socket in opened:
        if not socket.future.done():
            await socket.leave()
    await sync_to_async(connections.close_all)()


async def test_it_works(connect: Connect, alice: User) -> None:
    socket = await connect(alice)
    snapshot = await socket.ask(type="subscribe", topic="test:1", after=0)
    assert snapshot["type"] == "snapshot"
    assert snapshot["data"] == {"who": "alice", "seen": 0}
    event = await publish(topic="test:1", kind="log", data={"message": "hello"})
    assert await socket.hear() == {
        "type": "event",
        "topic": "test:1",
        "id": event.pk,
        "kind": "log",
        "data": {"message": "hello"},
    }


async def test_socket_is_closed_when_signed_out(connect: Connect) -> None:
    assert await (await connect(None)).closing() == 4401


async def test_socket_is_refused_when_origin_is_foreign(
    alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from channels.security.websocket import OriginValidator

    validator = application.application_mapping["websocket"]
    assert isinstance(validator, OriginValidator)
    monkeypatch.setattr(validator, "allowed_origins", ["localhost"])
    headers = [(b"origin", b"http://evil.test"), (b"host", b"localhost")]
    socket = Socket(application, "/ws/live/", headers=headers)
    assert not await socket.connect()


async def test_topic_is_not_there_when_stranger_asks(connect: Connect) -> None:
    socket = await connect(await sync_to_async(make_user)("charlie"))
    answer = await socket.ask(type="subscribe", topic="test:1")
    assert (answer["type"], answer["code"], answer["topic"]) == ("error", "not_there", "test:1")
    await publish(topic="test:1", kind="log", data={})
    assert await socket.receive_nothing(0.8)


@pytest.mark.parametrize("name", ["unknown", "unknown:1", "inbox:1", ""])
async def test_topic_is_refused_when_name_is_not_offered(
    connect: Connect, alice: User, name: str
) -> None:
    socket = await connect(alice)
    assert (await socket.ask(type="subscribe", topic=name))["type"] == "error"


async def test_each_hears_only_own_inbox_when_notice_comes(connect: Connect, alice: User) -> None:
    bob = await sync_to_async(make_user)("bob")
    hers, his = await connect(alice), await connect(bob)
    for socket in (hers, his):
        snapshot = await socket.ask(type="subscribe", topic="inbox")
        assert snapshot["data"] == {"unread": 0, "notices": []}
    await sync_to_async(services.notify)(
        users=[bob], kind="k", level="info", title="For Bob", body="", url="/", dedupe_key="1"
    )
    event = await his.hear()
    assert (event["topic"], event["data"]["title"]) == ("inbox", "For Bob")
    assert await hers.receive_nothing(0.8)


async def test_overview_shows_what_the_role_allows(connect: Connect) -> None:
    people = await sync_to_async(make_people)()
    for person, sources in ((people.bob, 1), (people.charlie, 0), (people.ada, 1)):
        socket = await connect(person)
        snapshot = await socket.ask(type="subscribe", topic="overview")
        assert snapshot["data"]["sources"] == sources


async def test_missed_events_follow_when_page_reconnects(connect: Connect, alice: User) -> None:
    first = await publish(topic="test:1", kind="log", data={"n": 1})
    missed = [await publish(topic="test:1", kind="log", data={"n": n}) for n in (2, 3)]
    await publish(topic="test:2", kind="log", data={})
    socket = await connect(alice)
    snapshot = await socket.ask(type="subscribe", topic="test:1", after=first.pk)
    assert snapshot["id"] == first.pk
    assert [(await socket.hear())["id"] for _ in missed] == [event.pk for event in missed]
    assert await socket.receive_nothing(0.8)


async def test_snapshot_stands_alone_when_page_is_new(connect: Connect, alice: User) -> None:
    last = await publish(topic="test:1", kind="log", data={})
    socket = await connect(alice)
    snapshot = await socket.ask(type="subscribe", topic="test:1", after=0)
    assert (snapshot["id"], snapshot["data"]["seen"]) == (last.pk, 1)
    assert await socket.receive_nothing(0.8)


async def test_newest_progress_wins_when_many_come(connect: Connect, alice: User) -> None:
    socket = await connect(alice)
    await socket.ask(type="subscribe", topic="test:1")
    for number in range(60):
        await publish(topic="test:1", kind="progress", data={"n": number})
    heard = [await socket.hear()]
    while heard[-1]["data"]["n"] != 59:
        heard.append(await socket.hear())
    assert len(heard) < 30


async def test_every_line_comes_once_when_log_is_long(connect: Connect, alice: User) -> None:
    socket = await connect(alice)
    await socket.ask(type="subscribe", topic="test:1")
    for number in range(100):
        await publish(topic="test:1", kind="log", data={"n": number})
    assert [(await socket.hear())["data"]["n"] for _ in range(100)] == list(range(100))
    assert await socket.receive_nothing(0.8)


async def test_nothing_more_comes_when_unsubscribed(connect: Connect, alice: User) -> None:
    socket = await connect(alice)
    await socket.ask(type="subscribe", topic="test:1")
    await socket.say('{"type": "unsubscribe", "topic": "test:1"}')
    assert await socket.ask(type="ping") == {"type": "pong"}
    await publish(topic="test:1", kind="log", data={})
    assert await socket.receive_nothing(0.8)


async def test_socket_is_closed_when_session_ends(
    connect: Connect, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.05)
    socket = await connect(alice)
    await sync_to_async(User.objects.update)(is_active=False)
    assert await socket.closing() == 4401


async def test_socket_is_closed_when_role_is_taken(
    connect: Connect, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.05)
    socket = await connect(alice)
    await socket.ask(type="subscribe", topic="test:1")
    await sync_to_async(User.objects.update)(is_superuser=False)
    assert await socket.closing() == 4403


@pytest.mark.parametrize(
    "text", ["no json", "[]", "{}", '{"type":"subscribe"}', '{"type":"subscribe","topic":5}',
             '{"type":"subscribe","topic":"inbox","after":"x"}', '{"type":"drop"}']
)  # fmt: skip
async def test_error_is_told_when_message_makes_no_sense(
    connect: Connect, alice: User, text: str
) -> None:
    socket = await connect(alice)
    await socket.say(text)
    assert (await socket.hear())["code"] == "input_invalid"
    assert await socket.ask(type="ping") == {"type": "pong"}


async def test_socket_is_closed_when_message_is_too_big(connect: Connect, alice: User) -> None:
    socket = await connect(alice)
    await socket.say("x" * 65_537)
    assert await socket.closing() == 1009


async def test_socket_is_closed_when_it_floods(connect: Connect, alice: User) -> None:
    socket = await connect(alice)
    for _ in range(60):
        await socket.say('{"type": "ping"}')
    assert await socket.closing() == 4429


async def test_eleventh_socket_is_closed_when_ten_are_open(connect: Connect, alice: User) -> None:
    for _ in range(10):
        await connect(alice)
    assert await (await connect(alice)).closing() == 4429


async def test_topics_are_refused_when_fifty_are_followed(
    connect: Connect, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "TOPICS_PER_SOCKET", 2)
    socket = await connect(alice)
    for number in range(2):
        await socket.ask(type="subscribe", topic=f"test:{number}")
    answer = await socket.ask(type="subscribe", topic="test:9")
    assert answer["code"] == "too_many_topics"


async def test_pump_ends_when_last_socket_leaves(connect: Connect, alice: User) -> None:
    from apps.notifications import live

    sockets = [await connect(alice), await connect(alice)]
    pump = live._pump
    assert pump is not None
    await sockets[0].leave()
    assert live._pump is pump
    await sockets[1].leave()
    await asyncio.sleep(0)
    assert live._pump is None
    assert not consumers._sockets
