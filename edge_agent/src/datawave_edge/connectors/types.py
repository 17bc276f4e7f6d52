"""From a database's own type names to the few kinds that DataWave reasons with."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from datawave_edge.protocol.structure import NormalType

_WORDS: Final[tuple[tuple[str, NormalType], ...]] = (
    (r"^(bool|boolean)$|^tinyint\(1\)$", "boolean"),
    (r"^(uuid|uniqueidentifier)$", "uuid"),
    (r"^(json|jsonb)$", "json"),
    (r"^(enum|set)\b", "enum"),
    (r"\[\]$|^array", "array"),
    (r"^(inet|cidr|macaddr8?|inet4|inet6)$", "network"),
    (r"^interval", "interval"),
    (r"^(timestamp|datetime)", "datetime"),
    (r"^(time|timetz)\b", "time"),
    (r"^date\b", "date"),
    (r"^year\b", "integer"),
    (r"^(geo\w+|point|line|lseg|box|path|polygon|circle|linestring|multi\w+)\b", "geometry"),
    (r"^(bytea|blob|tinyblob|mediumblob|longblob|binary|varbinary|image|bit)\b", "binary"),
    (r"^(decimal|numeric|number|money|dec|fixed)\b", "decimal"),
    (r"^(float|double|real|float4|float8)", "float"),
    (r"range$", "other"),
    (r"int|serial|^oid$", "integer"),
    (r"char|clob|text|string|^name$|citext|^xml$", "text"),
)  # fmt: skip
_COMPILED: Final = tuple((re.compile(pattern), kind) for pattern, kind in _WORDS)


@lru_cache(maxsize=4_096)
def normal_type(native: str) -> NormalType:
    """The kind of a native type; "other" when its name says nothing."""
    low = native.strip().lower()
    return next((kind for pattern, kind in _COMPILED if pattern.search(low)), "other")


@lru_cache(maxsize=4_096)
def declared_length(native: str) -> int | None:
    """Length of a character type such as varchar(40)."""
    found = re.search(r"char[a-z ]*\((\d{1,9})\)", native.lower())
    return int(found.group(1)) if found else None
