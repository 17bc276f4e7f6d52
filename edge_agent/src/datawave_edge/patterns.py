"""Include and exclude patterns of a source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from typing import Final

from .connectors import TableRef


class Pattern:
    """One pattern over "container.name", with `*`, `?` and `[...]`; upper and lower case alike."""

    def __init__(self, text: str) -> None:
        self.text: Final = text.strip()
        self._regex = re.compile(translate(self.text), re.IGNORECASE | re.DOTALL)

    def hits(self, ref: TableRef) -> bool:
        """Whether the pattern speaks of the table."""
        return self._regex.fullmatch(ref.path) is not None


class TableFilter:
    """Decides which tables are read. Exclude wins over include."""

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self.include: Final = [Pattern(each) for each in include if each.strip()]
        self.exclude: Final = [Pattern(each) for each in exclude if each.strip()]

    def lets(self, ref: TableRef) -> bool:
        """Whether the table is to be read."""
        if any(pattern.hits(ref) for pattern in self.exclude):
            return False
        return not self.include or any(pattern.hits(ref) for pattern in self.include)
