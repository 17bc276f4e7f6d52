"""Learns from decisions and says honestly whether that helps. Free of Django.

What a table's columns are judged by never includes what was decided on that very table, neither
for the version in force nor for the one that is tried. Radius, trust and thresholds are chosen on
four fifths of the tables and measured on the last, five times over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final
from zlib import crc32

from .layer import Choice, Layer, Remembered, Votes, combine
from .neighbours import NearBy
from .types import LearningOutcome

FOLDS: Final = 5
FEWEST: Final = 10
FEWEST_TABLES: Final = 3
# Better by at least so many decisions.
LEAST_GAIN: Final = 2
# A type with so many decisions is clearly worse when it loses more than this.
COUNTED_FROM: Final = 5
MOST_LOST: Final = 1
MOST_LOST_SHARE: Final = 0.1
RADII: Final = (0.15, 0.25, 0.35)
TRUSTS: Final = (0.5, 0.7, 0.9)
THRESHOLDS: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# Suggestions of a type before its threshold is learnt, and what a threshold must win.
FOR_THRESHOLD: Final = 8
THRESHOLD_GAIN: Final = 2


@dataclass(frozen=True, kw_only=True)
class Example:
    """A decision on a column, with what the trained judge alone says of it."""

    likeness: bytes
    dataset_id: int
    said: Choice
    semantic_type: str
    # False where a person said that it is not of this type.
    is_so: bool

    def is_right(self, choice: Choice) -> bool:
        """Whether a verdict is what the person decided."""
        return (choice.semantic_type == self.semantic_type) == self.is_so

    def is_wrong(self, choice: Choice) -> bool:
        """Whether a verdict says something else; abstaining is neither right nor wrong."""
        return bool(choice.semantic_type) and not self.is_right(choice)


@dataclass(frozen=True, kw_only=True)
class Score:
    """How verdicts did on decisions."""

    right: int
    wrong: int
    by_type: Mapping[str, int]

    @property
    def net(self) -> int:
        """What counts: a wrong suggestion costs what a right one brings."""
        return self.right - self.wrong


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What was learnt, and how it does beside what is in force."""

    layer: Layer
    before: Score
    after: Score
    counts: Mapping[str, int]
    outcome: str


def try_learning(examples: Sequence[Example], in_force: Layer | None) -> Trial:
    """Learn from all decisions, and measure on those that are held back."""
    if len(examples) < FEWEST or len({each.dataset_id for each in examples}) < FEWEST_TABLES:
        nothing = Score(right=0, wrong=0, by_type={})
        return Trial(
            layer=Layer(memory=()),
            before=nothing,
            after=nothing,
            counts={},
            outcome=LearningOutcome.TOO_FEW,
        )
    before = score(examples, judge_held_back(in_force, examples))
    after = score(examples, _cross_judge(examples))
    counts = Counter(each.semantic_type for each in examples)
    outcome = decide_promotion(before, after, counts)
    return Trial(layer=fit(examples), before=before, after=after, counts=counts, outcome=outcome)


def decide_promotion(before: Score, after: Score, counts: Mapping[str, int]) -> str:
    """Promoted only if better over all and clearly worse in no type."""
    if after.net - before.net < LEAST_GAIN:
        return LearningOutcome.NO_BETTER
    if any(_is_worse(name, number, before, after) for name, number in counts.items()):
        return LearningOutcome.WORSE_TYPE
    return LearningOutcome.PROMOTED


def _is_worse(name: str, number: int, before: Score, after: Score) -> bool:
    lost = before.by_type.get(name, 0) - after.by_type.get(name, 0)
    return number >= COUNTED_FROM and lost > max(MOST_LOST, MOST_LOST_SHARE * number)


def score(examples: Sequence[Example], choices: Sequence[Choice]) -> Score:
    """Count right and wrong verdicts."""
    pairs = list(zip(examples, choices, strict=True))
    right = [example for example, choice in pairs if example.is_right(choice)]
    return Score(
        right=len(right),
        wrong=sum(example.is_wrong(choice) for example, choice in pairs),
        by_type=Counter(example.semantic_type for example in right),
    )


def _cross_judge(examples: Sequence[Example]) -> list[Choice]:
    """Verdicts on each fifth of the tables by what the other four teach."""
    choices: dict[int, Choice] = {}
    folds = [crc32(str(each.dataset_id).encode()) % FOLDS for each in examples]
    for fold in set(folds):
        learn = [each for each, own in zip(examples, folds, strict=True) if own != fold]
        places = [place for place, own in enumerate(folds) if own == fold]
        held = judge_held_back(fit(learn), [examples[place] for place in places])
        choices.update(zip(places, held, strict=True))
    return [choices[place] for place in range(len(examples))]


def judge_held_back(layer: Layer | None, examples: Sequence[Example]) -> list[Choice]:
    """Verdicts as if nobody had decided on the tables of the examples."""
    if layer is None:
        return [each.said for each in examples]
    votes = _vote(layer, examples, _find(layer, examples))
    return [combine(layer, each.said, vote) for each, vote in zip(examples, votes, strict=True)]


def _find(layer: Layer, examples: Sequence[Example]) -> list[NearBy]:
    return layer.index().find([each.likeness for each in examples], max(RADII))


def _vote(layer: Layer, examples: Sequence[Example], near: Sequence[NearBy]) -> list[Votes]:
    return [
        layer.vote(each, without_dataset=example.dataset_id)
        for each, example in zip(near, examples, strict=True)
    ]


def fit(examples: Sequence[Example]) -> Layer:
    """The memory with the radius, trust and thresholds that do best on tables left out."""
    plain = Layer(memory=tuple(map(_remember, examples)))
    near = _find(plain, examples)
    best, most = plain, -len(examples) - 1
    for radius, trust in product(RADII, TRUSTS):
        layer = replace(plain, radius=radius, trust=trust)
        net = score(examples, _choose(layer, examples, near)).net
        if net > most:
            best, most = layer, net
    return replace(best, thresholds=_fit_thresholds(examples, _choose(best, examples, near)))


def _remember(example: Example) -> Remembered:
    return Remembered(
        likeness=example.likeness,
        semantic_type=example.semantic_type,
        is_so=example.is_so,
        dataset_id=example.dataset_id,
    )


def _choose(layer: Layer, examples: Sequence[Example], near: Sequence[NearBy]) -> list[Choice]:
    votes = _vote(layer, examples, near)
    return [combine(layer, each.said, vote) for each, vote in zip(examples, votes, strict=True)]


def _fit_thresholds(examples: Iterable[Example], choices: Iterable[Choice]) -> dict[str, float]:
    said: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for example, choice in zip(examples, choices, strict=True):
        if choice.semantic_type:
            said[choice.semantic_type].append((choice.confidence, example.is_right(choice)))
    found = {name: _find_threshold(pairs) for name, pairs in sorted(said.items())}
    return {name: least for name, least in found.items() if least}


def _find_threshold(pairs: Sequence[tuple[float, bool]]) -> float:
    """The least confidence that drops more wrong suggestions than right ones; 0 for none."""
    if len(pairs) < FOR_THRESHOLD:
        return 0.0

    def win(least: float) -> int:
        return sum(-1 if is_right else 1 for sure, is_right in pairs if sure < least)

    best = max(THRESHOLDS, key=lambda least: (win(least), -least))
    return best if win(best) >= THRESHOLD_GAIN else 0.0
