"""What people taught by showing columns stands above every version of the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from .judge import Evidence, Judge, TableFacts, Verdict, judge_all
from .likeness import describe_column
from .neighbours import Neighbours
from .rules.wording import tell_title
from .taxonomy import find_type, sensitivity_of
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
    """A judge that follows lessons before its own mind."""

    def __init__(self, base: Judge, lessons: Sequence[Taught], taxonomy: str) -> None:
        self._base = base
        self._lessons = [(each, Neighbours(each.examples)) for each in lessons]
        told = repr(([(each.key, each.radius) for each in lessons], taxonomy))
        self.version = f"{base.version}+{blake2b(told.encode(), digest_size=3).hexdigest()}"

    def judge(self, table: TableFacts) -> list[Verdict]:
        """One verdict for each column, in their order."""
        return self._follow_table(table, self._base.judge(table))

    def judge_all(self, tables: Sequence[TableFacts]) -> list[list[Verdict]]:
        """The verdicts on each table."""
        judged = judge_all(self._base, tables)
        return [self._follow_table(*pair) for pair in zip(tables, judged, strict=True)]

    def _follow_table(self, table: TableFacts, verdicts: list[Verdict]) -> list[Verdict]:
        likenesses = [describe_column(column) for column in table.columns]
        return [self._follow(*pair) for pair in zip(verdicts, likenesses, strict=True)]

    def _follow(self, verdict: Verdict, likeness: bytes) -> Verdict:
        best: tuple[float, str] | None = None
        for lesson, index in self._lessons:
            (near,) = index.find([likeness], lesson.radius)
            if not len(near.places):
                continue
            if lesson.kind == LessonKind.NEVER:
                if verdict.semantic_type == lesson.semantic_type:
                    verdict = _drop(verdict)
                continue
            closeness = float(near.distances[0]) / lesson.radius
            if best is None or closeness < best[0]:
                best = (closeness, lesson.semantic_type)
        return _name(verdict, best[1], best[0]) if best else verdict


def _drop(verdict: Verdict) -> Verdict:
    text = f"A person said that such columns are never this: {tell_title(verdict.semantic_type)}"
    against = Evidence(supports=False, weight=1.0, text=text)
    return replace(
        verdict,
        semantic_type="",
        personal=False,
        sensitivity=sensitivity_of("", personal=False),
        evidence=(against, *verdict.evidence),
    )


def _name(verdict: Verdict, name: str, closeness: float) -> Verdict:
    found = find_type(name)
    personal = found is not None and found.personal
    confidence = _SUREST - (_SUREST - _AT_THE_EDGE) * closeness
    text = f"Like columns that were shown as examples: {tell_title(name)}"
    return replace(
        verdict,
        semantic_type=name,
        confidence=confidence,
        personal=personal,
        sensitivity=sensitivity_of(name, personal=personal),
        evidence=(Evidence(supports=True, weight=confidence, text=text), *verdict.evidence),
    )
