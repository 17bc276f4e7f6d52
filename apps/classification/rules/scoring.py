"""Adds up what name, content and siblings say about each type a column may have."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from apps.classification.judge import Evidence

from . import wording
from .checks import check, is_epoch
from .columns import (
    BINARY,
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    FLAG,
    INTEGER,
    JSON,
    PROSE,
    TIME,
    UNKNOWN,
    UUID,
    WORD,
    Column,
)
from .names import score_name
from .values import WRONG_KIND, list_spoken_for, vote

# What a column of a kind most often is when nothing else is known.
_USUAL: Final[Mapping[str, Mapping[str, float]]] = {
    BOOLEAN: {"boolean": 3.0},
    FLAG: {"boolean": 1.6, "quantity": 0.6, "other": 0.2},
    INTEGER: {"quantity": 1.4, "id.record": 0.4, "other": 0.2, "finance.amount": -0.5},
    DECIMAL: {"quantity": 1.5, "finance.amount": 0.9, "percentage": 0.6},
    DATE: {"date": 2.2},
    DATETIME: {"datetime": 2.5},
    TIME: {"time": 3.0},
    DURATION: {"duration": 3.0},
    UUID: {"id.uuid": 1.0},
    JSON: {"data.json": 3.0},
    BINARY: {"data.binary": 3.5},
    PROSE: {"text.free": 1.5, "other": 0.2, "work.title": -0.3, "product.name": -0.5},
    WORD: {"other": 1.2, "code": -0.2, "id.record": -0.2, "product.name": -0.4, "geo.place": -0.6},
    UNKNOWN: {"other": 0.3, "quantity": 0.0},
}
_KEY: Final = 2.5
_REFERENCE: Final = 4.0
_UNIQUE_CODE: Final = 1.8
_HOPELESS: Final = -4.0


@dataclass
class Score:
    """Points of one type for one column, with the reasons."""

    points: float = 0.0
    reasons: list[Evidence] = field(default_factory=list)

    def add(self, points: float, reason: Evidence | None = None) -> None:
        self.points += points
        if reason is not None:
            self.reasons.append(reason)


Scores = dict[str, Score]


def score_column(column: Column, table: str) -> Scores:
    """Points of every type that the column may have."""
    named = score_name(column.name, table)
    usual = _USUAL[column.kind]
    scores: Scores = {
        kind: Score(usual.get(kind, 0.0)) for kind in {*named, *usual, *list_spoken_for(column)}
    }
    for kind, points in named.items():
        scores[kind].add(points, wording.tell_name(kind, points))
    for kind, score in scores.items():
        _add_content(column, kind, score)
    _add_structure(column, scores)
    return {kind: score for kind, score in scores.items() if score.points > _HOPELESS} or scores


def _add_content(column: Column, kind: str, score: Score) -> None:
    found = vote(column, kind)
    if found.score == WRONG_KIND:
        score.add(
            WRONG_KIND, wording.tell(WRONG_KIND, f"The content is of another kind: {column.kind}")
        )
    elif found.recogniser and found.score:
        score.add(found.score, wording.tell_recognised(found.recogniser, found.rate, found.score))
    points, text = check(column, kind)
    if points:
        score.add(points, wording.tell(points, text))


def _add_structure(column: Column, scores: Scores) -> None:
    """Keys and references say more of a column than its values do."""
    if column.kind == UUID:
        return
    record = scores.setdefault("id.record", Score())
    if column.references:
        record.add(_REFERENCE, wording.tell(_REFERENCE, "It refers to another table"))
    elif column.is_key and column.kind in (INTEGER, WORD, UNKNOWN, FLAG):
        record.add(_KEY, wording.tell(_KEY, "It is part of the primary key"))
    if not column.references and _is_business_number(column):
        record.add(
            _UNIQUE_CODE,
            wording.tell(
                _UNIQUE_CODE, "Every value is different and made as numbers of records are"
            ),
        )
    if column.kind in (INTEGER, DECIMAL) and is_epoch(column):
        scores.setdefault("datetime", Score())


def _is_business_number(column: Column) -> bool:
    profile = column.profile
    return (
        column.kind == WORD
        and column.distinct_rate > 0.95  # noqa: PLR2004  # a bound of this rule alone
        and profile.digit_rate > 0.3  # noqa: PLR2004  # a bound of this rule alone
        and profile.mean_words < 1.2  # noqa: PLR2004  # a bound of this rule alone
        and profile.max_length <= 24  # noqa: PLR2004  # a bound of this rule alone
    )


def rank(scores: Scores) -> list[tuple[str, float]]:
    """Types by points, best first."""
    return sorted(
        ((kind, score.points) for kind, score in scores.items()),
        key=lambda pair: (-pair[1], pair[0]),
    )


def confidence_of(scores: Scores, temperature: float) -> float:
    """Share of the best type when points are read as log-odds."""
    points = [score.points / temperature for score in scores.values()]
    top = max(points)
    return 1.0 / sum(math.exp(each - top) for each in points)
