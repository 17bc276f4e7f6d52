"""The pump: one task of each web process that reads new events and hands them to its sockets."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections import defaultdict
from typing import Any, Protocol

from channels.db import database_sync_to_async
from django.db import connection
from django.dispatch import receiver
from django.utils import timezone

from .models import Event
from .selectors import find_last_event_id, list_events, list_fresh_event_ids
from .signals import events_published

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.5
LOOK_BACK_IDS = 1_000
LOOK_BACK = dt.timedelta(seconds=30)
# Rows of one read; a burst is taken in several.
READ_LIMIT = 500


class Listener(Protocol):
    """A socket that follows topics."""

    def offer(self, event: Event) -> None:
        """Take an event of a followed topic; must not wait."""


class Pump:
    """Reads events by id and remembers which ones it has handed out."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.listeners: set[Listener] = set()
        self._topics: defaultdict[str, set[Listener]] = defaultdict(set)
        self._wake = asyncio.Event()
        self._last = 0
        self._seen: dict[int, dt.datetime] = {}
        self._ready = asyncio.create_task(self._prime())
        self._task = asyncio.create_task(self._run())

    async def ready(self) -> None:
        """Wait until events that come from now on will be handed out."""
        await asyncio.shield(self._ready)

    def follow(self, topic: str, listener: Listener) -> None:
        """Hand the topic's events to the listener from now on."""
        self._topics[topic].add(listener)

    def unfollow(self, topic: str, listener: Listener) -> None:
        """Stop handing the topic's events to the listener."""
        self._topics[topic].discard(listener)
        if not self._topics[topic]:
            del self._topics[topic]

    def wake(self) -> None:
        """Read at once; may be called from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self.loop.call_soon_threadsafe(self._wake.set)

    async def stop(self) -> None:
        """End the task."""
        for task in (self._ready, self._task):
            task.cancel()
        await asyncio.gather(self._ready, self._task, return_exceptions=True)

    async def _prime(self) -> None:
        """What is there already belongs to the snapshots."""
        self._last = await database_sync_to_async(find_last_event_id)()
        for event_id in await database_sync_to_async(self._read_ids)():
            self._seen[event_id] = timezone.now()

    async def _run(self) -> None:
        await self._ready
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
            self._wake.clear()
            try:
                await self._hand_out()
            except Exception:
                # One failed read must not end the live pages; the next one catches up.
                logger.exception("Events could not be read")

    async def _hand_out(self) -> None:
        for event in await database_sync_to_async(self._read)():
            self._last = max(self._last, event.pk)
            self._seen[event.pk] = event.at
            for listener in list(self._topics.get(event.topic, ())):
                listener.offer(event)
        self._forget()

    def _read(self) -> list[Event]:
        fresh = [event_id for event_id in self._read_ids() if event_id not in self._seen]
        if len(fresh) > READ_LIMIT:
            self.wake()
        return list(list_events(fresh[:READ_LIMIT])) if fresh else []

    def _read_ids(self) -> list[int]:
        # SQLite commits ids in their order.
        look_back = 0 if connection.vendor == "sqlite" else LOOK_BACK_IDS
        since = timezone.now() - LOOK_BACK
        return list_fresh_event_ids(after=self._last, look_back=look_back, since=since)

    def _forget(self) -> None:
        before = timezone.now() - 2 * LOOK_BACK
        self._seen = {
            event_id: at
            for event_id, at in self._seen.items()
            if at > before and event_id > self._last - 2 * LOOK_BACK_IDS
        }


_pump: Pump | None = None


async def attach(listener: Listener) -> Pump:
    """Join the pump of this process, which the first listener starts."""
    global _pump  # noqa: PLW0603  # one per process, and sockets come and go
    if _pump is None or _pump.loop is not asyncio.get_running_loop():
        _pump = Pump()
    pump = _pump
    pump.listeners.add(listener)
    await pump.ready()
    return pump


async def detach(pump: Pump, listener: Listener) -> None:
    """Leave the pump; the last listener stops it."""
    global _pump  # noqa: PLW0603  # one process, one pump
    pump.listeners.discard(listener)
    if pump.listeners:
        return
    if _pump is pump:
        _pump = None
    await pump.stop()


@receiver(events_published, dispatch_uid="notifications.wake_pump")
def wake_pump(**_: Any) -> None:
    """Spare this process's sockets the wait for the next poll."""
    if _pump is not None:
        _pump.wake()
