"""A batch as it goes over the wire: its lines joined, hashed and compressed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .protocol import MAX_PACKED_BYTES, Record, batch_sha256, encode_records
from .protocol.compression import Encoding, pack, unpack


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
    def of_lines(cls, lines: Iterable[bytes], records: int, encoding: Encoding = "gzip") -> Packed:
        """Compress what is encoded."""
        body = b"".join(lines)
        return cls(records, batch_sha256(body), pack(body, encoding), len(body))

    @classmethod
    def of_packed(cls, packed: bytes, records: int) -> Packed:
        """Take compressed records as they are."""
        body = unpack(packed)
        return cls(records, batch_sha256(body), packed, len(body))

    @property
    def fits(self) -> bool:
        """Whether it is small enough for the wire."""
        return len(self.packed) <= MAX_PACKED_BYTES
