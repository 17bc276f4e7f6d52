"""What people taught stands above every version: shown columns, patterns, least confidences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from datawave_edge.protocol import ColumnSnapshot

from .judge import Evidence, Judge, TableFacts, Verdict, judge_all
from .likeness import describe_column
from .neighbours import SLACK, NearBy, Neighbours
from .recognising import Claim, Recognisers, Told
from .rules.wording import tell_title
from .taxonomy import find_type, sensitivity_of
from .thresholds import keep_to_thresholds
from .types import LessonKind

_SUREST: Final = 0.97
_AT_THE_EDGE: Final = 0.6


@dataclass(frozen=True, kw_only=True)
class Taught:
    """A lesson, ready to be applied."""

    key: int
    kind: str
    semantic_type: str
    examples: tuple[bytes, ...]
    radius: float


class TaughtJudge:
    """A judge that follows lessons and recognisers before its own mind, and keeps to thresholds."""

    def __init__(
        self,
        base: Judge,
        lessons: Sequence[Taught],
        told: Sequence[Told],
        thresholds: Mapping[str, float],
        taxonomy: str,
    ) -> None:
        self._base = base
        self._lessons = _Lessons(lessons)
        self._recognisers = Recognisers(told)
        self._thresholds = thresholds
        shown = [(each.key, each.radius) for each in lessons]
        known = (shown, list(told), sorted(thresholds.items()), taxonomy)
        mark = blake2b(repr(known).encode(), digest_size=3).hexdigest()
        self.version = f"{base.version}+{mark}"

    def judge(self, table: TableFacts) -> list[Verdict]:
        """One verdict for each column, in their order."""
        (verdicts,) = self.judge_all([table])
        return verdicts

    def judge_all(self, tables: Sequence[TableFacts]) -> list[list[Verdict]]:
        """The verdicts on each table; all lessons look at all columns at once."""
        judged = judge_all(self._base, tables)
        columns = [column for table in tables for column in table.columns]
        verdicts = [verdict for each in judged for verdict in each]
        followed = iter(
            self._follow(
                verdict,
                [*_list_claims(near), *self._recognisers.list_claims(column)],
                {each.semantic_type for each, _ in near if each.kind == LessonKind.NEVER},
            )
            for verdict, column, near in zip(
                verdicts, columns, self._lessons.find(columns), strict=True
            )
        )
        return [
            keep_to_thresholds([next(followed) for _ in each], self._thresholds) for each in judged
        ]

    def _follow(self, verdict: Verdict, claims: Sequence[Claim], never: set[str]) -> Verdict:
        allowed = [each for each in claims if each.semantic_type not in never]
        best = max(allowed, key=lambda each: (each.confidence, each.semantic_type), default=None)
        if best:
            return _name(verdict, best)
        return _drop(verdict) if verdict.semantic_type in never else verdict


# Lessons that speak of a column, with its distance from the nearest example of each.
Near = Sequence[tuple[Taught, float]]


class _Lessons:
    """The examples of all lessons in one index."""

    def __init__(self, lessons: Sequence[Taught]) -> None:
        self._owners = [each for each in lessons for _ in each.examples]
        self._index = Neighbours([one for each in lessons for one in each.examples])
        self._radius = max((each.radius for each in lessons), default=0.0)

    def find(self, columns: Sequence[ColumnSnapshot]) -> list[Near]:
        """What speaks of each column."""
        if not self._owners:
            return [[] for _ in columns]
        found = self._index.find([describe_column(column) for column in columns], self._radius)
        return [self._list_near(each) for each in found]

    def _list_near(self, near: NearBy) -> Near:
        nearest: dict[int, tuple[Taught, float]] = {}
        for place, distance in zip(near.places, near.distances, strict=True):
            lesson = self._owners[place]
            if distance <= lesson.radius + SLACK:
                nearest.setdefault(lesson.key, (lesson, float(distance)))
        return list(nearest.values())


def _list_claims(near: Near) -> list[Claim]:
    """What lessons say of a column that is like the ones they showed."""
    return [
        Claim(
            each.semantic_type,
            _SUREST - (_SUREST - _AT_THE_EDGE) * distance / each.radius,
            f"Like columns that were shown as examples: {tell_title(each.semantic_type)}",
        )
        for each, distance in near
        if each.kind == LessonKind.LIKE
    ]


def _drop(verdict: Verdict) -> Verdict:
    text = f"A person said that such columns are never this: {tell_title(verdict.semantic_type)}"
    against = Evidence(supports=False, weight=1.0, text=text)
    return replace(
        verdict,
        semantic_type="",
        unsure_of="",
        personal=False,
        sensitivity=sensitivity_of("", personal=False),
        evidence=(against, *verdict.evidence),
    )


def _name(verdict: Verdict, claim: Claim) -> Verdict:
    found = find_type(claim.semantic_type)
    personal = found is not None and found.personal
    evidence = Evidence(supports=True, weight=claim.confidence, text=claim.text)
    return replace(
        verdict,
        semantic_type=claim.semantic_type,
        unsure_of="",
        confidence=claim.confidence,
        personal=personal,
        sensitivity=sensitivity_of(claim.semantic_type, personal=personal),
        evidence=(evidence, *verdict.evidence),
    )
