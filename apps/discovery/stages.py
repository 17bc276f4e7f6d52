"""The Stage contract: modules that work on every batch, and the registry of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol

from datawave_edge.protocol import Recogniser, Sketching

from .types import BatchContent, Difference, RunScope, StageOutcome, TimeSpan, UndoScope


class Stage(Protocol):
    """One of the modules that work on every batch, in parallel with the others.

    `compute` reads and thinks outside any transaction; `store` writes what it found inside the
    one transaction that also marks the StageRun done, so it holds no lock while it thinks. Both
    are idempotent. `settle` runs once per run after every batch, in the order of the layers,
    also in one transaction; it decides what needs the whole source.
    """

    name: str
    title: str
    description: str
    icon: str
    # Place in the order of settling; lower first.
    order: int

    def compute(self, batch: BatchContent) -> Any:
        """Work out the results of one batch without writing."""

    def store(self, batch: BatchContent, result: Any) -> StageOutcome:
        """Write the results of one batch."""

    def settle(self, run: RunScope) -> StageOutcome:
        """Decide what needs every batch of the run."""


_stages: dict[str, Stage] = {}


def register_stage(stage: Stage) -> None:
    """Add a stage. Raises ValueError when the name is taken."""
    if stage.name in _stages:
        raise ValueError(f"Two stages are called {stage.name}.")
    _stages[stage.name] = stage


def list_stages() -> list[Stage]:
    """All stages, in the order of settling."""
    return sorted(_stages.values(), key=lambda stage: stage.order)


def get_stage(name: str) -> Stage:
    """The stage of that name. Raises KeyError."""
    return _stages[name]


@dataclass(frozen=True, kw_only=True)
class Reversal:
    """How an app takes back what a run did to its rows.

    `take_back` removes what the run made and restores what it replaced, as far as the app keeps
    history; afterwards the stages work once more on the tables as they were before. Both calls are
    idempotent. What people decided since is kept.
    """

    name: str
    # Rows that a person sees go or change, by what they are called: {"findings": 3}.
    count: Callable[[UndoScope], dict[str, int]]
    take_back: Callable[[UndoScope], None]
    # Of these columns' ids, those on which a person worked since: they stay.
    find_worked_on: Callable[[Collection[int]], set[int]] | None = None


_reversals: dict[str, Reversal] = {}


def register_reversal(reversal: Reversal) -> None:
    """Add one. Raises ValueError when the name is taken."""
    if reversal.name in _reversals:
        raise ValueError(f"Two reversals are called {reversal.name}.")
    _reversals[reversal.name] = reversal


def list_reversals() -> list[Reversal]:
    """All of them, by name: none depends on another."""
    return [_reversals[name] for name in sorted(_reversals)]


# What agents look for beside what they know themselves; whoever knows meanings says it.
_recognisers: list[Callable[[], list[Recogniser]]] = []


def register_recognisers(load: Callable[[], list[Recogniser]]) -> None:
    """Add recognisers that every discovery gets."""
    _recognisers.append(load)


def list_recognisers() -> list[Recogniser]:
    """All of them, as they are now."""
    return [each for load in _recognisers for each in load()]


# How agents sketch columns; whoever compares the sketches says it.
_sketching: list[Callable[[int], Sketching | None]] = []


def register_sketching(load: Callable[[int], Sketching | None]) -> None:
    """Set what a discovery of a source is told about sketches. Raises ValueError when set."""
    if _sketching:
        raise ValueError("Sketches are registered already.")
    _sketching.append(load)


def find_sketching(source_id: int) -> Sketching | None:
    """How the columns of a source are sketched; None when they are not."""
    return next((load(source_id) for load in _sketching), None)


# What differs in an app's rows at the end of the time from its beginning.
Compare = Callable[[TimeSpan], list[Difference]]
_comparisons: list[Compare] = []


def register_comparison(compare: Compare) -> None:
    """Add what two runs are compared by."""
    _comparisons.append(compare)


def compare_times(span: TimeSpan) -> list[Difference]:
    """What every app says."""
    return [difference for compare in _comparisons for difference in compare(span)]


# Counts what waits after a batch was taken in, but no further than it is told.
CountBacklog = Callable[[int], int]
_backlogs: list[CountBacklog] = []


def register_backlog(count: CountBacklog) -> None:
    """Add work that agents are slowed down by."""
    _backlogs.append(count)


def count_backlog(most: int) -> int:
    """All that waits; each kind counted no further than `most`."""
    return sum(count(most) for count in _backlogs)
