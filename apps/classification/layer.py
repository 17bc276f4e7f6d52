"""What decisions taught: a memory of decided columns and least confidences, over a trained judge.

The memory votes by nearness. It never makes the judge forget what it was trained on, it explains
itself by the columns that voted, and it is learnt in seconds.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from .judge import Evidence, Judge, TableFacts, Verdict, judge_all
from .likeness import SIZE, describe_column
from .model.store import ModelRefused
from .neighbours import NearBy, Neighbours
from .rules.wording import tell_title
from .taxonomy import find_type, sensitivity_of

FORMAT: Final = "datawave-layer-1"
MOST_REMEMBERED: Final = 20_000
# Votes of the nearest so many columns are counted.
MOST_HEARD: Final = 30
_MOST: Final = 0.99
_TELLING: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """A decided column: what it is, or what it is not."""

    likeness: bytes
    semantic_type: str
    is_so: bool
    # The dataset, so that a table can be judged as if nobody had decided on it.
    dataset_id: int


@dataclass(frozen=True, kw_only=True)
class Votes:
    """What the memory says of a column: types that it speaks for and against, from 0 to 1."""

    speaks_for: Mapping[str, float] = field(default_factory=dict)
    against: Mapping[str, float] = field(default_factory=dict)
    # How many columns spoke for each type.
    voters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """All that decisions taught."""

    memory: tuple[Remembered, ...]
    # How near a column must be to have a vote, and what a vote of the same column counts.
    radius: float = 0.25
    trust: float = 0.7
    # Least confidence of a type; below it the judge abstains.
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def index(self) -> Neighbours:
        """The memory, ready to be asked."""
        return Neighbours([each.likeness for each in self.memory])

    def vote(self, near: NearBy, *, without_dataset: int | None = None) -> Votes:
        """Count what near columns say; those of one dataset can be left out."""
        doubts: dict[bool, dict[str, float]] = {True: {}, False: {}}
        voters: dict[str, int] = defaultdict(int)
        total: dict[str, float] = defaultdict(float)
        heard = 0
        for place, distance in zip(near.places, near.distances, strict=True):
            each = self.memory[place]
            if distance >= self.radius or heard >= MOST_HEARD:
                break
            if each.dataset_id == without_dataset:
                continue
            heard += 1
            weight = self.trust * (1.0 - float(distance) / self.radius)
            left = doubts[each.is_so]
            left[each.semantic_type] = left.get(each.semantic_type, 1.0) * (1.0 - weight)
            if each.is_so:
                voters[each.semantic_type] += 1
                total[each.semantic_type] += weight
        return _count(doubts, voters, total)


def _count(
    doubts: Mapping[bool, Mapping[str, float]],
    voters: Mapping[str, int],
    total: Mapping[str, float],
) -> Votes:
    against = {name: 1.0 - doubt for name, doubt in doubts[False].items()}
    votes = sum(total.values())
    speaks_for = {
        # Who disagree about alike columns weaken each other.
        name: (1.0 - doubt) * (total[name] / votes) * (1.0 - against.get(name, 0.0))
        for name, doubt in doubts[True].items()
    }
    return Votes(speaks_for=speaks_for, against=against, voters=dict(voters))


@dataclass(frozen=True)
class Choice:
    """A type and how sure it is."""

    semantic_type: str
    confidence: float
    # The type where it is too unsure to name it.
    unsure_of: str = ""


def combine(layer: Layer, verdict: Choice, votes: Votes) -> Choice:
    """The judge's verdict after the memory voted on it."""
    said, sure = verdict.semantic_type, verdict.confidence
    own = votes.speaks_for.get(said, 0.0)
    sure *= 1.0 - votes.against.get(said, 0.0)
    others = {name: vote for name, vote in votes.speaks_for.items() if name != said}
    rival = max(others, key=lambda name: (others[name], name), default="")
    if rival:
        sure *= 1.0 - others[rival] / 2
    if said and own:
        sure = 1.0 - (1.0 - sure) * (1.0 - own)
    best = Choice(rival, others[rival]) if rival and others[rival] > sure else Choice(said, sure)
    least = layer.thresholds.get(best.semantic_type, 0.0)
    confidence = min(_MOST, max(0.0, best.confidence))
    if confidence < least:
        return Choice("", confidence, unsure_of=best.semantic_type)
    return Choice(best.semantic_type, confidence)


