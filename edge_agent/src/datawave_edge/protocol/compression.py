"""How bodies are compressed, and how they are unpacked without trusting who packed them."""

from __future__ import annotations

import gzip
import sys
import zlib
from typing import Final, Literal, Protocol

from .limits import MAX_BODY_BYTES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Encoding = Literal["gzip", "zstd"]
# The first that both sides know is used; every server knows gzip.
PREFERRED: Final[tuple[Encoding, ...]] = ("zstd", "gzip")
# What unpacking data that is damaged raises.
DAMAGES: Final = (OSError, EOFError, zlib.error, zstd.ZstdError)

_GZIP_LEVEL: Final = 6
_ZSTD_LEVEL: Final = 6
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
# What a frame may ask for as memory: as much as the largest body, as a power of two.
_WINDOW_LOG: Final = (MAX_BODY_BYTES - 1).bit_length()


class Unpacker(Protocol):
    """One stream that is unpacked piece by piece."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def pack(body: bytes, encoding: Encoding = "gzip") -> bytes:
    """Compress; the same body gives the same bytes."""
    if encoding == "zstd":
        return zstd.compress(body, _ZSTD_LEVEL)
    return gzip.compress(body, compresslevel=_GZIP_LEVEL, mtime=0)


def unpack(packed: bytes) -> bytes:
    """Decompress what this side packed itself. Raises one of DAMAGES."""
    return zstd.decompress(packed) if find_encoding(packed) == "zstd" else gzip.decompress(packed)


def find_encoding(packed: bytes) -> Encoding:
    """How bytes are packed, by what they begin with."""
    return "zstd" if packed.startswith(_ZSTD_MAGIC) else "gzip"


def choose_encoding(capabilities: list[str]) -> Encoding:
    """The best that a server with these capabilities understands."""
    return next((each for each in PREFERRED if each in capabilities), "gzip")


def make_unpacker(encoding: str) -> Unpacker | None:
    """For data of anybody: little memory is held, whatever they ask for. None: unknown here."""
    if encoding == "zstd":
        return zstd.ZstdDecompressor(
            options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
        )
    return zlib.decompressobj(wbits=31) if encoding == "gzip" else None
