"""What falls through is found: hints, leases, announcements, waiting runs."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import DataError, connection
from django.utils import timezone

from apps.discovery import services as discovery
from apps.discovery import signals
from apps.discovery.models import DiscoveryJob
from apps.notifications.models import Notice
from apps.racine import services, sweeper
from apps.racine.agenda import load_orchestration
from apps.racine.models import Run, StageRun
from apps.racine.services import sweeping
from apps.racine.services.runs import give_up_waiting
from apps.racine.services.stage_work import claim_stage
from apps.racine.types import RunState, StageState
from datawave_edge.protocol import JobFailure
from tests.discovery.factories import feed_job, make_table, open_stream, send_batch
from tests.people import People

from .conftest import FakeStage, WorkOff

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = dt.timedelta(days=1)


def state_of(run: Run) -> RunState:
    run.refresh_from_db()
    return RunState(run.state)


def age(run: Run, **fields: Any) -> None:
    past = timezone.now() - LONG_AGO
    Run.objects.filter(pk=run.pk).update(**dict.fromkeys(fields, past))


def test_lost_hints_are_given_again(run: Run, hints: list[Any]) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    work = run.stage_runs.get()
    hints.clear()
    services.sweep()
    assert work.pk not in hints
    StageRun.objects.update(hinted_at=timezone.now() - LONG_AGO)
    services.sweep()
    assert hints.count(work.pk) == 1
    services.sweep()
    assert hints.count(work.pk) == 1


def test_hints_are_not_given_again_when_others_are_being_worked_on(
    run: Run, hints: list[Any]
) -> None:
    feed_job(run.source, [make_table("a"), make_table("b")], run=run, tables_per_batch=1)
    first, second = run.stage_runs.order_by("pk")
    hints.clear()
    StageRun.objects.update(hinted_at=timezone.now() - dt.timedelta(seconds=20))
    claim_stage(first.pk)
    services.sweep()
    assert second.pk not in hints
    # Whoever holds it has not renewed its lease for a while.
    lease = dt.timedelta(seconds=settings.STAGE_LEASE_SECONDS / 2)
    StageRun.objects.filter(pk=first.pk).update(lease_until=timezone.now() + lease)
    services.sweep()
    assert second.pk in hints


def test_hints_are_given_again_in_the_end_when_others_are_being_worked_on(
    run: Run, hints: list[Any]
) -> None:
    feed_job(run.source, [make_table("a"), make_table("b")], run=run, tables_per_batch=1)
    first, second = run.stage_runs.order_by("pk")
    hints.clear()
    StageRun.objects.update(hinted_at=timezone.now() - LONG_AGO)
    claim_stage(first.pk)
    services.sweep()
    assert second.pk in hints


def test_lost_announcement_of_a_batch_is_made_up_for(
    run: Run, work_off: WorkOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the server had been killed between the commit of the batch and what follows it.
    for signal in (signals.batch_accepted, signals.job_closed, signals.job_progressed):
        monkeypatch.setattr(signal, "send_robust", lambda *_, **__: [])
    feed_job(run.source, [make_table("a"), make_table("b")], run=run, tables_per_batch=1)
    assert not run.stage_runs.exists()
    services.sweep()
    assert run.stage_runs.count() == 2
    work_off()
    assert state_of(run) == RunState.COMPLETED


def test_lost_failure_of_a_job_is_made_up_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    job, agent = open_stream(run.source, job=run.job)
    monkeypatch.setattr(signals.job_failed, "send", lambda *_, **__: [])
    failure = JobFailure(code="gone", message="The host is gone.")
    discovery.fail_job(job=job, agent=agent, failure=failure)
    services.sweep()
    assert (state_of(run), run.error_code) == (RunState.FAILED, "gone")


def test_settling_is_taken_over_when_the_settler_died(
    run: Run, stage: FakeStage, hints: list[Any], work_off: WorkOff
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    services.run_stage(stage_run_id=run.stage_runs.get().pk)
    assert services.settling.claim_settling(run.pk) is not None
    age(run, lease_until=None)
    hints.clear()
    services.sweep()
    assert ("settle", run.pk) in hints
    assert state_of(run) == RunState.SETTLING
    assert run.losses == 1
    work_off()
    assert state_of(run) == RunState.COMPLETED


def test_run_fails_when_settling_kills_every_worker(run: Run, people: People) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    services.run_stage(stage_run_id=run.stage_runs.get().pk)
    for _ in range(5):
        services.settling.claim_settling(run.pk)
        age(run, lease_until=None)
        services.sweep()
    assert (state_of(run), run.error_code) == (RunState.FAILED, "settle_lost")


def test_settling_is_tried_again_and_then_given_up(
    run: Run, people: People, stage: FakeStage, work_off: WorkOff
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    stage.on_settle += [ValueError("secret")] * 3
    for tries in range(1, 4):
        Run.objects.filter(pk=run.pk).update(not_before=None)
        work_off()
        assert len(stage.settled) == tries
    assert (state_of(run), run.error_code) == (RunState.FAILED, "settle_failed")
    assert "secret" not in run.error_message
    services.resume_run(run=run, user=people.alice)
    work_off()
    assert state_of(run) == RunState.COMPLETED
    # What had settled before the failure is not settled again.
    assert run.settled == ["absence", "fake"]


def test_run_fails_at_once_when_settling_would_fail_each_time(
    run: Run, stage: FakeStage, work_off: WorkOff
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    stage.on_settle += [DataError("secret")] * 3
    work_off()
    assert (state_of(run), run.error_code) == (RunState.FAILED, "settle_failed")
    assert len(stage.settled) == 1


def test_waiting_is_told_once_and_given_up_when_no_agent_comes(run: Run, people: People) -> None:
    services.sweep()
    assert not Notice.objects.filter(kind="run_waiting").exists()
    Run.objects.update(waiting_since=timezone.now() - dt.timedelta(minutes=2))
    services.sweep()
    services.sweep()
    assert Notice.objects.filter(kind="run_waiting", user=people.alice).count() == 1
    age(run, waiting_since=None)
    services.sweep()
    assert (state_of(run), run.error_code) == (RunState.FAILED, "no_agent")
    services.resume_run(run=run, user=people.alice)
    services.sweep()
    assert state_of(run) == RunState.WAITING


def test_run_is_not_given_up_when_an_agent_has_just_taken_it(run: Run) -> None:
    open_stream(run.source, job=run.job)
    # The sweeper still holds the run as it was a moment ago.
    assert not give_up_waiting(run=run)
    assert state_of(run) == RunState.RUNNING
    assert run.job.cancel_requested_at is None


def test_run_waits_again_when_its_agent_fell_silent(run: Run) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])
    assert state_of(run) == RunState.RUNNING
    DiscoveryJob.objects.update(lease_until=timezone.now() - LONG_AGO)
    services.sweep()
    assert state_of(run) == RunState.WAITING
    run.job.refresh_from_db()
    open_stream(run.source, job=run.job, agent=agent)
    assert state_of(run) == RunState.RUNNING


def test_cancelling_ends_when_the_agent_never_answers(run: Run, people: People) -> None:
    job, _ = open_stream(run.source, job=run.job)
    services.cancel_run(run=run, user=people.alice)
    DiscoveryJob.objects.filter(pk=job.pk).update(cancel_requested_at=timezone.now() - LONG_AGO)
    services.sweep()
    assert state_of(run) == RunState.CANCELLED
    services.start_run(source=people.source, user=people.alice)


def test_progress_that_was_held_back_is_shown(run: Run) -> None:
    services.note_progress(run_id=run.pk)
    services.note_progress(run_id=run.pk)
    run.refresh_from_db()
    assert run.untold
    Run.objects.update(told_at=timezone.now() - LONG_AGO)
    services.sweep()
    run.refresh_from_db()
    assert not run.untold


def test_other_steps_go_on_when_one_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("secret")

    done: list[str] = []
    steps = (fail, lambda: done.append("after"))
    monkeypatch.setattr(sweeping, "STEPS", steps)
    services.sweep()
    assert done == ["after"]
    assert load_orchestration().swept_at is not None


def test_sweep_does_not_count_when_what_holds_up_runs_fails(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError

    monkeypatch.setattr(sweeping, "URGENT_STEPS", (fail,))
    services.sweep([fail])
    assert load_orchestration().swept_at is None


def test_work_is_freed_when_its_lease_is_of_a_clock_that_was_wrong(run: Run) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    work = run.stage_runs.get()
    claim_stage(work.pk)
    services.sweep()
    work.refresh_from_db()
    assert work.state == StageState.LEASED
    StageRun.objects.update(lease_until=timezone.now() + LONG_AGO)
    services.sweep()
    work.refresh_from_db()
    assert (work.state, work.losses) == (StageState.READY, 1)


def test_run_waits_for_an_agent_when_its_lease_is_of_a_clock_that_was_wrong(run: Run) -> None:
    open_stream(run.source, job=run.job)
    DiscoveryJob.objects.update(lease_until=timezone.now() + LONG_AGO)
    services.sweep()
    assert state_of(run) == RunState.WAITING


def test_run_fails_when_it_is_read_for_ever(run: Run) -> None:
    job, agent = open_stream(run.source, job=run.job)
    DiscoveryJob.objects.update(leased_at=timezone.now() - dt.timedelta(hours=23))
    services.sweep()
    assert state_of(run) == RunState.RUNNING
    DiscoveryJob.objects.update(leased_at=timezone.now() - dt.timedelta(hours=24))
    services.sweep()
    assert state_of(run) == RunState.FAILED
    assert run.error_code == "job_overdue"
    # Its agent hears of it, and the run can go on where it stopped.
    with pytest.raises(discovery.JobOver):
        send_batch(job, agent, 0, [make_table("a")])


def count_sweeps(monkeypatch: pytest.MonkeyPatch, *, busy: bool, rounds: int) -> list[Any]:
    """Let a sweeper go round without waiting, each turn lasting until it is given back."""
    monkeypatch.setattr(sweeper, "has_active_runs", lambda: busy)
    monkeypatch.setattr(services, "sweep", sweep := Mock())
    turns = iter([False] * rounds)
    sweeper.run_sweeper(Mock(wait=lambda _seconds: next(turns, True)))
    return [call.args for call in sweep.call_args_list]


def test_loop_sweeps_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SWEEP_SECONDS = 0
    assert count_sweeps(monkeypatch, busy=False, rounds=3) == [(), (), ()]


@pytest.mark.parametrize(("busy", "sweeps"), [(True, 2), (False, 1)])
def test_patient_steps_are_rarer_than_those_that_a_run_waits_for(
    monkeypatch: pytest.MonkeyPatch, *, busy: bool, sweeps: int
) -> None:
    found = count_sweeps(monkeypatch, busy=busy, rounds=10)
    assert found == [(), (services.URGENT_STEPS,)][:sweeps]


def test_sweeper_leaves_a_round_out_when_another_has_swept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count_sweeps(monkeypatch, busy=True, rounds=2)
    assert count_sweeps(monkeypatch, busy=True, rounds=1) == []
    cache.clear()
    assert count_sweeps(monkeypatch, busy=True, rounds=1) == [()]


def test_nothing_is_done_twice_when_two_sweep_at_once(run: Run, work_off: WorkOff) -> None:
    feed_job(run.source, [make_table(f"t{n}") for n in range(6)], run=run, tables_per_batch=1)
    past = timezone.now() - LONG_AGO
    run.stage_runs.update(state=StageState.LEASED, fence=1, lease_until=past)

    def sweep() -> None:
        services.sweep()
        connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(run.stage_runs.values_list("state", "losses")) == {("ready", 1)}
