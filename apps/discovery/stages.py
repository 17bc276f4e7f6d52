"""The Stage contract: modules that work on every batch, and the registry of them."""

from __future__ import annotations

from typing import Any, Protocol

from .types import BatchContent, RunScope, StageOutcome


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
