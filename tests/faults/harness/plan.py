"""What is done to a run, and what it must come to all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.harness.trial import Trial


@dataclass(frozen=True)
class Injection:
    """One fault: `act` does it, given the trial; `text` is how it is told."""

    text: str
    act: Callable[[Trial], None]
    # Its place in the order of a run's phases.
    phase: int = 0


@dataclass
class Plan:
    """The faults of one run, drawn by seed, and what may come of it."""

    injections: list[Injection]
    states: tuple[str, ...] = ("completed",)
    # How often each injection makes the agent begin anew, at most.
    interruptions: int = 1
    # What is made ready before the run begins.
    prepare: Callable[[Trial], None] | None = None
    # A run by hand takes the place of the agent's own.
    drive: Callable[[Trial], None] | None = None
    # Exit codes that the faults themselves bring about.
    deaths: tuple[int, ...] = ()
    # Whether the catalogue must be the oracle's at the end of this run, and whether another run
    # without faults must make it so.
    compare: bool = True
    again: bool = False
    # What else must hold, asked when the run is over.
    judge: Callable[[Trial], Iterable[str]] | None = None
