"""What live pages may follow: each app registers its topics with who may see them.

A topic is a prefix alone ("overview") or a prefix and a key ("run:<uuid>"). The callables get the
person and the key, which is empty for a topic without one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datawave.common.errors import NotThere

if TYPE_CHECKING:
    from apps.rbac.models import User

Authorise = Callable[["User", str], bool]
Snapshot = Callable[["User", str], dict[str, Any]]


@dataclass(frozen=True)
class Topic:
    """One kind of topic."""

    prefix: str
    # Called again while a page stays subscribed, so that a role taken away ends the stream.
    authorise: Authorise
    # Everything that the page shows; events after it tell what changed.
    snapshot: Snapshot
    # Each person follows only their own, whose key is the person's id.
    personal: bool = False


@dataclass(frozen=True)
class Subscription:
    """A topic as one person follows it: the name that the page uses, and the name of the events."""

    name: str
    stored: str
    key: str
    topic: Topic


_topics: dict[str, Topic] = {}


def register_topic(
    prefix: str, *, authorise: Authorise, snapshot: Snapshot, personal: bool = False
) -> None:
    """Let pages follow `prefix` or `prefix:<key>`. Raises ValueError when the prefix is taken."""
    if prefix in _topics:
        raise ValueError(f"Two topics are called {prefix}.")
    _topics[prefix] = Topic(prefix, authorise, snapshot, personal)


def resolve_topic(*, user: User, name: str) -> Subscription:
    """What the page's name stands for. Raises NotThere, also when the person may not see it."""
    prefix, _, key = name.partition(":")
    topic = _topics.get(prefix)
    if topic is None or (topic.personal and key):
        raise NotThere
    stored = f"{prefix}:{user.pk}" if topic.personal else name
    if not topic.authorise(user, key):
        raise NotThere
    return Subscription(name=name, stored=stored, key=key, topic=topic)
