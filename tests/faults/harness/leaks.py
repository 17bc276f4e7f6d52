"""Looks for values that must never have left the agent's host (I8)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from datawave_edge.protocol.compression import unpack
from tests.faults.harness.estate import PASSWORD_CANARY, RAW_CANARIES
from tests.faults.harness.store import Store


def read_redis(url: str) -> bytes:
    """All that a Redis holds, as bytes to search in."""
    import redis

    client = redis.Redis.from_url(url, socket_timeout=5)
    reads = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"hash": client.hgetall,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"stream": client.xrange,
    }
    held = [(key, reads[client.type(key)](key)) for key in client.keys("*")]
    client.close()
    return repr(held).encode()


def check_canaries(
    store: Store, folders: Iterable[Path], more: dict[str, bytes] | None = None
) -> list[str]:
    """I8: no password and no raw value in the database, logs, spool, mails, Redis, histories."""
    secrets = [PASSWORD_CANARY.encode(), *(value.encode() for value in RAW_CANARIES)]
    places = {"the database": store.dump(), **(more or {})}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix != ".source":
                places[str(path.relative_to(folder))] = _read_searchable(path)
    return [
        f"I8 {place} holds {secret.decode()[:9]}..."
        for place, content in places.items()
        for secret in secrets
        if secret in content
    ]


def _read_searchable(path: Path) -> bytes:
    content = path.read_bytes()
    if path.name != "outbox.sqlite3":
        return content
    connection = sqlite3.connect(path, timeout=10)
    packed = connection.execute("SELECT packed FROM batches WHERE packed IS NOT NULL").fetchall()
    connection.close()
    return content + b"".join(unpack(blob) for (blob,) in packed)
