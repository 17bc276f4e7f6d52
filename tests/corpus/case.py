"""A batch as a corpus tells it: its bytes, how it is announced, and the answers that are right."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field

from datawave_edge.protocol import (
    ForeignKey,
    Grants,
    Index,
    TableRecord,
    batch_sha256,
    encode_records,
)
from tests.discovery.factories import make_column, make_profile, make_table

ACCEPTED = frozenset({"accepted"})
QUARANTINED = frozenset({"quarantined"})
EITHER = ACCEPTED | QUARANTINED
BROKEN = frozenset({"gzip_broken"})
ZSTD_BROKEN = frozenset({"zstd_broken"})
DAMAGED = frozenset({"gzip_broken", "hash_mismatch"})
TOO_LARGE = frozenset({"batch_too_large", "body_too_large"})


@dataclass(frozen=True)
class Case:
    """One batch as it goes over the wire, and the answers that are right."""

    name: str
    expected: frozenset[str]
    packed: bytes
    headers: dict[str, str] = field(default_factory=dict)
    seq: str = ""


def make_case(name: str, body: bytes, expected: frozenset[str], **headers: str) -> Case:
    """A body that is packed and announced as it should be, but for the headers given."""
    return Case(name, expected, gzip.compress(body, 1, mtime=0), {**announce(body), **headers})


def announce(body: bytes) -> dict[str, str]:
    """The header of a batch."""
    return {
        "Content-Encoding": "gzip",
        "DataWave-Batch-Sha256": batch_sha256(body),
        "DataWave-Batch-Records": str(len(body.splitlines())),
    }


def seed_body(name: str) -> bytes:
    """One record that is right, with a field of each kind."""
    profile = make_profile(hits={"email": 0.5}, shapes={"aaa": 0.25}, entropy=2.5)
    columns = [
        make_column("id", "integer", key_position=1),
        make_column("mail", profile=profile, comment="where to write"),
    ]
    table = make_table(
        name,
        columns,
        comment="people",
        size_bytes=4096,
        indexes=[Index(name="by_mail", columns=["mail"])],
        grants=Grants(read_roles=2),
        foreign_keys=[
            ForeignKey(
                columns=["id"], target_container="main", target_name="p", target_columns=["id"]
            )
        ],
    )
    return encode_records([TableRecord(table=table)])
