"""Limits on calls: they count, they end, and they hold while the shared cache is away."""

from __future__ import annotations

import uuid

import pytest
from django.core.cache import cache

from datawave.common import rates


def make_key() -> str:
    return f"test:{uuid.uuid4()}"


def test_call_is_too_often_when_the_limit_is_passed() -> None:
    key = make_key()
    assert [rates.is_too_often(key, calls=2, seconds=60) for _ in range(3)] == [False, False, True]


def test_callers_are_counted_apart_when_keys_differ() -> None:
    assert not rates.is_too_often(make_key(), calls=1, seconds=60)
    assert not rates.is_too_often(make_key(), calls=1, seconds=60)


def test_limit_holds_when_the_shared_cache_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> int:
        raise ValueError

    monkeypatch.setattr(cache, "incr", fail, raising=False)
    key = make_key()
    assert [rates.is_too_often(key, calls=2, seconds=60) for _ in range(3)] == [False, False, True]