class LearnedJudge:
    """A judge whose verdicts the memory of decisions corrects."""

    def __init__(self, base: Judge, layer: Layer, version: str) -> None:
        self.version = version
        self._base = base
        self._layer = layer
        self._index = layer.index()

    def judge(self, table: TableFacts) -> list[Verdict]:
        """One verdict for each column, in their order."""
        (verdicts,) = self.judge_all([table])
        return verdicts

    def judge_all(self, tables: Sequence[TableFacts]) -> list[list[Verdict]]:
        """The verdicts on each table."""
        judged = judge_all(self._base, tables)
        likenesses = [describe_column(column) for table in tables for column in table.columns]
        near = iter(self._index.find(likenesses, self._layer.radius))
        return [
            self._correct_table(verdicts, [self._layer.vote(next(near)) for _ in verdicts])
            for verdicts in judged
        ]

    def _correct_table(self, verdicts: list[Verdict], votes: Sequence[Votes]) -> list[Verdict]:
        people = any(verdict.personal for verdict in verdicts)
        return [
            self._correct(verdict, each, about_people=people)
            for verdict, each in zip(verdicts, votes, strict=True)
        ]

    def _correct(self, verdict: Verdict, votes: Votes, *, about_people: bool) -> Verdict:
        before = Choice(verdict.semantic_type, verdict.confidence)
        after = combine(self._layer, before, votes)
        evidence = (*_tell_votes(votes, before, after), *verdict.evidence)
        if after.semantic_type == before.semantic_type:
            return replace(verdict, confidence=after.confidence, evidence=evidence)
        found = find_type(after.semantic_type)
        personal = bool(found and (found.personal or (found.contextual and about_people)))
        return replace(
            verdict,
            semantic_type=after.semantic_type,
            unsure_of=after.unsure_of,
            confidence=after.confidence,
            personal=personal,
            sensitivity=sensitivity_of(after.semantic_type, personal=personal),
            evidence=evidence,
        )


def _tell_votes(votes: Votes, before: Choice, after: Choice) -> list[Evidence]:
    told = []
    for name in dict.fromkeys((after.semantic_type, before.semantic_type)):
        share = votes.speaks_for.get(name, 0.0)
        if name and share >= _TELLING:
            text = f"People decided so of {votes.voters[name]} alike columns: {tell_title(name)}"
            told.append(Evidence(supports=name == after.semantic_type, weight=share, text=text))
        if name and votes.against.get(name, 0.0) >= _TELLING:
            text = f"People rejected this type for alike columns: {tell_title(name)}"
            told.append(Evidence(supports=False, weight=votes.against[name], text=text))
    if before.semantic_type and not after.semantic_type:
        text = f"Too unsure for this type, as decisions showed: {tell_title(before.semantic_type)}"
        told.append(Evidence(supports=False, weight=before.confidence, text=text))
    return told


# Files


def pack_layer(layer: Layer) -> tuple[bytes, bytes]:
    """The layer as arrays and as JSON that names them by their hash."""
    types = sorted({each.semantic_type for each in layer.memory})
    places = {name: place for place, name in enumerate(types)}
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        likeness=np.frombuffer(b"".join(e.likeness for e in layer.memory), np.uint8),
        kind=np.array([places[each.semantic_type] for each in layer.memory], np.uint16),
        is_so=np.array([each.is_so for each in layer.memory], np.bool_),
        dataset=np.array([each.dataset_id for each in layer.memory], np.int64),
    )
    arrays = packed.getvalue()
    told = {
        "format": FORMAT,
        "sha256": hashlib.sha256(arrays).hexdigest(),
        "types": types,
        "radius": layer.radius,
        "trust": layer.trust,
        "thresholds": dict(layer.thresholds),
    }
    return arrays, json.dumps(told, indent=1, sort_keys=True).encode()


def unpack_layer(arrays: bytes, described: bytes) -> Layer:
    """The layer. Raises ModelRefused."""
    try:
        told = json.loads(described)
        if told["format"] != FORMAT or told["sha256"] != hashlib.sha256(arrays).hexdigest():
            raise ModelRefused("The model file has a format or a hash that is not known here.")
        return _unpack(told, arrays)
    except (ValueError, KeyError, TypeError, IndexError, OSError):
        raise ModelRefused from None


def _unpack(told: dict[str, Any], arrays: bytes) -> Layer:
    with np.load(io.BytesIO(arrays), allow_pickle=False) as parts:
        rows = parts["likeness"].reshape(-1, SIZE)
        columns: Sequence[Any] = (parts["kind"], parts["is_so"], parts["dataset"])
        memory = tuple(
            Remembered(
                likeness=row.tobytes(),
                semantic_type=told["types"][int(kind)],
                is_so=bool(is_so),
                dataset_id=int(dataset),
            )
            for row, kind, is_so, dataset in zip(rows, *columns, strict=True)
        )
    return Layer(
        memory=memory[:MOST_REMEMBERED],
        radius=float(told["radius"]),
        trust=float(told["trust"]),
        thresholds={str(name): float(least) for name, least in told["thresholds"].items()},
    )
