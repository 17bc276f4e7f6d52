"""A batch as it goes over the wire: its lines joined, hashed and compressed once."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .protocol import MAX_PACKED_BYTES, Record, batch_sha256, encode_records


@dataclass(frozen=True)
class Packed:
    """The compressed lines of a batch, with what the ledger and the wire tell of them."""

    records: int
    sha: str
    packed: bytes
    body_bytes: int

    @classmethod
    def of(cls, records: Sequence[Record]) -> Packed:
        """Encode and compress."""
        return cls.of_lines([encode_records(records)], len(records))

    @classmethod
    def of_lines(cls, lines: Iterable[bytes], records: int) -> Packed:
        """Compress what is encoded."""
        body = b"".join(lines)
        return cls(records, batch_sha256(body), pack_body(body), len(body))

    @classmethod
    def of_packed(cls, packed: bytes, records: int) -> Packed:
        """Take compressed records as they are."""
        body = gzip.decompress(packed)
        return cls(records, batch_sha256(body), packed, len(body))

    @property
    def fits(self) -> bool:
        """Whether it is small enough for the wire."""
        return len(self.packed) <= MAX_PACKED_BYTES


def pack_body(body: bytes) -> bytes:
    """Compress a batch; the same body gives the same bytes."""
    return gzip.compress(body, compresslevel=6, mtime=0)
