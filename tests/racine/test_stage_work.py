"""One stage on one batch: retries, quarantine, leases, fences."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import msgspec
import pytest
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError
from django.utils import timezone

from apps.discovery.models import DiscoveryJob
from apps.discovery.types import JobState, StageOutcome
from apps.racine import retries, services
from apps.racine.models import Run, RunEvent, StageRun
from apps.racine.services.stage_work import claim_stage, finish_stage
from apps.racine.transitions import FenceLost
from apps.racine.types import RunState, StageState
from datawave.common.errors import PermissionMissing
from tests.discovery.factories import feed_job, make_table, make_unchanged
from tests.people import People

from .conftest import FakeStage, WorkOff

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "4111 1111 1111 1111"


@pytest.fixture
def work(run: Run) -> StageRun:
    """The only stage run of a run that has been read."""
    feed_job(run.source, [make_table("a")], run=run)
    return run.stage_runs.get()


def let_retries_come(work: StageRun) -> None:
    """The waiting time is over."""
    StageRun.objects.filter(pk=work.pk).update(not_before=timezone.now())
    services.sweep()
    work.refresh_from_db()


def expire(work: StageRun) -> None:
    """The worker has been silent for too long."""
    past = timezone.now() - dt.timedelta(seconds=1)
    StageRun.objects.filter(pk=work.pk).update(lease_until=past)
    services.sweep()
    work.refresh_from_db()


def fail_once(work: StageRun) -> None:
    services.run_stage(stage_run_id=work.pk)
    work.refresh_from_db()


def test_it_is_tried_again_when_it_failed(
    work: StageRun, stage: FakeStage, work_off: WorkOff
) -> None:
    stage.on_compute.append(ValueError(SECRET))
    fail_once(work)
    assert (work.state, work.failures) == (StageState.RETRY_WAIT, 1)
    assert work.not_before is not None
    let_retries_come(work)
    assert work.state == StageState.READY
    work_off()
    work.refresh_from_db()
    assert (work.state, work.error_code) == (StageState.DONE, "")


def test_it_is_not_taken_when_its_time_has_not_come(work: StageRun, stage: FakeStage) -> None:
    stage.on_compute.append(ValueError(SECRET))
    fail_once(work)
    StageRun.objects.filter(pk=work.pk).update(not_before=timezone.now() + dt.timedelta(hours=1))
    services.sweep()
    services.run_stage(stage_run_id=work.pk)
    assert len(stage.computed) == 1


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (ValueError(SECRET), 3),
        (ProgrammingError(SECRET), 3),
        (IntegrityError(SECRET), 3),
        (OperationalError(SECRET), 8),
        (ConnectionResetError(SECRET), 8),
        (services.SourceBusy(), 8),
        (DataError(SECRET), 1),
        (PermissionError(SECRET), 1),
        (PermissionMissing(), 1),
        (msgspec.ValidationError(SECRET), 1),
    ],
)
def test_its_batch_is_set_aside_when_it_fails_each_time(
    work: StageRun, stage: FakeStage, work_off: WorkOff, error: Exception, tries: int
) -> None:
    stage.on_compute += [error] * 20
    for _ in range(tries):
        fail_once(work)
        let_retries_come(work)
    assert (work.state, work.failures) == (StageState.QUARANTINED, tries)
    assert len(stage.computed) == tries
    work_off()
    work.run.refresh_from_db()
    assert work.run.state == RunState.COMPLETED_WITH_ERRORS
    assert work.run.summary["troubles"] == ["Fake: 1 batch was set aside."]


def test_no_value_is_kept_or_logged_when_an_error_holds_one(
    work: StageRun, stage: FakeStage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.on_compute.append(ValueError(SECRET))
    with caplog.at_level(logging.DEBUG):
        fail_once(work)
    assert work.error_code == "value_error"
    kept = [work.error_message, *RunEvent.objects.values_list("message", flat=True), caplog.text]
    assert not [text for text in kept if SECRET in text]
    assert "test_stage_work.py" in caplog.text or "conftest.py" in caplog.text


def test_set_aside_work_is_done_when_a_person_retries(
    work: StageRun, stage: FakeStage, people: People, work_off: WorkOff
) -> None:
    stage.on_compute += [ValueError(SECRET)] * 3
    for _ in range(3):
        fail_once(work)
        let_retries_come(work)
    work_off()
    assert services.retry_quarantined(run=work.run, user=people.alice) == 1
    work_off()
    work.run.refresh_from_db()
    assert work.run.state == RunState.COMPLETED
    # Settled anew, since the stage now has what it lacked.
    assert len(stage.settled) == 2


def test_retry_is_refused_when_nothing_is_set_aside(
    work: StageRun, people: People, work_off: WorkOff
) -> None:
    with pytest.raises(services.NothingToRetry):
        services.retry_quarantined(run=work.run, user=people.alice)
    work_off()
    with pytest.raises(services.NothingToRetry):
        services.retry_quarantined(run=work.run, user=people.alice)


def test_hint_does_nothing_when_it_is_given_twice(work: StageRun, stage: FakeStage) -> None:
    services.run_stage(stage_run_id=work.pk)
    services.run_stage(stage_run_id=work.pk)
    assert len(stage.stored) == 1


def test_another_takes_over_when_a_worker_died(
    work: StageRun, stage: FakeStage, work_off: WorkOff
) -> None:
    assert claim_stage(work.pk) is not None
    expire(work)
    assert (work.state, work.losses, work.failures) == (StageState.READY, 1, 0)
    work_off()
    work.run.refresh_from_db()
    assert work.run.state == RunState.COMPLETED


def test_it_is_set_aside_when_it_kills_every_worker(work: StageRun) -> None:
    for _ in range(retries.LOSSES_ALLOWED):
        claim_stage(work.pk)
        expire(work)
    assert (work.state, work.error_code) == (StageState.QUARANTINED, "worker_lost")


def test_a_late_write_is_refused_when_another_has_taken_over(
    work: StageRun, stage: FakeStage
) -> None:
    mine = claim_stage(work.pk)
    assert mine is not None
    expire(work)
    theirs = claim_stage(work.pk)
    assert theirs is not None
    assert theirs.fence == mine.fence + 1
    with pytest.raises(FenceLost):
        finish_stage(mine, StageOutcome(), 1.0)
    finish_stage(theirs, StageOutcome(counters={"labels": 7}), 1.0)
    work.refresh_from_db()
    assert work.counters == {"labels": 7}


def test_its_writes_are_undone_when_the_lease_was_lost_meanwhile(
    work: StageRun, stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def store(*_: Any) -> StageOutcome:
        RunEvent.objects.create(run=work.run, source="fake", message="half")
        StageRun.objects.filter(pk=work.pk).update(fence=99)
        return StageOutcome()

    monkeypatch.setattr(stage, "store", store)
    services.run_stage(stage_run_id=work.pk)
    assert not RunEvent.objects.filter(message="half").exists()


def test_it_stays_open_when_the_database_is_away(
    work: StageRun, stage: FakeStage, monkeypatch: pytest.MonkeyPatch, work_off: WorkOff
) -> None:
    def lose(*_: Any, **__: Any) -> bool:
        raise OperationalError

    stage.on_compute.append(ValueError(SECRET))
    with monkeypatch.context() as patch:
        patch.setattr("apps.racine.services.stage_work._keep_failure", lose)
        with pytest.raises(OperationalError):
            services.run_stage(stage_run_id=work.pk)
    expire(work)
    work_off()
    work.refresh_from_db()
    assert (work.state, work.losses) == (StageState.DONE, 1)


def test_waits_grow_and_are_capped_when_failures_go_on() -> None:
    for failures in range(1, 12):
        longest = max(retries.choose_wait(failures, 2) for _ in range(200))
        assert longest <= min(300, 2**failures)
    assert max(retries.choose_wait(11, 2) for _ in range(500)) > 200


def test_stage_sees_a_version_as_changed_when_a_stopped_run_brought_it(
    work: StageRun, stage: FakeStage, work_off: WorkOff, people: People
) -> None:
    work_off()
    stopped = services.start_run(source=people.source, user=people.alice)
    newer, other = make_table("a", row_count=7), make_table("b")
    feed_job(people.source, [newer, other], run=stopped, close=False)
    services.cancel_run(run=stopped, user=people.alice)
    DiscoveryJob.objects.filter(pk=stopped.job_id).update(state=JobState.CANCELLED)
    services.sweep()
    for changed in (True, False):
        run = services.start_run(source=people.source, user=people.alice)
        feed_job(people.source, [make_unchanged(newer), make_unchanged(other)], run=run)
        work_off()
        assert [table.changed for table in stage.batches[-1].tables] == [changed, changed]
        run.refresh_from_db()
        assert run.state == RunState.COMPLETED
