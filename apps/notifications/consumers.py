"""The WebSocket of live pages: snapshot, replay of what was missed, then live events."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter, deque
from importlib import import_module
from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from datawave.common.errors import DataWaveError, InputInvalid, NotThere

from . import live
from .models import Event
from .pending import Pending
from .selectors import find_last_event_id, list_events_after
from .topics import Subscription, resolve_topic

logger = logging.getLogger(__name__)
RECHECK_SECONDS = 60.0
FLUSH_SECONDS = 0.25
REPLAY_LIMIT = 500
SOCKETS_PER_PERSON = 10
TOPICS_PER_SOCKET = 50
MESSAGES_PER_SECOND = 20
LARGEST_MESSAGE = 64 * 1024
LONGEST_NAME = 100

# Close codes; the last three are WebSocket's own.
SIGNED_OUT, FORBIDDEN, TOO_MANY, UNSUPPORTED, TOO_BIG, UNKNOWN = 4401, 4403, 4429, 1003, 1009, 1011
# Open sockets of this process by person.
_sockets: Counter[int] = Counter()


class TooManyTopics(DataWaveError):
    """This connection follows as many topics as it may."""


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """One browser page. It says what it follows; everything else flows to it."""

    pump: live.Pump
    joined = False

    async def connect(self) -> None:
        """Signed-in people only, and not too many sockets for each."""
        # Accepted first: a browser sees the code of a close only on an open socket.
        await self.accept()
        self.user = self.scope.get("user")
        if not getattr(self.user, "is_authenticated", False):
            await self.close(SIGNED_OUT)
            return
        if _sockets[self.user.pk] >= SOCKETS_PER_PERSON:
            await self.close(TOO_MANY)
            return
        _sockets[self.user.pk] += 1
        self.pending = Pending()
        self.followed: dict[str, Subscription] = {}
        self._arrivals: deque[float] = deque(maxlen=MESSAGES_PER_SECOND)
        self._something = asyncio.Event()
        self.pump = await live.attach(self)
        self.joined = True
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._recheck())]

    async def disconnect(self, code: int) -> None:
        """Leave nothing behind."""
        if not self.joined:
            return
        for task in self._tasks:
            task.cancel()
        for stored in self.followed:
            self.pump.unfollow(stored, self)
        _sockets.subtract([self.user.pk])
        if _sockets[self.user.pk] <= 0:
            del _sockets[self.user.pk]
        await live.detach(self.pump, self)

    # What the page says

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any
    ) -> None:
        """Refuse what no page of ours sends."""
        if not self.joined:
            return
        refusal = self._refuse(text_data)
        if refusal:
            await self.close(refusal)
            return
        try:
            await self._obey(_read_message(text_data or ""))
        except DataWaveError as fact:
            await self.send_json({"type": "error", "code": fact.code, "detail": fact.message})

    def _refuse(self, text: str | None) -> int:
        """The close code that the message deserves; 0 when it is fine."""
        if text is None:
            return UNSUPPORTED
        if len(text) > LARGEST_MESSAGE or len(text.encode()) > LARGEST_MESSAGE:
            return TOO_BIG
        now = time.monotonic()
        burst = len(self._arrivals) == MESSAGES_PER_SECOND and now - self._arrivals[0] < 1
        self._arrivals.append(now)
        return TOO_MANY if burst else 0

    async def _obey(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "subscribe":
                await self._subscribe(_read_topic(message), _read_after(message))
            case "unsubscribe":
                self._unsubscribe(_read_topic(message))
            case "ping":
                await self.send_json({"type": "pong"})
            case _:
                raise InputInvalid("type must be subscribe, unsubscribe or ping.")

    async def _subscribe(self, name: str, after: int) -> None:
        try:
            what = await self._resolve(name)
        except NotThere as fact:
            problem = {"type": "error", "topic": name, "code": fact.code, "detail": fact.message}
            await self.send_json(problem)
            return
        if what.stored not in self.followed and len(self.followed) >= TOPICS_PER_SOCKET:
            raise TooManyTopics
        self.followed[what.stored] = what
        # Followed before the snapshot is read, so that nothing falls in between.
        self.pending.hold(what.stored)
        self.pump.follow(what.stored, self)
        await self._catch_up(what, after)

    async def _catch_up(self, what: Subscription, after: int) -> None:
        """Send the snapshot, and let the events that the page has not seen follow it."""
        start, data, missed = await database_sync_to_async(self._load)(what, after)
        await self.send_json({"type": "snapshot", "topic": what.name, "id": start, "data": data})
        for event in missed:
            self.pending.put(event)
        self.pending.release(what.stored, floor=start)
        self._something.set()

    def _load(self, what: Subscription, after: int) -> tuple[int, dict[str, Any], list[Event]]:
        last = find_last_event_id()
        data = what.topic.snapshot(self.user, what.key)
        start = min(after, last) if after else last
        missed = list(list_events_after(topic=what.stored, after=start)[: REPLAY_LIMIT + 1])
        if len(missed) > REPLAY_LIMIT:
            # So far behind, the snapshot alone is the better news.
            start, missed = last, [event for event in missed if event.pk > last]
        news = [event for event in missed if event.kind != "progress" or event.pk > last]
        return start, data, news

    def _unsubscribe(self, name: str) -> None:
        for stored in [key for key, what in self.followed.items() if what.name == name]:
            del self.followed[stored]
            self.pump.unfollow(stored, self)
            self.pending.drop(stored)

    async def _resolve(self, name: str) -> Subscription:
        resolve = database_sync_to_async(resolve_topic)
        what: Subscription = await resolve(user=self.user, name=name)
        return what

    # What the page hears

    def offer(self, event: Event) -> None:
        """Take an event from the pump."""
        self.pending.put(event)
        self._something.set()

    async def _write(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            for event in self.pending.take():
                await self._send_event(event)
            # What comes meanwhile goes out together.
            await asyncio.sleep(FLUSH_SECONDS)

    async def _send_event(self, event: Event) -> None:
        what = self.followed.get(event.topic)
        if what is not None:
            news = {"topic": what.name, "id": event.pk, "kind": event.kind, "data": event.data}
            await self.send_json({"type": "event", **news})

    @classmethod
    async def encode_json(cls, content: Any) -> str:
        """Snapshots may hold times and UUIDs."""
        return json.dumps(content, cls=DjangoJSONEncoder)

    # Whether the page may still listen

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            try:
                code = await self._judge()
            except Exception:
                logger.exception("A live page's permissions could not be checked")
                code = UNKNOWN
            if code:
                await self.close(code)
                return

    async def _judge(self) -> int:
        """The close code when the session or a permission is gone; 0 when all stands."""
        engine = import_module(settings.SESSION_ENGINE)
        fresh = {"session": engine.SessionStore(self.scope["session"].session_key)}
        user: Any = await get_user(fresh)
        if not user.is_authenticated:
            return SIGNED_OUT
        self.user = user
        try:
            for what in list(self.followed.values()):
                await self._resolve(what.name)
        except NotThere:
            return FORBIDDEN
        return 0


def _read_message(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        raise InputInvalid("The message is not JSON.") from None
    if not isinstance(message, dict):
        raise InputInvalid("The message must be an object.")
    return message


def _read_topic(message: dict[str, Any]) -> str:
    topic = message.get("topic")
    if not isinstance(topic, str) or not 0 < len(topic) <= LONGEST_NAME or "\x00" in topic:
        raise InputInvalid("topic must be a name of 1 to 100 characters.")
    return topic


def _read_after(message: dict[str, Any]) -> int:
    after = message.get("after", 0)
    if not isinstance(after, int) or not 0 <= after < 2**63:
        raise InputInvalid("after must be the id of an event.")
    return after
