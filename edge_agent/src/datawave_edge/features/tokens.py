"""Recognisers of machine-made strings: hashes, tokens, keys and documents."""

from __future__ import annotations

import json
import re
from typing import Final

from .gate import recogniser

_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_HEX_LENGTHS: Final = frozenset((32, 40, 48, 56, 64, 96, 128))
_BCRYPT = re.compile(r"\$2[abxy]?\$\d{2}\$[./A-Za-z0-9]{53}")
_ARGON = re.compile(
    r"\$(?:argon2(?:id|i|d)|scrypt|pbkdf2[\w-]*|[156])\$\S+|pbkdf2_\w+\$\d+\$\S+|scrypt:\S+"
)
_JWT = re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{4,}\.[\w-]*")
_BASE64 = re.compile(
    r"(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?|[\w-]{24,}"
)
_KEY = re.compile(
    r"(?:sk|pk|rk)_(?:live|test)_\w{10,}|AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|xox[abprs]-[\w-]{10,}"
    r"|AIza[\w-]{35}|glpat-[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|key-[0-9a-f]{32}"
)
_JSON_START = re.compile(r'(?:[\[{]\s*)+"[^"]{1,80}"\s*[:,]')
_CUT_LENGTH: Final = 64
_PARSED: Final = 20_000
_USERNAME = re.compile(r"(?=.*[a-z])[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*\d{0,6}", re.IGNORECASE)


@recogniser("hex_hash", low=32, high=128, only="9a")
def is_hex_hash(value: str) -> bool:
    return len(value) in _HEX_LENGTHS and _HEX.fullmatch(value) is not None


@recogniser("bcrypt", low=59, high=60, needs="$")
def is_bcrypt(value: str) -> bool:
    return _BCRYPT.fullmatch(value) is not None


@recogniser("password_hash", low=20, high=400, one_of="$:")
def is_password_hash(value: str) -> bool:
    """Argon2, scrypt, PBKDF2 or crypt; bcrypt has a name of its own."""
    return _ARGON.fullmatch(value) is not None


@recogniser("jwt", low=20, high=8_000, needs=".a")
def is_jwt(value: str) -> bool:
    return _JWT.fullmatch(value) is not None


@recogniser("base64_token", low=20, high=8_000, needs="a", only="9a+/-_=")
def is_base64_token(value: str) -> bool:
    """A long random-looking token: mixed case and digits, not words."""
    if not _BASE64.fullmatch(value) or value.count("-") + value.count("_") > len(value) // 8:
        return False
    has_mix = not value.islower() and not value.isupper()
    return has_mix and any(char.isdecimal() for char in value)


@recogniser("api_key", low=20, high=200, needs="a", only="9a_-.")
def is_api_key(value: str) -> bool:
    return _KEY.fullmatch(value) is not None


@recogniser("json_object", low=2, high=2**40, one_of="{[")
def is_json_object(value: str) -> bool:
    """A document; a long one may have been cut when it was read, so its beginning is enough."""
    if not value or value[0] not in "{[":
        return False
    if value[-1] not in "}]":
        return len(value) >= _CUT_LENGTH and _JSON_START.match(value) is not None
    if len(value) > _PARSED:
        return _JSON_START.match(value) is not None
    try:
        return isinstance(json.loads(value), dict | list)
    except (ValueError, RecursionError):
        return len(value) >= _CUT_LENGTH and _JSON_START.match(value) is not None


@recogniser("username", low=4, high=32, needs="a", only="9a._-", looks=r"a[a9]*(?:[._-][a9]+)*")
def is_username(value: str) -> bool:
    """A word with a digit or a separator in it, all lower case, as people sign in with."""
    if value != value.lower() or not value.isascii():
        return False
    return not value.isalpha() and _USERNAME.fullmatch(value) is not None
