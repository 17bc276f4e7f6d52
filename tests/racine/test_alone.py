"""What hangs, crashes its worker or eats memory is worked on alone, then set aside."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from apps.racine import services
from apps.racine.models import Run, RunEvent, StageRun
from apps.racine.retries import ALONE_AFTER, LOSSES_ALLOWED
from apps.racine.services import alone
from apps.racine.types import RunState, StageState
from tests.discovery.factories import feed_job, make_table
from tests.people import People

from .conftest import FakeStage, WorkOff

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # What ends a loop may come up in a finalizer, where it is ignored and raised again.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CRASH = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
HANG = "import time; print(1, flush=True); time.sleep(60)"
LONG = 600
FULL = f"import sys; sys.exit({alone.MEMORY_EXIT})"


@pytest.fixture
def work(run: Run) -> StageRun:
    """The only stage run of a run that has been read."""
    feed_job(run.source, [make_table("a")], run=run)
    return run.stage_runs.get()


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Chooses what the child process does in place of its work."""

    def choose(code: str) -> None:
        monkeypatch.setattr(alone, "COMMAND", [sys.executable, "-S", "-c", code])

    return choose


def lose(work: StageRun, times: int) -> None:
    """Its worker is killed that often while it works."""
    for _ in range(times):
        assert services.stage_work.claim_stage(work.pk)
        StageRun.objects.filter(pk=work.pk).update(lease_until=timezone.now())
        services.sweep()
    work.refresh_from_db()


def loop_for_ever() -> None:
    while True:
        time.sleep(0.01)


def test_endless_loop_is_ended_and_goes_on_alone_when_its_time_is_over(
    work: StageRun, stage: FakeStage, settings: Any, child: Any, work_off: WorkOff
) -> None:
    settings.STAGE_LIMIT_SECONDS = 1.5
    child(HANG)
    stage.on_compute.append(loop_for_ever)
    started = time.monotonic()
    services.run_stage(stage_run_id=work.pk)
    assert time.monotonic() - started < 9
    work.refresh_from_db()
    assert (work.state, work.losses) == (StageState.READY, ALONE_AFTER)
    for _ in range(2):
        services.run_stage(stage_run_id=work.pk)
    work.refresh_from_db()
    assert (work.state, work.error_code) == (StageState.QUARANTINED, "stage_overran")
    settings.STAGE_LIMIT_SECONDS = LONG
    work_off()
    assert len(stage.computed) == 1
    assert Run.objects.get().state == RunState.COMPLETED_WITH_ERRORS


def test_loop_is_ended_when_its_lease_can_not_be_kept(
    run: Run, people: People, stage: FakeStage, settings: Any
) -> None:
    settings.STAGE_LEASE_SECONDS = 0.9
    feed_job(run.source, [make_table("a")], run=run)

    def cancel_and_loop() -> None:
        services.cancel_run(run=run, user=people.alice)
        loop_for_ever()

    stage.on_compute.append(cancel_and_loop)
    started = time.monotonic()
    services.run_stage(stage_run_id=run.stage_runs.get().pk)
    assert time.monotonic() - started < 9
    # It was cancelled, and is no loss.
    work = run.stage_runs.get()
    assert (work.state, work.losses) == (StageState.CANCELLED, 0)


def test_thread_does_its_next_work_when_a_loop_was_ended_in_it(
    run: Run, stage: FakeStage, settings: Any
) -> None:
    settings.STAGE_LIMIT_SECONDS = 1.5
    feed_job(run.source, [make_table("a"), make_table("b")], run=run, tables_per_batch=1)
    first, second = run.stage_runs.all()
    stage.on_compute.append(loop_for_ever)
    services.run_stage(stage_run_id=first.pk)
    settings.STAGE_LIMIT_SECONDS = LONG
    services.run_stage(stage_run_id=second.pk)
    second.refresh_from_db()
    assert second.state == StageState.DONE


