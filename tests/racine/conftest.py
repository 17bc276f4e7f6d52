"""A stage to play with, and a way to do the workers' part without workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.discovery import stages
from apps.discovery.types import BatchContent, RunScope, StageOutcome
from apps.racine import receivers, services, signals, tasks
from apps.racine.models import Run, StageRun
from apps.racine.types import RunState, StageState
from tests.people import People

WorkOff = Callable[[], None]


@dataclass
class FakeStage:
    """Counts what it is asked to do, and fails when it is told to."""

    name: str = "fake"
    title: str = "Fake"
    description: str = "Does nothing"
    icon: str = "table"
    order: int = 1
    # Errors that the next calls raise, one each; a callable runs instead.
    on_compute: list[Exception | Callable[[], None]] = field(default_factory=list)
    on_settle: list[Exception | Callable[[], None]] = field(default_factory=list)
    computed: list[int] = field(default_factory=list)
    batches: list[BatchContent] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)
    settled: list[Any] = field(default_factory=list)

    def compute(self, batch: BatchContent) -> int:
        """Number of tables."""
        self.computed.append(batch.batch_id)
        self.batches.append(batch)
        _play(self.on_compute)
        return len(batch.tables)

    def store(self, batch: BatchContent, result: int) -> StageOutcome:
        """One label per table."""
        self.stored.append(batch.batch_id)
        return StageOutcome(counters={"tables": result, "labels": result})

    def settle(self, run: RunScope) -> StageOutcome:
        """Two findings per run."""
        self.settled.append(run.run_id)
        _play(self.on_settle)
        return StageOutcome(counters={"findings": 2})


def _play(script: list[Exception | Callable[[], None]]) -> None:
    if not script:
        return
    step = script.pop(0)
    if isinstance(step, Exception):
        raise step
    step()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> FakeStage:
    """The only stage that is registered."""
    fake = FakeStage()
    monkeypatch.setattr(stages, "_stages", {})
    stages.register_stage(fake)
    return fake


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hints go nowhere, as if the broker had lost them all."""
    for task in (tasks.run_stage, tasks.settle_run):
        monkeypatch.setattr(task, "delay", lambda **_: None)


@pytest.fixture
def hints() -> Iterator[list[Any]]:
    """What would have been given to the broker: ids of stage runs and ("settle", run id)."""
    given: list[Any] = []

    def note_stages(stage_run_ids: list[int], **_: Any) -> None:
        given.extend(stage_run_ids)

    def note_run(run_id: int, **_: Any) -> None:
        given.append(("settle", run_id))

    signals.stages_ready.connect(note_stages)
    signals.run_ready_to_settle.connect(note_run)
    yield given
    signals.stages_ready.disconnect(note_stages)
    signals.run_ready_to_settle.disconnect(note_run)


@pytest.fixture
def work_off() -> WorkOff:
    """Does all work that is ready, as workers and settlers would, until none is left."""

    def work() -> None:
        deadline = time.monotonic() + 60
        while _work_once() and time.monotonic() < deadline:
            pass

    return work


def _work_once() -> bool:
    ids = list(StageRun.objects.filter(state=StageState.READY).values_list("pk", flat=True))
    for stage_run_id in ids:
        services.run_stage(stage_run_id=stage_run_id)
    settling = Run.objects.filter(state=RunState.SETTLING, lease_until=None, not_before=None)
    run_ids = list(settling.values_list("pk", flat=True))
    for run_id in run_ids:
        services.settle_run(run_id=run_id)
    return bool(ids or run_ids)


@pytest.fixture
def run(people: People, stage: FakeStage) -> Run:
    """A run that Alice has just started."""
    return services.start_run(source=people.source, user=people.alice)


__all__ = ["FakeStage", "WorkOff", "receivers"]
