"""How well the machine agrees with people: per type, over time, by confidence. Free of Django."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

BINS: Final = 10
# Types of a confusion table; the others are left out, and said to be.
MOST_TYPES: Final = 12


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the machine had said when a person decided, and what the person said."""

    at: dt.date
    said: str
    confidence: float
    # Empty where the person only said what it is not.
    decided: str
    agreed: bool


@dataclass(frozen=True, kw_only=True)
class TypeFigures:
    """One type that the machine suggested."""

    name: str
    number: int
    agreed: int
    # Month -> share agreed.
    months: dict[str, float]

    @property
    def share(self) -> float:
        """How often people agreed."""
        return self.agreed / self.number


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Suggestions of about the same confidence."""

    least: float
    number: int
    confidence: float
    agreed: float


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """All figures of the page."""

    number: int
    agreed: int
    abstained: int
    types: list[TypeFigures]
    months: list[tuple[str, int, float]]
    bins: list[Bin]
    # Mean distance between what it claims and how often it is right.
    calibration_error: float
    confusion: list[tuple[str, str, int]]

    @property
    def share(self) -> float:
        """How often people agreed."""
        return self.agreed / self.number if self.number else 0.0


def measure(answers: Iterable[Answer]) -> Agreement:
    """Count everything once."""
    told = list(answers)
    said = [each for each in told if each.said]
    bins = _fill_bins(said)
    return Agreement(
        number=len(said),
        agreed=sum(each.agreed for each in said),
        abstained=len(told) - len(said),
        types=_count_types(said),
        months=[(month, len(rows), _share(rows)) for month, rows in _by_month(said).items()],
        bins=bins,
        calibration_error=_find_error(bins, len(said)),
        confusion=_confuse(told),
    )


def _share(answers: Sequence[Answer]) -> float:
    return sum(each.agreed for each in answers) / len(answers)


def _by_month(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    months: dict[str, list[Answer]] = defaultdict(list)
    for each in answers:
        months[f"{each.at:%Y-%m}"].append(each)
    return dict(sorted(months.items()))


def _count_types(answers: Iterable[Answer]) -> list[TypeFigures]:
    by_type: dict[str, list[Answer]] = defaultdict(list)
    for each in answers:
        by_type[each.said].append(each)
    figures = [
        TypeFigures(
            name=name,
            number=len(rows),
            agreed=sum(each.agreed for each in rows),
            months={month: _share(some) for month, some in _by_month(rows).items()},
        )
        for name, rows in by_type.items()
    ]
    return sorted(figures, key=lambda each: (each.agreed - each.number, each.name))


def _fill_bins(answers: Iterable[Answer]) -> list[Bin]:
    filled: dict[int, list[Answer]] = defaultdict(list)
    for each in answers:
        filled[min(BINS - 1, int(each.confidence * BINS))].append(each)
    return [
        Bin(
            least=place / BINS,
            number=len(rows),
            confidence=sum(each.confidence for each in rows) / len(rows),
            agreed=_share(rows),
        )
        for place, rows in sorted(filled.items())
    ]


def _find_error(bins: Iterable[Bin], number: int) -> float:
    off = sum(each.number * abs(each.confidence - each.agreed) for each in bins)
    return off / number if number else 0.0


def _confuse(answers: Iterable[Answer]) -> list[tuple[str, str, int]]:
    """What the machine said and people did not, the most frequent first."""
    pairs = Counter((each.said, each.decided) for each in answers if not each.agreed)
    ranked = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(said, decided, number) for (said, decided), number in ranked]


def make_table(answers: Iterable[Answer]) -> tuple[list[str], list[dict[str, Any]]]:
    """A confusion table of the most frequent types: columns, then a row for each of the machine."""
    pairs = Counter((each.said, each.decided if not each.agreed else each.said) for each in answers)
    often: Counter[str] = Counter()
    for (said, decided), number in pairs.items():
        often[said] += number
        often[decided] += number
    names = sorted(name for name, _ in often.most_common(MOST_TYPES))
    rows = [
        {"name": name, "cells": [(decided, pairs.get((name, decided), 0)) for decided in names]}
        for name in names
    ]
    return names, rows
