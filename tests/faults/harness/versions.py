"""Messages as a newer or an older version of the protocol would say them."""

from __future__ import annotations

from typing import Any

import msgspec

from datawave_edge.protocol import versions

# What is optional on paper, and without which there would be another run.
KEPT = ("cancel", "rejected", "missing", "hashes")


def add_novelties(value: Any, kind: Any) -> Any:
    """A message with a field that nobody knows yet in each of its objects, however deep."""
    return _add(value, msgspec.inspect.type_info(kind))


def _add(value: Any, info: msgspec.inspect.Type) -> Any:
    if isinstance(info, msgspec.inspect.UnionType):
        return _add(value, versions._choose(value, info))
    if isinstance(info, msgspec.inspect.StructType) and isinstance(value, dict):
        known = {field.encode_name: field.type for field in info.fields}
        told = {k: _add(item, known[k]) if k in known else item for k, item in value.items()}
        return {**told, "novelty": {"level": 1}}
    if isinstance(info, msgspec.inspect.ListType) and isinstance(value, list):
        return [_add(item, info.item_type) for item in value]
    if isinstance(info, msgspec.inspect.DictType) and isinstance(value, dict):
        return {key: _add(item, info.value_type) for key, item in value.items()}
    return value


def drop_optional(message: msgspec.Struct) -> Any:
    """A message with nothing in it that may be left out."""
    told = msgspec.to_builtins(message)
    kept = {
        field.encode_name: told[field.encode_name]
        for field in msgspec.structs.fields(message)
        if field.required or field.name in KEPT
    }
    tag = message.__struct_config__.tag_field
    return kept | ({tag: told[tag]} if tag else {})
