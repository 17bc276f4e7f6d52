"""What a connector costs its source: statements, rows and seconds, by kind of statement."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

CATALOGUE: Final = "catalogue"
SAMPLE: Final = "sample"


@dataclass
class Meter:
    """Counts since the connector was made; they only rise."""

    queries: int = 0
    rows: int = 0
    # Of these, rows of the source's own tables.
    sampled: int = 0
    busy: float = 0.0
    by_kind: dict[str, float] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)
    kind: str = CATALOGUE

    @contextmanager
    def doing(self, kind: str) -> Iterator[None]:
        """Statements within are of this kind."""
        before, self.kind = self.kind, kind
        try:
            yield
        finally:
            self.kind = before

    @contextmanager
    def timing(self) -> Iterator[None]:
        """One statement."""
        self.queries += 1
        began = time.monotonic()
        try:
            yield
        finally:
            self._note(time.monotonic() - began)

    def note_rows(self, count: int) -> None:
        """Rows that a statement gave."""
        self.rows += count
        self.sampled += count if self.kind == SAMPLE else 0

    def _note(self, seconds: float) -> None:
        self.busy += seconds
        self.by_kind[self.kind] = self.by_kind.get(self.kind, 0.0) + seconds
        self.slowest[self.kind] = max(seconds, self.slowest.get(self.kind, 0.0))


@runtime_checkable
class Metered(Protocol):
    """A connector that tells what it costs, can be timed, and stops when told to."""

    @property
    def meter(self) -> Meter:
        """What was asked of the source so far."""

    def ping(self) -> None:
        """The smallest statement there is. Raises SourceFault."""

    def cancel(self) -> None:
        """Stop the statement that runs now, from another thread; never raises."""
