"""Counts tries to sign in, so that passwords can't be guessed in bulk."""

from __future__ import annotations

import hashlib

from django.core.cache import cache

from datawave.common.errors import DataWaveError
from datawave.common.rates import is_too_often

WINDOW_SECONDS = 60


class TooManyTries(DataWaveError):
    """Too many tries to sign in. Wait a minute and try again."""

    status = 429
    retry = True


def note_try(kind: str, key: str, limit: int) -> None:
    """Count a try. Raises TooManyTries beyond the limit of a minute."""
    if is_too_often(_name_of(kind, key), calls=limit, seconds=WINDOW_SECONDS):
        raise TooManyTries


def forget_tries(kind: str, key: str) -> None:
    """A person who has signed in starts anew."""
    cache.delete(_name_of(kind, key))


def _name_of(kind: str, key: str) -> str:
    """Hashed, for people type anything and caches allow less."""
    return f"sign-in:{kind}:{hashlib.sha256(key.encode()).hexdigest()}"
