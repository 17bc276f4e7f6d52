"""What people taught stands above every version of the judge: shown columns, patterns and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from .judge import Evidence, Judge, TableFacts, Verdict, judge_all
from .likeness import describe_column
from .neighbours import NearBy, Neighbours
from .recognising import Claim, Recognisers, Told
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
    """A judge that follows lessons and recognisers before its own mind."""

    def __init__(
        self, base: Judge, lessons: Sequence[Taught], told: Sequence[Told], taxonomy: str
    ) -> None:
        self._base = base
        self._lessons = [(each, Neighbours(each.examples)) for each in lessons]
        self._recognisers = Recognisers(told)
        known = ([(each.key, each.radius) for each in lessons], list(told), taxonomy)
        mark = blake2b(repr(known).encode(), digest_size=3).hexdigest()
        self.version = f"{base.version}+{mark}"

    def judge(self, table: TableFacts) -> list[Verdict]:
        """One verdict for each column, in their order."""
        (verdicts,) = self.judge_all([table])
        return verdicts

    def judge_all(self, tables: Sequence[TableFacts]) -> list[list[Verdict]]:
        """The verdicts on each table; every lesson looks at all columns at once."""
        judged = judge_all(self._base, tables)
        columns = [column for table in tables for column in table.columns]
        likenesses = [describe_column(column) for column in columns] if self._lessons else []
        near = [(each, index.find(likenesses, each.radius)) for each, index in self._lessons]
        verdicts = [verdict for each in judged for verdict in each]
        followed = iter(
            self._follow(
                verdict,
                [*_list_claims(near, place), *self._recognisers.list_claims(column)],
                {each.semantic_type for each in _list_forbidding(near, place)},
            )
            for place, (verdict, column) in enumerate(zip(verdicts, columns, strict=True))
        )
        return [[next(followed) for _ in each] for each in judged]

    def _follow(self, verdict: Verdict, claims: Sequence[Claim], never: set[str]) -> Verdict:
        allowed = [each for each in claims if each.semantic_type not in never]
        best = max(allowed, key=lambda each: (each.confidence, each.semantic_type), default=None)
        if best:
            return _name(verdict, best)
        return _drop(verdict) if verdict.semantic_type in never else verdict


Near = Sequence[tuple[Taught, Sequence[NearBy]]]


def _list_claims(near: Near, place: int) -> list[Claim]:
    """What lessons say of a column that is like the ones they showed."""
    return [
        Claim(
            each.semantic_type,
            _SUREST - (_SUREST - _AT_THE_EDGE) * float(found[place].distances[0]) / each.radius,
            f"Like columns that were shown as examples: {tell_title(each.semantic_type)}",
        )
        for each, found in near
        if each.kind == LessonKind.LIKE and len(found[place].places)
    ]


def _list_forbidding(near: Near, place: int) -> list[Taught]:
    return [
        each for each, found in near if each.kind == LessonKind.NEVER and len(found[place].places)
    ]


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


def _name(verdict: Verdict, claim: Claim) -> Verdict:
    found = find_type(claim.semantic_type)
    personal = found is not None and found.personal
    evidence = Evidence(supports=True, weight=claim.confidence, text=claim.text)
    return replace(
        verdict,
        semantic_type=claim.semantic_type,
        confidence=claim.confidence,
        personal=personal,
        sensitivity=sensitivity_of(claim.semantic_type, personal=personal),
        evidence=(evidence, *verdict.evidence),
    )
