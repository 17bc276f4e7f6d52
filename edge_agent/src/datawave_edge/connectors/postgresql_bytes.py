"""Text of a database that promises no encoding (SQL_ASCII), as Unicode and back.

The wire carries one character for each byte (LATIN1), which no byte is refused for.
"""

from __future__ import annotations

import re
from typing import Any, Final

ENCODING: Final = "LATIN1"
_OPEN: Final = "‹"
_MARK: Final = re.compile(rb"\xe2\x80\xb9([0-9a-f]{2})\xe2\x80\xba")


def spell(told: Any) -> Any:
    """A name or comment of the catalogue: UTF-8 where it is that, each other byte as ‹e9›.

    No two names are spelt alike, and `restore` gives the bytes back.
    """
    if isinstance(told, list):
        return [spell(each) for each in told]
    if not isinstance(told, str) or told.isascii():
        return told
    found = told.encode("latin-1").decode("utf-8", "surrogateescape")
    return "".join(map(_spell_character, found))


def restore(statement: str) -> str:
    """What `spell` made of names, and all else, in the characters that the wire carries."""
    if statement.isascii():
        return statement
    sent = statement.encode()
    return _MARK.sub(lambda found: bytes.fromhex(found[1].decode()), sent).decode("latin-1")


def read_value(told: Any) -> Any:
    """A value, which is never sent back: UTF-8 if it is that, else Latin-1."""
    if not isinstance(told, str) or told.isascii():
        return told
    try:
        return told.encode("latin-1").decode()
    except UnicodeDecodeError:
        return told


def _spell_character(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"{_OPEN}{ord(character) - 0xDC00:02x}›"
    if character == _OPEN:
        # Else a name could look like the spelling of another.
        return "".join(f"{_OPEN}{each:02x}›" for each in character.encode())
    return character
