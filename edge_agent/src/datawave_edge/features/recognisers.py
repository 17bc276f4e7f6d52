"""All recognisers by name. Importing this module registers them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from . import codes, moments, national, network, numbers, people, terms, tokens
from .gate import GATES, Accepts, recognise

__all__ = ["RECOGNISERS", "recognise"]

_FAMILIES: Final = (codes, moments, national, network, numbers, people, terms, tokens)

RECOGNISERS: Final[Mapping[str, Accepts]] = MappingProxyType(
    {name: GATES[name].accepts_alone for name in sorted(GATES)}
)
