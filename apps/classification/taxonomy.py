"""The semantic types: what each is called, how sensitive it is, and its Fideslang categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from .data import read_lines
from .types import SemanticType, Sensitivity

_LEVELS: Final = {
    "p": Sensitivity.PUBLIC.value,
    "i": Sensitivity.INTERNAL.value,
    "c": Sensitivity.CONFIDENTIAL.value,
    "r": Sensitivity.RESTRICTED.value,
}
GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "person": "People",
        "contact": "Contact",
        "address": "Address",
        "geo": "Place",
        "gov": "Government numbers",
        "health": "Health",
        "finance": "Finance",
        "secret": "Secrets",
        "user": "Accounts",
        "consent": "Consent",
        "device": "Devices and network",
        "net": "Devices and network",
        "vehicle": "Vehicles",
        "org": "Organisations",
        "product": "Products and works",
        "work": "Products and works",
        "id": "Keys and codes",
        "data": "Files and data",
        "file": "Files and data",
        "text": "Text",
    }
)


def _read_rows() -> Iterator[SemanticType]:
    for line in read_lines("types"):
        name, title, level, personal, category, description = line.split("|")
        yield SemanticType(
            name=name,
            title=title,
            group=GROUPS.get(name.partition(".")[0], "General"),
            sensitivity=_LEVELS[level],
            personal=personal == "always",
            contextual=personal == "context",
            categories=(category,) if category else (),
            description=description,
        )


TYPES: Final[Mapping[str, SemanticType]] = MappingProxyType(
    {each.name: each for each in _read_rows()}
)
# Keys say that a row is about a person, not which; see RuleJudge for where they point.
KEY_TYPES: Final = frozenset({"id.record", "id.uuid"})


def sensitivity_of(name: str, *, personal: bool) -> str:
    """Sensitivity of a type, which is internal at most where a contextual type has no person."""
    found = TYPES.get(name)
    if found is None:
        return Sensitivity.INTERNAL.value
    if personal or not (found.contextual or found.personal):
        return _raised(found) if personal else found.sensitivity
    return Sensitivity.PUBLIC.value if found.sensitivity == "public" else Sensitivity.INTERNAL.value


def _raised(found: SemanticType) -> str:
    """Free text about people is confidential, although text in general is not."""
    return Sensitivity.CONFIDENTIAL.value if found.name == "text.free" else found.sensitivity


def title_of(name: str) -> str:
    """`contact.email` as `E-mail address`; a type that is no longer there as it is."""
    found = TYPES.get(name)
    return found.title if found else name


def categories_of(name: str, *, personal: bool) -> tuple[str, ...]:
    """Fideslang categories of a type; none where data that may be personal is not."""
    found = TYPES.get(name)
    if found is None or not (personal or not (found.contextual or found.personal)):
        return ()
    return found.categories
