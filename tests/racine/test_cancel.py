"""Stopping a run in each of its phases; what comes late is refused."""

from __future__ import annotations

import pytest

from apps.discovery import services as discovery
from apps.discovery.models import Dataset, SchemaChange
from apps.notifications.models import Notice
from apps.racine import services
from apps.racine.models import Run
from apps.racine.types import OPEN_STAGE_STATES, RunState, StageState
from datawave.common.errors import NotThere, PermissionMissing
from datawave_edge.protocol import JobProgress
from tests.discovery.factories import (
    feed_job,
    make_table,
    make_unchanged,
    open_stream,
    send_batch,
)
from tests.people import People

from .conftest import FakeStage, WorkOff

pytestmark = pytest.mark.django_db(transaction=True)


def state_of(run: Run) -> RunState:
    run.refresh_from_db()
    return RunState(run.state)


def test_it_is_over_at_once_when_no_agent_has_it(run: Run, people: People) -> None:
    services.cancel_run(run=run, user=people.alice)
    assert state_of(run) == RunState.CANCELLED
    again = services.start_run(source=people.source, user=people.alice)
    assert again.pk != run.pk


def test_it_ends_when_the_agent_has_stopped(run: Run, people: People) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])
    services.cancel_run(run=run, user=people.alice)
    assert state_of(run) == RunState.CANCELLING
    assert not run.stage_runs.filter(state__in=OPEN_STAGE_STATES).exists()
    assert discovery.record_progress(job=job, agent=agent, progress=JobProgress()).cancel
    send_batch(job, agent, 1, [make_table("b")])
    feed_end(run)
    assert state_of(run) == RunState.CANCELLED
    assert not run.stage_runs.filter(state__in=OPEN_STAGE_STATES).exists()


def feed_end(run: Run) -> None:
    """The agent obeys."""
    from datawave_edge.protocol import JobFailure

    run.job.refresh_from_db()
    failure = JobFailure(code="cancelled", message="Stopped.")
    discovery.fail_job(job=run.job, agent=run.job.agent, failure=failure)


def test_it_ends_at_once_when_everything_is_read(run: Run, people: People) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    services.cancel_run(run=run, user=people.alice)
    assert state_of(run) == RunState.CANCELLED
    assert run.stage_runs.get().state == StageState.CANCELLED


def test_a_late_result_is_refused_when_the_run_was_stopped(
    run: Run, people: People, stage: FakeStage
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    stage.on_compute.append(lambda: services.cancel_run(run=run, user=people.alice))
    services.run_stage(stage_run_id=run.stage_runs.get().pk)
    work = run.stage_runs.get()
    assert (work.state, work.counters) == (StageState.CANCELLED, {})
    assert state_of(run) == RunState.CANCELLED


def test_settling_is_undone_when_the_run_was_stopped(
    run: Run, people: People, stage: FakeStage, work_off: WorkOff
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    stage.on_settle.append(lambda: Run.objects.filter(pk=run.pk).update(state="cancelling"))
    work_off()
    # The change of state was part of the same transaction here, and went with it.
    assert state_of(run) == RunState.SETTLING
    services.cancel_run(run=run, user=people.alice)
    assert state_of(run) == RunState.CANCELLED
    services.settle_run(run_id=run.pk)
    assert len(stage.settled) == 1
    assert Notice.objects.filter(kind="run_cancelled").count() == 1


@pytest.mark.parametrize("end", ["cancelled", "failed"])
def test_absent_tables_do_not_count_when_the_run_came_to_no_end(
    run: Run, people: People, stage: FakeStage, work_off: WorkOff, end: str
) -> None:
    feed_job(run.source, [make_table("stays"), make_table("goes")], run=run)
    work_off()
    second = services.start_run(source=people.source, user=people.alice)
    feed_job(run.source, [make_unchanged(make_table("stays"))], run=second)
    stage.on_settle.extend([ValueError()] * 3)
    for _ in range(3 if end == "failed" else 1):
        Run.objects.filter(pk=second.pk).update(not_before=None)
        work_off()
    if end == "cancelled":
        assert Dataset.objects.get(name="goes").state == "missing"
        services.cancel_run(run=second, user=people.alice)
    stage.on_settle.clear()
    assert state_of(second) == end
    assert Dataset.objects.get(name="goes").state == "active"
    assert not SchemaChange.objects.filter(job=second.job, kind="table_missing").exists()
    # Two whole listings without it are needed, and this is the first.
    third = services.start_run(source=people.source, user=people.alice)
    feed_job(run.source, [make_unchanged(make_table("stays"))], run=third)
    work_off()
    assert Dataset.objects.get(name="goes").state == "missing"


def test_absent_tables_stay_absent_when_a_rerun_is_cancelled(
    run: Run, people: People, stage: FakeStage, work_off: WorkOff
) -> None:
    feed_job(run.source, [make_table("stays"), make_table("goes")], run=run)
    work_off()
    second = services.start_run(source=people.source, user=people.alice)
    feed_job(run.source, [make_unchanged(make_table("stays")), make_table("new")], run=second)
    work_off()
    services.rerun_stage(run=second, stage="fake", user=people.alice)
    stage.on_settle.append(ValueError())
    work_off()
    services.cancel_run(run=second, user=people.alice)
    assert Dataset.objects.get(name="goes").state == "missing"


def test_it_is_refused_when_not_allowed_or_too_late(run: Run, people: People) -> None:
    with pytest.raises(PermissionMissing):
        services.cancel_run(run=run, user=people.bob)
    with pytest.raises(NotThere):
        services.cancel_run(run=run, user=people.charlie)
    services.cancel_run(run=run, user=people.alice)
    with pytest.raises(services.RunOver):
        services.cancel_run(run=run, user=people.alice)
