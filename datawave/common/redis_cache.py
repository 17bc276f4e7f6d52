"""Django's cache on Redis, for which a Redis that is away or refuses is an empty one."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, ClassVar, Self

from django.core.cache.backends import redis
from redis import ConnectionPool, RedisError


class JsonSerializer:
    """Values as JSON: what lies in Redis can never run as code, as pickled values could."""

    def dumps(self, value: Any) -> int | bytes:
        """A whole number as Redis's own, so that it can be raised there; else JSON."""
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        """The value; Redis's own numbers are JSON as well."""
        return json.loads(data)


def _forgive(method: Callable[..., Any], otherwise: Any) -> Callable[..., Any]:
    @functools.wraps(method)
    def attempt(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except RedisError:
            # Away, out of memory, read-only, unable to save: nothing is cached.
            return otherwise

    return attempt


class SharedPool(ConnectionPool):
    """One for all clients of this process.

    Django has a client for each thread, and under ASGI a thread for each request, which would else
    begin with a new connection.
    """

    _shared: ClassVar[dict[str, Self]] = {}

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Self:
        """The pool of that server."""
        if url not in cls._shared:
            cls._shared[url] = super().from_url(url, **options)
        return cls._shared[url]


class ForgivingClient(redis.RedisCacheClient):
    """All that is cached can be made again, so nobody fails for want of it."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **{"pool_class": SharedPool, **options})

    get_many = _forgive(redis.RedisCacheClient.get_many, {})
    has_key = _forgive(redis.RedisCacheClient.has_key, otherwise=False)
    add = _forgive(redis.RedisCacheClient.add, otherwise=True)
    set = _forgive(redis.RedisCacheClient.set, None)
    set_many = _forgive(redis.RedisCacheClient.set_many, None)
    touch = _forgive(redis.RedisCacheClient.touch, otherwise=False)
    delete = _forgive(redis.RedisCacheClient.delete, otherwise=False)
    delete_many = _forgive(redis.RedisCacheClient.delete_many, None)

    def get(self, key: Any, default: Any) -> Any:
        """The value, or the default."""
        return _forgive(super().get, default)(key, default)

    def incr(self, key: Any, delta: int) -> int:
        """The raised number. Raises ValueError when there is none, as Django does."""
        try:
            return int(super().incr(key, delta))
        except RedisError:
            raise ValueError("The number can't be read.") from None


class RedisCache(redis.RedisCache):
    """Named in the settings of full mode."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ForgivingClient
