"""What a socket still has to send: of each topic's progress only the newest, all else in order."""

from __future__ import annotations

from collections import defaultdict

from .models import Event

# Of a topic; beyond it the oldest goes, so a client that does not read costs a bounded sum.
LIMIT = 1_000


class Pending:
    """Events by topic; a topic on hold keeps its events until its snapshot has gone out."""

    def __init__(self) -> None:
        self._events: defaultdict[str, dict[int, Event]] = defaultdict(dict)
        self._held: set[str] = set()

    def put(self, event: Event) -> None:
        """Add an event; a repeat changes nothing."""
        events = self._events[event.topic]
        if event.kind == "progress":
            older = [key for key, known in events.items() if known.kind == "progress"]
            for key in older:
                del events[key]
        events[event.pk] = event
        if len(events) > LIMIT:
            del events[next(iter(events))]

    def hold(self, topic: str) -> None:
        """Keep back what comes."""
        self._held.add(topic)

    def release(self, topic: str, *, floor: int) -> None:
        """Let go what is newer than the floor; the snapshot holds the rest."""
        self._held.discard(topic)
        events = self._events[topic]
        self._events[topic] = {key: event for key, event in events.items() if key > floor}

    def drop(self, topic: str) -> None:
        """Forget a topic."""
        self._held.discard(topic)
        self._events.pop(topic, None)

    def take(self) -> list[Event]:
        """Everything that may go out now, oldest first."""
        free = [topic for topic in self._events if topic not in self._held]
        events = [event for topic in free for event in self._events.pop(topic).values()]
        return sorted(events, key=_id_of)


def _id_of(event: Event) -> int:
    return event.pk
