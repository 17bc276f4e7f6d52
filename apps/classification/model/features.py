"""What the model is told of a column: names of features and their numbers, no value.

Features are kept by name, so that a model goes on working when the edge learns new recognisers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from apps.classification.judge import TableFacts
from apps.classification.rules.columns import Column, read_column
from apps.classification.rules.context import add_context
from apps.classification.rules.names import score_name
from apps.classification.rules.scoring import Scores, rank, score_column
from apps.classification.rules.subject import Subject, judge_subject
from datawave_edge.protocol import ColumnProfile

Features = dict[str, float]
_SIGNS: Final = "@.-:/_+(),'#%& {[\\$*"
_LEAST: Final = -4.0
_SPAN: Final = 4.0
_TELLING: Final = 0.01
_DECADES: Final = 1900
_SPREAD: Final = 40


@dataclass(frozen=True, kw_only=True)
class ReadColumn:
    """A column with what the rules say of it and its own features."""

    column: Column
    scores: Scores
    features: Features
    # What the rules hold likely, as shares of one.
    shares: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class ReadTable:
    """A table as the rules read it."""

    facts: TableFacts
    columns: tuple[ReadColumn, ...]
    subject: Subject


def read_table(facts: TableFacts) -> ReadTable:
    """Let the rules judge a table and keep all that they think."""
    columns = [read_column(each, facts.references.get(each.name, "")) for each in facts.columns]
    scores = [score_column(column, facts.name) for column in columns]
    subject = judge_subject(facts, _find_best(columns, scores))
    for column, each in zip(columns, scores, strict=True):
        add_context(column, each, subject, columns)
    subject = judge_subject(facts, _find_best(columns, scores))
    read = [_read(column, each, facts.name) for column, each in zip(columns, scores, strict=True)]
    return ReadTable(facts=facts, columns=tuple(read), subject=subject)


def _find_best(columns: Sequence[Column], scores: Sequence[Scores]) -> dict[str, str]:
    pairs = zip(columns, scores, strict=True)
    return {column.name: rank(each)[0][0] for column, each in pairs}


def _read(column: Column, scores: Scores, table: str) -> ReadColumn:
    shares = share_out({kind: score.points for kind, score in scores.items()})
    found: Features = {
        f"n.{kind}": points for kind, points in score_name(column.name, table).items()
    }
    for kind, score in scores.items():
        found[f"r.{kind}"] = max(0.0, score.points - _LEAST) / _SPAN
    for kind, share in shares.items():
        if share > _TELLING:
            found[f"q.{kind}"] = share
    _add_snapshot(found, column)
    if column.filled:
        _add_profile(found, column, column.profile)
    return ReadColumn(column=column, scores=scores, features=found, shares=shares)


def share_out(points: Mapping[str, float]) -> dict[str, float]:
    """Points as log-odds, made into shares of one."""
    top = max(points.values())
    raised = {kind: math.exp(each - top) for kind, each in points.items()}
    total = sum(raised.values())
    return {kind: each / total for kind, each in raised.items()}


def _add_snapshot(found: Features, column: Column) -> None:
    snapshot = column.snapshot
    found[f"type.{snapshot.type}"] = 1.0
    found[f"kind.{column.kind}"] = 1.0
    found["filled"] = math.log1p(column.filled)
    found["key"] = float(column.is_key)
    found["unique"] = float(snapshot.unique)
    found["refers"] = float(bool(column.references))


def _add_profile(found: Features, column: Column, profile: ColumnProfile) -> None:
    for name in ("letter_rate", "digit_rate", "space_rate", "symbol_rate", "entropy"):
        found[name] = getattr(profile, name)
    found["null_rate"] = profile.nulls / max(1, profile.rows)
    found["empty_rate"] = profile.empty / max(1, profile.rows)
    found["distinct"] = math.log1p(profile.distinct)
    found["distinct_rate"] = column.distinct_rate
    found["min_length"] = math.log1p(profile.min_length)
    found["max_length"] = math.log1p(profile.max_length)
    found["mean_length"] = math.log1p(column.mean_length)
    found["length_spread"] = float(min(_SPREAD, profile.max_length - profile.min_length))
    found["words"] = math.log1p(profile.mean_words)
    found[f"protection.{profile.protection}"] = 1.0
    for name, rate in profile.hits.items():
        found[f"h.{name}"] = rate
    for name, rate in profile.mentions.items():
        found[f"m.{name}"] = rate
    for name, share in profile.traits.items():
        found[f"t.{name}"] = share
    _add_numbers(found, profile)
    _add_dates(found, profile)
    _add_shapes(found, profile.shapes)


def _add_numbers(found: Features, profile: ColumnProfile) -> None:
    number = profile.number
    if number is None:
        return
    found["number"] = 1.0
    found["low_magnitude"] = float(number.low_magnitude)
    found["high_magnitude"] = float(number.high_magnitude)
    found["magnitudes"] = float(number.high_magnitude - number.low_magnitude)
    found["negative_rate"] = number.negative_rate
    found["integer_rate"] = number.integer_rate
    found["zero_rate"] = number.zero_rate
    found["sequential_rate"] = number.sequential_rate


def _add_dates(found: Features, profile: ColumnProfile) -> None:
    date = profile.date
    if date is None:
        return
    found["oldest"] = (date.oldest_decade - _DECADES) / 10
    found["newest"] = (date.newest_decade - _DECADES) / 10
    found["decades"] = (date.newest_decade - date.oldest_decade) / 10
    found["timed"] = date.with_time_rate
    found[f"precision.{date.precision}"] = 1.0


def _add_shapes(found: Features, shapes: Mapping[str, float]) -> None:
    """Shares of the ways values begin and of the signs they hold."""
    found["shapes"] = float(len(shapes))
    found["shape_top"] = max(shapes.values(), default=0.0)
    found["shape_told"] = sum(shapes.values())
    for shape, share in shapes.items():
        for key in {f"sign.{sign}" for sign in _SIGNS if sign in shape}:
            found[key] = found.get(key, 0.0) + share
        for key in (f"start.{shape[:2]}", f"end.{shape[-1:]}"):
            found[key] = found.get(key, 0.0) + share
        found["runs"] = found.get("runs", 0.0) + share * sum(char in "Aa9" for char in shape)


def list_contexts(shares: Sequence[Mapping[str, float]], subject: Subject) -> Iterator[Features]:
    """For each column what the others are, and what the rules take the rows for."""
    telling = [{kind: s for kind, s in each.items() if s > _TELLING} for each in shares]
    total: Counter[str] = Counter()
    for each in telling:
        total.update(each)
    rows = {f"subject.{subject.kind}": 1.0, "people": float(subject.about_people)}
    for own in telling:
        found = {**rows, "siblings": math.log1p(len(shares) - 1)}
        for kind, sum_ in total.items():
            rest = sum_ - own.get(kind, 0.0)
            if rest > _TELLING:
                found[f"s.{kind}"] = 1.0 - 0.5**rest
        yield found


def list_known(rows: Iterable[Features], least: int = 3) -> list[str]:
    """Names of the features that enough columns have, in order."""
    counts: dict[str, int] = {}
    for row in rows:
        for name, value in row.items():
            if value:
                counts[name] = counts.get(name, 0) + 1
    return sorted(name for name, count in counts.items() if count >= least)
