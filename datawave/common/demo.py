"""The demo that pages offer; who starts the server says how one is begun."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from .errors import NotThere

# Registers the demo database for the person and discovers it; gives the run's public id.
Starter = Callable[[Any], uuid.UUID]
_starters: list[Starter] = []


def offer_demo(starter: Starter) -> None:
    """Let pages offer the demo, begun in this way."""
    _starters[:] = [starter]


def has_demo() -> bool:
    """Whether this server can begin one: only beside its own agent."""
    return bool(_starters)


def begin_demo(user: Any) -> uuid.UUID:
    """Begin it. Raises NotThere where there is none."""
    if not _starters:
        raise NotThere
    return _starters[0](user)
