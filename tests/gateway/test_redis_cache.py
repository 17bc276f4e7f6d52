"""The cache of full mode when Redis is away: nothing is found and nobody fails."""

from __future__ import annotations

import pytest
from redis import Redis

from datawave.common.redis_cache import RedisCache
from tests.servers import find_free_port, find_redis, skip_without


@pytest.fixture
def absent() -> RedisCache:
    return RedisCache(f"redis://127.0.0.1:{find_free_port()}", {})


def test_nothing_is_found_when_redis_is_away(absent: RedisCache) -> None:
    absent.set("key", 1)
    assert absent.get("key") is None
    assert absent.get("key", "other") == "other"
    assert absent.get_many(["key"]) == {}
    assert "key" not in absent
    assert absent.get_or_set("key", lambda: 5) == 5


def test_writing_is_no_error_when_redis_is_away(absent: RedisCache) -> None:
    assert absent.add("key", 1)
    assert not absent.touch("key")
    assert not absent.delete("key")
    absent.set_many({"key": 1})
    absent.delete_many(["key"])
    with pytest.raises(ValueError, match="read"):
        absent.incr("key")


@pytest.fixture
def url() -> str:
    return (find_redis() or skip_without("Redis", "TEST_REDIS_URL")) + "/15"


def count_connections(url: str) -> int:
    return int(Redis.from_url(url).info("stats")["total_connections_received"])


def test_connections_are_kept_when_each_request_has_a_client_of_its_own(url: str) -> None:
    before = count_connections(url)
    for number in range(100):
        RedisCache(url, {"KEY_PREFIX": "test-redis-cache"}).set("key", number, 30)
    # Other tests may connect meanwhile.
    assert count_connections(url) - before < 50


def test_values_are_kept_when_redis_is_there(url: str) -> None:
    cache = RedisCache(url, {"KEY_PREFIX": "test-redis-cache"})
    cache.set("key", 1, 30)
    assert cache.incr("key") == 2
    assert cache.get_many(["key", "none"]) == {"key": 2}
    assert cache.delete("key")