@pytest.mark.parametrize(
    "end",
    [(CRASH, "worker_lost", "signal 11"), (FULL, "stage_memory", "memory")],
)
def test_it_is_set_aside_when_it_fells_a_process_of_its_own_twice(
    work: StageRun, stage: FakeStage, child: Any, work_off: WorkOff,
    end: tuple[str, str, str],
) -> None:  # fmt: skip
    code, error_code, told = end
    child(code)
    lose(work, ALONE_AFTER)
    assert work.state == StageState.READY
    work_off()
    work.refresh_from_db()
    assert (work.state, work.losses) == (StageState.QUARANTINED, LOSSES_ALLOWED)
    assert work.error_code == error_code
    assert told in work.error_message
    assert not stage.computed
    assert RunEvent.objects.filter(level="error", message__contains="set aside").exists()
    assert Run.objects.get().state == RunState.COMPLETED_WITH_ERRORS


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The child's part, done here, since a child can't see a database in memory."""
    asked: list[str] = []

    def wait(command: list[str], _limit: float) -> alone.Loss:
        kind, pk, fence = command[-3:]
        asked.append(kind)
        if kind == "stage":
            services.finish_alone(stage_run_id=int(pk), fence=int(fence))
        else:
            services.settle_claimed(run_id=int(pk), fence=int(fence))
        return alone.Loss("worker_lost", "It ended with exit code 0.")

    monkeypatch.setattr(alone, "_wait", wait)
    return asked


def test_it_is_done_when_it_works_alone(
    work: StageRun, in_this_process: list[str], work_off: WorkOff
) -> None:
    lose(work, ALONE_AFTER)
    work_off()
    work.refresh_from_db()
    assert (work.state, work.losses) == (StageState.DONE, ALONE_AFTER)
    assert in_this_process == ["stage"]
    assert Run.objects.get().state == RunState.COMPLETED


def test_failure_counts_as_one_when_it_happens_alone(
    work: StageRun, stage: FakeStage, in_this_process: list[str]
) -> None:
    lose(work, ALONE_AFTER)
    stage.on_compute.append(ValueError())
    services.run_stage(stage_run_id=work.pk)
    work.refresh_from_db()
    assert (work.state, work.failures, work.losses) == (StageState.RETRY_WAIT, 1, ALONE_AFTER)


def test_it_works_alone_when_memory_was_short(
    work: StageRun, stage: FakeStage, in_this_process: list[str], work_off: WorkOff
) -> None:
    stage.on_compute.append(MemoryError())
    services.run_stage(stage_run_id=work.pk)
    work.refresh_from_db()
    assert (work.state, work.losses) == (StageState.READY, ALONE_AFTER)
    work_off()
    work.refresh_from_db()
    assert work.state == StageState.DONE


def test_it_waits_without_loss_when_another_is_worked_on_alone(work: StageRun) -> None:
    lose(work, ALONE_AFTER)
    with alone._turn:
        services.run_stage(stage_run_id=work.pk)
    work.refresh_from_db()
    assert (work.state, work.losses) == (StageState.READY, ALONE_AFTER)


def test_child_does_nothing_when_the_work_was_given_to_others(
    work: StageRun, stage: FakeStage
) -> None:
    lose(work, 1)
    assert services.stage_work.claim_stage(work.pk)
    services.finish_alone(stage_run_id=work.pk, fence=1)
    assert not stage.computed


def test_settling_is_ended_and_goes_on_alone_when_its_time_is_over(
    work: StageRun,
    stage: FakeStage,
    settings: Any,
    in_this_process: list[str],
    work_off: WorkOff,
) -> None:
    services.run_stage(stage_run_id=work.pk)
    settings.STAGE_LIMIT_SECONDS = 1.5
    stage.on_settle.append(loop_for_ever)
    work_off()
    run = Run.objects.get()
    assert (run.state, run.losses) == (RunState.COMPLETED, ALONE_AFTER)
    assert in_this_process == ["settle"]


def test_run_fails_with_a_next_step_when_settling_fells_its_own_process(
    work: StageRun, stage: FakeStage, child: Any, work_off: WorkOff
) -> None:
    child(CRASH)
    stage.on_settle.append(MemoryError())
    work_off()
    run = Run.objects.get()
    assert (run.state, run.error_code) == (RunState.FAILED, "settle_lost")
    assert "resume" in run.error_hint
