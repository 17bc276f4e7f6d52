"""Counts calls, so that one caller can't take all the time there is."""

from __future__ import annotations

import math
import time

from django.core.cache import BaseCache, cache
from django.core.cache.backends.locmem import LocMemCache

from .errors import DataWaveError

# Counts while the shared cache is away, so that a limit never falls open: per process, but there.
_own_count = LocMemCache("rates", {})


class TooManyCalls(DataWaveError):
    """Too many requests. Wait a moment and send the same again."""

    status = 429
    retry = True


def is_too_often(key: str, *, calls: int, seconds: int) -> bool:
    """Count a call; whether there were more than `calls` since the first of the last seconds."""
    counted = _count(cache, key, seconds)
    if counted is None:
        counted = _count(_own_count, key, seconds) or 1
    return counted > calls


def _count(store: BaseCache, key: str, seconds: int) -> int | None:
    """Calls so far; None when its time ended just now or the store is away."""
    if store.add(key, 0, seconds):
        store.set(_end_of(key), math.ceil(time.time()) + seconds, seconds)
    try:
        return store.incr(key)
    except ValueError:
        return None


def find_wait(key: str, *, seconds: int) -> int:
    """After how many seconds calls are counted anew, as far as the counter tells."""
    end = cache.get(_end_of(key)) or _own_count.get(_end_of(key))
    left = math.ceil(end - time.time()) if end else seconds
    return min(max(left, 1), seconds)


def _end_of(key: str) -> str:
    return f"{key}:end"


def require_rate(key: str, *, calls: int, seconds: int) -> None:
    """Count a call. Raises TooManyCalls."""
    if is_too_often(key, calls=calls, seconds=seconds):
        raise TooManyCalls
