"""Whatever happens in whatever order: legal paths only, rising fences, one winner, one end."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.discovery import services as discovery
from apps.discovery.types import StageOutcome
from apps.notifications.models import Notice
from apps.racine import services
from apps.racine.models import Run, RunEvent, StageRun
from apps.racine.services import sweeping
from apps.racine.services.settling import claim_settling, finish_run
from apps.racine.services.stage_work import claim_stage, finish_stage
from apps.racine.transitions import FenceLost, TransitionIllegal, change_run, change_stages
from apps.racine.types import (
    ACTIVE_RUN_STATES,
    OPEN_STAGE_STATES,
    RUN_TRANSITIONS,
    STAGE_TRANSITIONS,
    RunState,
    StageState,
)
from datawave.common.errors import DataWaveError
from datawave_edge.protocol import JobFailure
from tests.discovery.factories import feed_job, make_close, make_table, open_stream, send_batch
from tests.people import People, make_people

from .conftest import FakeStage

# Those that race most come most.
ACTIONS = (
    *("claim", "expire") * 8,
    *("finish",) * 3,
    *("settle_claim", "settle_end", "settle_expire", "close") * 2,
    *("fail", "wake", "cancel", "sweep", "resume", "retry", "rerun", "job_fail"),
)
STEPS = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 7))
NOTHING_OPEN = (
    RunState.SETTLING,
    RunState.COMPLETED,
    RunState.COMPLETED_WITH_ERRORS,
    RunState.CANCELLED,
)


class World:
    """A run, workers that may be slow or dead, and the checks after each step."""

    def __init__(self, people: People) -> None:
        self.alice = people.alice
        self.run = services.start_run(source=people.source, user=people.alice)
        self.job, self.agent = open_stream(people.source, job=self.run.job)
        for seq in range(2):
            send_batch(self.job, self.agent, seq, [make_table(f"t{seq}")])
        self.claims: list[StageRun] = []
        self.settlers: list[Run] = []
        self.seen = self._look()

    def do(self, action: str, pick: int) -> None:
        """One step; refusals are fine, illegal changes are not."""
        try:
            getattr(self, f"do_{action}")(pick)
        except TransitionIllegal:
            raise
        except DataWaveError:
            pass
        self._check()

    def do_claim(self, pick: int) -> None:
        ids = list(self.run.stage_runs.values_list("pk", flat=True))
        claimed = claim_stage(ids[pick % len(ids)])
        if claimed is not None:
            self.claims.append(claimed)

    def do_finish(self, pick: int) -> None:
        if not self.claims:
            return
        # Workers never know that they are late, so an old claim may come again.
        work = self.claims[pick % len(self.claims)]
        now = StageRun.objects.get(pk=work.pk)
        finish_stage(work, StageOutcome(), 0.1)
        assert (now.state, now.fence) == (StageState.LEASED, work.fence)
        services.try_settle(run_id=self.run.pk)

    def do_fail(self, pick: int) -> None:
        if self.claims:
            work = self.claims[pick % len(self.claims)]
            services.stage_work._note_failure(work, ValueError())
            services.try_settle(run_id=self.run.pk)

    def do_expire(self, pick: int) -> None:
        StageRun.objects.filter(state=StageState.LEASED).update(lease_until=timezone.now())
        sweeping.free_lost_stages()

    def do_wake(self, pick: int) -> None:
        StageRun.objects.filter(state=StageState.RETRY_WAIT).update(not_before=timezone.now())
        sweeping.wake_retries()

    def do_cancel(self, pick: int) -> None:
        services.cancel_run(run=self.run, user=self.alice)

    def do_settle_claim(self, pick: int) -> None:
        claimed = claim_settling(self.run.pk)
        if claimed is not None:
            self.settlers.append(claimed)

    def do_settle_end(self, pick: int) -> None:
        if self.settlers:
            settler = self.settlers[pick % len(self.settlers)]
            now = Run.objects.get(pk=self.run.pk)
            finish_run(settler)
            assert (now.state, now.fence) == (RunState.SETTLING, settler.fence)

    def do_settle_expire(self, pick: int) -> None:
        Run.objects.filter(pk=self.run.pk).exclude(lease_until=None).update(
            lease_until=timezone.now()
        )
        sweeping.free_lost_settling()

    def do_sweep(self, pick: int) -> None:
        services.sweep()

    def do_resume(self, pick: int) -> None:
        services.resume_run(run=self.run, user=self.alice)

    def do_retry(self, pick: int) -> None:
        services.retry_quarantined(run=self.run, user=self.alice)

    def do_rerun(self, pick: int) -> None:
        services.rerun_stage(run=self.run, stage="fake", user=self.alice)

    def do_job_fail(self, pick: int) -> None:
        failure = JobFailure(code="gone", message="Gone.")
        discovery.fail_job(job=self.job, agent=self.agent, failure=failure)

    def do_close(self, pick: int) -> None:
        names = [("main", "t0"), ("main", "t1")]
        close = make_close(self.job, names)
        discovery.close_job(job=self.job, agent=self.agent, close=close)

    def _look(self) -> dict[Any, tuple[str, int]]:
        found: dict[Any, tuple[str, int]] = {
            pk: (state, fence)
            for pk, state, fence in StageRun.objects.values_list("pk", "state", "fence")
        }
        run = Run.objects.get(pk=self.run.pk)
        found["run"] = (run.state, run.fence)
        return found

    def _check(self) -> None:
        now = self._look()
        for key, (state, fence) in now.items():
            old_state, old_fence = self.seen.get(key, (StageState.READY.value, 0))
            assert fence >= old_fence
            assert is_reachable(key == "run", old_state, state), (old_state, state)
        self.seen = now
        run = Run.objects.get(pk=self.run.pk)
        if run.state in NOTHING_OPEN:
            assert not run.stage_runs.filter(state__in=OPEN_STAGE_STATES).exists()
        assert (run.finished_at is None) == (run.state in ACTIVE_RUN_STATES)
        for kind in ("run_completed", "run_completed_with_errors", "run_failed", "run_cancelled"):
            told = Notice.objects.filter(user=self.alice, kind=kind).count()
            assert told <= run.resumes + 1


def is_reachable(is_run: bool, start: str, end: str) -> bool:
    """Whether legal changes lead from one state to the other; a step may make several."""
    legal: Any = RUN_TRANSITIONS if is_run else STAGE_TRANSITIONS
    reached, front = {start}, [start]
    while front:
        for state in legal[type(next(iter(legal)))(front.pop())]:
            if state.value not in reached:
                reached.add(state.value)
                front.append(state.value)
    return end in reached


# Forty histories of up to 25 steps each take minutes on a machine that is busy.
@pytest.mark.timeout(600)
@pytest.mark.django_db
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(steps=[("claim", 0), ("expire", 0), ("claim", 0), ("finish", 0), ("finish", 1)])
@example(
    steps=[
        *[("close", 0), ("claim", 0), ("claim", 1), ("finish", 0), ("finish", 1)],
        *[("settle_claim", 0), ("settle_expire", 0), ("settle_claim", 0)],
        *[("settle_end", 0), ("settle_end", 1), ("settle_end", 0)],
    ]
)
@example(
    steps=[
        *[("claim", 0), ("cancel", 0), ("job_fail", 0), ("resume", 0), ("resume", 0)],
        *[("finish", 0), ("claim", 0), ("finish", 0), ("finish", 1)],
    ]
)
@example(
    steps=[
        *[("close", 0), ("claim", 0), ("claim", 1), ("finish", 0), ("finish", 1)],
        *[("settle_claim", 0), ("settle_end", 0), ("rerun", 0), ("finish", 0), ("claim", 0)],
        *[("settle_end", 0), ("finish", 2), ("claim", 1), ("finish", 3), ("settle_claim", 0)],
        *[("settle_end", 0), ("settle_end", 1)],
    ]
)
@given(
    steps=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 7)), min_size=10, max_size=25)
)
def test_no_interleaving_breaks_a_promise(
    stage: FakeStage, django_capture_on_commit_callbacks: Any, steps: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        with django_capture_on_commit_callbacks(execute=True):
            world = World(make_people())
        for action, pick in steps:
            with django_capture_on_commit_callbacks(execute=True):
                world.do(action, pick)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_change_is_refused_when_no_path_leads_there(run: Run) -> None:
    with pytest.raises(TransitionIllegal):
        change_run(run.pk, origins=[RunState.WAITING], to=RunState.COMPLETED)
    with pytest.raises(TransitionIllegal):
        change_run(run.pk, origins=[RunState.RUNNING, RunState.COMPLETED], to=RunState.FAILED)
    with pytest.raises(TransitionIllegal):
        change_stages(Q(), origins=[StageState.DISCARDED], to=StageState.READY)
    run.refresh_from_db()
    assert run.state == RunState.WAITING


def together(work: Any, arguments: list[Any]) -> list[Any]:
    """Run it in one thread each, started as nearly at once as can be."""
    barrier = threading.Barrier(len(arguments))
    results: list[Any] = []

    def one(argument: Any) -> None:
        barrier.wait()
        try:
            results.append(work(argument))
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[argument]) for argument in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(5))
def test_exactly_one_settles_when_all_stages_end_at_once(
    run: Run, stage: FakeStage, hints: list[Any], attempt: int
) -> None:
    feed_job(run.source, [make_table(f"t{n}") for n in range(4)], run=run, tables_per_batch=1)
    ids = list(run.stage_runs.values_list("pk", flat=True))
    hints.clear()
    together(lambda pk: services.run_stage(stage_run_id=pk), ids)
    retried = [pk for pk in ids if StageRun.objects.get(pk=pk).state != StageState.DONE]
    for pk in retried:
        StageRun.objects.filter(pk=pk).update(not_before=timezone.now())
        services.sweep()
        services.run_stage(stage_run_id=pk)
    assert [hint for hint in hints if hint == ("settle", run.pk)] == [("settle", run.pk)]
    run.refresh_from_db()
    assert run.state == RunState.SETTLING


@pytest.mark.django_db(transaction=True)
def test_exactly_one_end_is_told_when_many_settle_at_once(run: Run, stage: FakeStage) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    services.run_stage(stage_run_id=run.stage_runs.get().pk)
    together(lambda pk: services.settle_run(run_id=pk), [run.pk] * 4)
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    assert len(stage.settled) == 1
    assert Notice.objects.filter(kind="run_completed").count() == 1
    assert RunEvent.objects.filter(message="Completed.").count() == 1


@pytest.mark.django_db(transaction=True)
def test_exactly_one_run_starts_when_the_button_is_pressed_at_once(people: People) -> None:
    def start(_: int) -> str:
        try:
            services.start_run(source=people.source, user=people.alice)
        except services.SourceBusy:
            return "busy"
        return "started"

    assert sorted(together(start, [1, 2, 3])) == ["busy", "busy", "started"]


@pytest.mark.django_db(transaction=True)
def test_an_old_settler_is_refused_when_another_has_taken_over(run: Run) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    services.run_stage(stage_run_id=run.stage_runs.get().pk)
    old = claim_settling(run.pk)
    assert old is not None
    assert claim_settling(run.pk) is None
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now())
    new = claim_settling(run.pk)
    assert new is not None
    with pytest.raises(FenceLost):
        finish_run(old)
    finish_run(new)
