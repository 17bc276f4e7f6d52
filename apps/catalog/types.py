"""Facts that people declare about a dataset."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Tag(StrEnum):
    """Declared facts with a meaning to rules; see docs for the values of each."""

    RETENTION_DAYS = "retention_days"
    PURPOSE = "purpose"
    LEGAL_BASIS = "legal_basis"


@dataclass(frozen=True, kw_only=True)
class DeclaredFacts:
    """What people say of a dataset."""

    tags: dict[str, Any] = field(default_factory=dict)
    # Name of the person who answers for it; empty where nobody does.
    owner: str = ""
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class EntryFilters:
    """How a list of entries is narrowed; empty means all."""

    sources: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    sensitivities: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    # "yes", "no", both or none
    personal: tuple[str, ...] = ()
    sort: str = ""


@dataclass(frozen=True, kw_only=True)
class FacetOption:
    """One value to narrow a list by, and how many entries have it."""

    value: str
    title: str
    count: int
    selected: bool
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Facet:
    """A property to narrow a list by."""

    name: str
    title: str
    options: tuple[FacetOption, ...]
