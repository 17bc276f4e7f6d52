"""The cache on Redis: what Redis can't take is not cached, and nobody fails for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from datawave.common.redis_cache import RedisCache
from tests.servers import find_free_port, find_redis_binary, run_redis, skip_without

LARGE = "x" * 100_000


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    """A server of its own, which takes nothing more in."""
    binary, port = find_redis_binary(), find_free_port()
    process = run_redis(binary, port) if binary else None
    if process is None:
        skip_without("Redis", "PATH")
    made = redis.Redis(port=port)
    made.set(":1:kept", 7)
    yield made
    made.close()
    process.kill()
    process.wait(timeout=10)


def assert_works_without(cache: RedisCache, *, kept: int | None) -> None:
    assert cache.get("kept") == kept
    cache.set("new", LARGE)
    cache.set_many({"new": LARGE})
    assert cache.get("new", "nothing") == "nothing"
    # Whoever asks for a turn gets it.
    assert cache.add("turn", 1)
    with pytest.raises(ValueError, match="number"):
        cache.incr("kept")
    cache.delete("new")


@pytest.mark.parametrize(
    "refusal", [("maxmemory", "1"), ("replicaof", "127.0.0.1 9"), ("min-replicas-to-write", "1")]
)
def test_nothing_is_cached_when_redis_refuses_to_write(
    server: redis.Redis, refusal: tuple[str, str]
) -> None:
    name, value = refusal
    if name == "replicaof":
        server.replicaof(*value.split())
    else:
        server.config_set(name, value)
    port = server.connection_pool.connection_kwargs["port"]
    assert_works_without(RedisCache(f"redis://127.0.0.1:{port}", {}), kept=7)


def test_nothing_is_cached_when_redis_is_away() -> None:
    assert_works_without(RedisCache(f"redis://127.0.0.1:{find_free_port()}", {}), kept=None)
