"""Recordings of released versions: what an agent asked and what the server answered.

`RECORD_GOLDEN=1 pytest tests/edge_agent/test_golden.py` writes those of the current version. A
released version's recordings are never written again: they are the promise.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from datawave_edge.protocol import batch_sha256
from datawave_edge.protocol.compression import pack

HERE = Path(__file__).parent
API = "/api/edge/v1"
# Of an answer's headers those that belong to the protocol.
KEPT_HEADERS = ("Content-Type", "DataWave-Edge", "DataWave-Edge-Lowest", "Retry-After")
# Values that differ from one run to the next, by field.
VOLATILE = ("server_time", "request_id", "salt")


class Exchange(msgspec.Struct, frozen=True):
    """One request and its answer. `{job}` stands for the job's id; batches are kept unpacked."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    status: int
    reply_headers: dict[str, str]
    reply: Any

    @property
    def wire(self) -> bytes:
        """The body as it travels."""
        raw = self.body.encode()
        encoding = self.headers.get("Content-Encoding")
        return pack(raw, encoding) if encoding in ("gzip", "zstd") else raw


def list_recordings() -> list[Path]:
    """All recordings of all versions."""
    return sorted(HERE.glob("*/*.json"))


def read_recording(path: Path) -> list[Exchange]:
    """The exchanges of one recording."""
    return msgspec.json.decode(path.read_bytes(), type=list[Exchange])


def write_recording(path: Path, exchanges: list[Exchange]) -> None:
    """Keep a recording as text that people can read."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(exchanges), indent=1) + b"\n")


def batch_headers(body: str) -> dict[str, str]:
    """The header of a batch."""
    return {
        "Content-Encoding": "gzip",
        "DataWave-Batch-Sha256": batch_sha256(body.encode()),
        "DataWave-Batch-Records": str(len(body.splitlines())),
    }


def steady(reply: Any, job: str) -> Any:
    """An answer without what differs from one run to the next."""
    if isinstance(reply, dict):
        return {
            name: f"<{name}>" if name in VOLATILE else steady(value, job)
            for name, value in reply.items()
        }
    if isinstance(reply, list):
        return [steady(item, job) for item in reply]
    return "{job}" if reply == job else reply


def covers(now: Any, then: Any) -> bool:
    """Whether an answer says all that the recorded one said; it may say more."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(
            name in now and _covers_field(name, now[name], value) for name, value in then.items()
        )
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(map(covers, now, then))
    return bool(now == then)


def _covers_field(name: str, now: Any, then: Any) -> bool:
    # A server learns to do more, and never to do less.
    return set(then) <= set(now) if name == "capabilities" else covers(now, then)
