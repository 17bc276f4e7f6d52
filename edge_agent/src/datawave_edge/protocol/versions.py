"""Which versions of the protocol understand each other, and how a newer message is read.

A minor version adds optional fields and no more. A receiver is strict with its own version, for a
field that nobody declared is a fault; from a newer minor version it leaves out what it does not
know. What can't be left out is named in `OpenStream.needs`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

import msgspec

from .limits import PROTOCOL_VERSION

# Majors that are served; the previous one for twelve months at least.
SERVED_MAJORS: Final = (1,)
LOWEST_VERSION: Final = "1.0"
# What this side can do beyond the plain protocol; an agent may need none that is not among them.
CAPABILITIES: Final = ("gzip", "zstd")
# Engines that came after 1.0, with the version from which an agent can read work about them.
_LATER_ENGINES: Final = dict.fromkeys(("duckdb", "files", "mssql", "oracle", "sqlalchemy"), (1, 1))

_VERSION: Final = re.compile(r"(\d{1,4})\.(\d{1,4})")


def parse_version(text: str) -> tuple[int, int] | None:
    """Major and minor of "1.3"; None when it is no version."""
    found = _VERSION.fullmatch(text)
    return (int(found[1]), int(found[2])) if found and text.isascii() else None


def is_newer(text: str) -> bool:
    """Whether a sender of that version may use optional fields that are not known here."""
    theirs, ours = parse_version(text), parse_version(PROTOCOL_VERSION)
    return theirs is not None and ours is not None and theirs[0] == ours[0] and theirs > ours


def knows_engine(version: str, engine: str) -> bool:
    """Whether an agent of that version can read work about such a source."""
    spoken = parse_version(version)
    return spoken is not None and spoken >= _LATER_ENGINES.get(engine, (1, 0))


def drop_unknown(value: Any, kind: Any) -> Any:
    """Plain data without the fields that `kind` does not declare, however deep."""
    return _drop(value, _inspect(kind))


@cache
def _inspect(kind: Any) -> msgspec.inspect.Type:
    return msgspec.inspect.type_info(kind)


def _drop(value: Any, info: msgspec.inspect.Type) -> Any:
    if isinstance(info, msgspec.inspect.UnionType):
        return _drop(value, _choose(value, info))
    if isinstance(info, msgspec.inspect.StructType) and isinstance(value, dict):
        return _drop_fields(value, info)
    if isinstance(info, msgspec.inspect.ListType) and isinstance(value, list):
        return [_drop(item, info.item_type) for item in value]
    if isinstance(info, msgspec.inspect.DictType) and isinstance(value, dict):
        return {key: _drop(item, info.value_type) for key, item in value.items()}
    return value


def _drop_fields(value: dict[str, Any], info: msgspec.inspect.StructType) -> dict[str, Any]:
    known = {field.encode_name: field.type for field in info.fields}
    kept = {name: _drop(item, known[name]) for name, item in value.items() if name in known}
    if info.tag_field in value:
        kept[info.tag_field] = value[info.tag_field]
    return kept


def _choose(value: Any, info: msgspec.inspect.UnionType) -> msgspec.inspect.Type:
    """The member that the tag names, else the one struct there is, else anything."""
    structs = [each for each in info.types if isinstance(each, msgspec.inspect.StructType)]
    if isinstance(value, dict):
        for each in structs:
            if each.tag_field is None or value.get(each.tag_field) == each.tag:
                return each
    containers = (msgspec.inspect.ListType, msgspec.inspect.DictType)
    for other in info.types:
        if isinstance(other, containers) and isinstance(value, list | dict):
            return other
    return msgspec.inspect.AnyType()
