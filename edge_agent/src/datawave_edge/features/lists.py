"""Words by their hashes: which lists of names, places, jobs and common words a word is on.

`scripts/build_word_lists.py` makes the file, and names its sources.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final
from zlib import crc32

# In the order of their bits.
LISTS: Final = (
    "first", "last", "city", "country", "region", "language", "medical", "job", "word",
    "company", "street", "calendar", "product", "nationality", "school", "colour",
)  # fmt: skip
FIRST: Final = 1 << LISTS.index("first")
LAST: Final = 1 << LISTS.index("last")
CITY: Final = 1 << LISTS.index("city")
_HEAD: Final = 4


@lru_cache(maxsize=1)
def known_words() -> Mapping[int, int]:
    """Hash of a word -> bits of its lists; read when it is first asked for."""
    packed = (files(__package__) / "lists.bin").read_bytes()
    (count,) = struct.unpack_from("<I", packed)
    cut = _HEAD + count * array("I").itemsize
    hashes, bits = array("I", packed[_HEAD:cut]), array("H", packed[cut:])
    if sys.byteorder == "big":
        hashes.byteswap()
        bits.byteswap()
    return dict(zip(hashes, bits, strict=True))


@lru_cache(maxsize=20_000)
def lists_of(word: str) -> int:
    """Bits of the lists that a word in lower case is on."""
    return known_words().get(crc32(word.encode("utf-8", "replace")), 0)
