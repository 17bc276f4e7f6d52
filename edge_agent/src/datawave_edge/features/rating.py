"""Hit rates of the recognisers over a column's different values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import compress
from typing import Final

from .gate import GATES, Gate, plan_for

# Check digits that chance passes once in ten are asked on, only where the first ones mostly hold.
_FIRST: Final = 16
_MOST: Final = 0.5


class _Group:
    """Values that the same recognisers are asked about, with their numbers of rows."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self.counts: list[int] = []

    def count(self, gate: Gate) -> int:
        """Rows that a recogniser accepts."""
        if gate.weak and not self._is_promising(gate):
            return 0
        return sum(compress(self.counts, map(gate.accepts, self.values)))

    def count_words(self, lists: Collection[Gate], found: Counter[str]) -> None:
        """Add the rows whose value is on one of some lists, each value being looked up once."""
        listed = _lists_by_word()
        for value, count in zip(self.values, self.counts, strict=True):
            for gate in listed.get(value.lower(), ()):
                if gate in lists:
                    found[gate.name] += count

    def _is_promising(self, gate: Gate) -> bool:
        first = self.values[:_FIRST]
        return sum(map(gate.accepts, first)) >= _MOST * len(first)


def rate_hits(tried: Mapping[str, int], patterns: Sequence[str]) -> dict[str, float]:
    """Share of rows that each recogniser accepts, of `tried` values with their numbers of rows."""
    found: Counter[str] = Counter()
    for asked, group in _group(tried, patterns, found).items():
        lists, others = _part(asked)
        if lists:
            group.count_words(lists, found)
        for gate in others:
            if hits := group.count(gate):
                found[gate.name] += hits
    total = sum(tried.values())
    return {name: rate(found[name], total) for name in sorted(found)}


@lru_cache(maxsize=20_000)
def _part(asked: tuple[Gate, ...]) -> tuple[frozenset[Gate], tuple[Gate, ...]]:
    """Recognisers that are nothing but lists of words, and the others."""
    lists = frozenset(gate for gate in asked if gate.words)
    return lists, tuple(gate for gate in asked if not gate.words)


@lru_cache(maxsize=1)
def _lists_by_word() -> Mapping[str, tuple[Gate, ...]]:
    """The lists that each word is on."""
    found: dict[str, tuple[Gate, ...]] = {}
    for gate in GATES.values():
        for word in gate.words:
            found[word] = (*found.get(word, ()), gate)
    return found


def _group(
    tried: Mapping[str, int], patterns: Sequence[str], found: Counter[str]
) -> dict[tuple[Gate, ...], _Group]:
    """Values by who must be asked; what patterns alone say is counted at once."""
    groups: dict[tuple[Gate, ...], _Group] = {}
    known: dict[str, tuple[_Group, tuple[str, ...]]] = {}
    for (value, count), pattern in zip(tried.items(), patterns, strict=True):
        if pattern not in known:
            plan = plan_for(pattern, len(value))
            known[pattern] = groups.setdefault(plan.asked, _Group()), plan.sure
        group, sure = known[pattern]
        group.values.append(value)
        group.counts.append(count)
        for name in sure:
            found[name] += count
    return groups


def rate(part: int, total: int) -> float:
    """A share that never rounds to none, nor to all, when it is not."""
    if part == total:
        return 1.0
    return min(0.9999, max(0.0001, round(part / total, 4)))
