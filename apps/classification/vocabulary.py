"""All semantic types that are known here, and what a type says of a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import taxonomy
from .types import SemanticType


@dataclass(frozen=True)
class Vocabulary:
    """Types by their name."""

    types: Mapping[str, SemanticType]

    def is_personal(self, name: str, *, about_people: bool) -> bool:
        """Whether a column of this type is about people, in a table that is or is not."""
        found = self.types.get(name)
        return found is not None and (found.personal or (found.contextual and about_people))

    def sensitivity_of(self, name: str, *, personal: bool) -> str:
        """See taxonomy.sensitivity_of."""
        return taxonomy.sensitivity_of(name, personal=personal)


def load_vocabulary() -> Vocabulary:
    """The types as they are now."""
    return Vocabulary(taxonomy.TYPES)
