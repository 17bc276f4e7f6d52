"""The semantic types: what each is called, how sensitive it is, and its names elsewhere.

The shipped types never change while the server runs. An installation may add types of its own: the
taxonomy in force is the shipped one with those, and `put_in_force` replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

from .data import read_lines
from .types import SemanticType, Sensitivity, TypeNode

# Rises whenever a shipped type comes, goes or changes its meaning.
VERSION: Final = "2"
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
# Keys say that a row is about a person, not which; see RuleJudge for where they point.
KEY_TYPES: Final = frozenset({"id.record", "id.uuid"})


@dataclass(frozen=True)
class Taxonomy:
    """Types by name and the tree that they hang on; never changed, only extended to another."""

    version: str
    types: Mapping[str, SemanticType]
    nodes: Mapping[str, TypeNode]

    def extend(self, own: Iterable[SemanticType], *, version: str) -> Taxonomy:
        """The taxonomy with an installation's own types; a shipped name can't be taken."""
        added = {each.name: each for each in own if each.name not in self.types}
        return Taxonomy(f"{self.version}+{version}", {**self.types, **added}, self.nodes)

    def list_above(self, name: str) -> list[TypeNode]:
        """The nodes that a type or node hangs on, nearest first."""
        found = []
        at = self.types[name].node if name in self.types else self._parent(name)
        while at:
            found.append(self.nodes[at])
            at = self.nodes[at].parent
        return found

    def list_below(self, node: str) -> list[SemanticType]:
        """All types that are kinds of a node, at any depth."""
        return list(self._below.get(node, ()))

    def _parent(self, node: str) -> str:
        return self.nodes[node].parent if node in self.nodes else ""

    @cached_property
    def _below(self) -> dict[str, list[SemanticType]]:
        found: dict[str, list[SemanticType]] = {}
        for each in self.types.values():
            for node in self.list_above(each.name):
                found.setdefault(node.name, []).append(each)
        return found


def _read_nodes() -> Iterator[TypeNode]:
    for line in read_lines("tree"):
        yield TypeNode(*line.split("|"))


def _read_types() -> Iterator[SemanticType]:
    mapped = {line.partition("|")[0]: line.split("|")[1:] for line in read_lines("mappings")}
    for line in read_lines("types"):
        name, title, level, personal, category, description = line.split("|")
        node, schema_org, info_types = mapped[name]
        yield SemanticType(
            name=name,
            title=title,
            group=GROUPS.get(name.partition(".")[0], "General"),
            sensitivity=_LEVELS[level],
            personal=personal == "always",
            contextual=personal == "context",
            categories=(category,) if category else (),
            description=description,
            node=node,
            schema_org=schema_org,
            info_types=tuple(info_types.split()),
        )


TYPES: Final[Mapping[str, SemanticType]] = MappingProxyType(
    {each.name: each for each in _read_types()}
)
SHIPPED: Final = Taxonomy(VERSION, TYPES, {each.name: each for each in _read_nodes()})
_in_force: list[Taxonomy] = [SHIPPED]


def in_force() -> Taxonomy:
    """The taxonomy by which columns are judged and shown."""
    return _in_force[0]


def put_in_force(taxonomy: Taxonomy) -> None:
    """Replace the taxonomy of this process."""
    _in_force[0] = taxonomy


def find_type(name: str) -> SemanticType | None:
    """A type of the taxonomy in force."""
    return _in_force[0].types.get(name)


def sensitivity_of(name: str, *, personal: bool) -> str:
    """Sensitivity of a type, which is internal at most where a contextual type has no person."""
    found = find_type(name)
    if found is None:
        return Sensitivity.INTERNAL.value
    if personal or not (found.contextual or found.personal):
        return _raised(found) if personal else found.sensitivity
    return Sensitivity.PUBLIC.value if found.sensitivity == "public" else Sensitivity.INTERNAL.value


def _raised(found: SemanticType) -> str:
    """Texts and documents about people are confidential, although others are not."""
    written = found.name in ("text.free", "data.json")
    return Sensitivity.CONFIDENTIAL.value if written else found.sensitivity


def title_of(name: str) -> str:
    """`contact.email` as `E-mail address`; a type that is no longer there as it is."""
    found = find_type(name)
    return found.title if found else name


def categories_of(name: str, *, personal: bool) -> tuple[str, ...]:
    """Fideslang categories of a type; none where data that may be personal is not."""
    found = find_type(name)
    if found is None or not (personal or not (found.contextual or found.personal)):
        return ()
    return found.categories
