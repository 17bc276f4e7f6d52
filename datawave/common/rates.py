"""Counts calls, so that one caller can't take all the time there is."""

from __future__ import annotations

from django.core.cache import cache

from .errors import DataWaveError


class TooManyCalls(DataWaveError):
    """Too many requests. Wait a moment and send the same again."""

    status = 429
    retry = True


def is_too_often(key: str, *, calls: int, seconds: int) -> bool:
    """Count a call; whether there were more than `calls` since the first of the last seconds."""
    cache.add(key, 0, seconds)
    try:
        counted = cache.incr(key)
    except ValueError:  # its time ended just now
        counted = 1
    return counted > calls


def require_rate(key: str, *, calls: int, seconds: int) -> None:
    """Count a call. Raises TooManyCalls."""
    if is_too_often(key, calls=calls, seconds=seconds):
        raise TooManyCalls
