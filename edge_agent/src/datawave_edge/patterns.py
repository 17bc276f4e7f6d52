"""Include and exclude patterns of a source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate

from .connectors import TableRef


class TableFilter:
    """Decides by "container.name" which tables are read. Exclude wins over include."""

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self._include = [_compile(each) for each in include if each.strip()]
        self._exclude = [_compile(each) for each in exclude if each.strip()]

    def lets(self, ref: TableRef) -> bool:
        """Whether the table is to be read."""
        if any(pattern.fullmatch(ref.path) for pattern in self._exclude):
            return False
        return not self._include or any(pattern.fullmatch(ref.path) for pattern in self._include)


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.strip()), re.IGNORECASE | re.DOTALL)
