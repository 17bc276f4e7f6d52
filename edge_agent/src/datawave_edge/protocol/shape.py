"""What every message part is made of: the closed base and the bounded texts and numbers."""

from __future__ import annotations

from typing import Annotated

import msgspec

from .limits import MAX_STRING

# A name from the source's catalogue: hostile text, up to 1,000 characters.
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
# A container's name, empty where the engine has none.
Container = Annotated[str, msgspec.Meta(max_length=1_000)]
Text = Annotated[str, msgspec.Meta(max_length=MAX_STRING)]
Rate = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Code = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]


class Shape(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of every message part: immutable, and closed to fields it does not declare."""


class Part(Shape, frozen=True, omit_defaults=True):
    """Base of the parts of a record: what says nothing new costs no byte on the wire."""
