"""A run from its start to its end, told to everyone once."""

from __future__ import annotations

import pytest

from apps.discovery import services as discovery
from apps.notifications.models import Event, Notice
from apps.racine import services
from apps.racine.models import Run, RunEvent
from apps.racine.types import RunState
from apps.rbac import services as rbac
from apps.rbac.models import AuditEntry
from apps.rbac.types import Role
from datawave.common.errors import NotThere, PermissionMissing
from datawave_edge.protocol import JobFailure
from tests.discovery.factories import (
    feed_job,
    make_close,
    make_failed,
    make_filtered,
    make_table,
    open_stream,
    send_batch,
    send_body,
)
from tests.people import People

from .conftest import FakeStage, WorkOff

pytestmark = pytest.mark.django_db(transaction=True)


def state_of(run: Run) -> RunState:
    run.refresh_from_db()
    return RunState(run.state)


def feed(run: Run, *names: str, per_batch: int = 1) -> None:
    feed_job(run.source, [make_table(name) for name in names], run=run, tables_per_batch=per_batch)


def test_it_works(run: Run, stage: FakeStage, work_off: WorkOff) -> None:
    feed(run, "customers", "orders", "items")
    work_off()
    assert state_of(run) == RunState.COMPLETED
    assert len(stage.computed) == 3
    assert len(stage.settled) == 1
    counts = run.summary["counts"]
    assert (counts["tables"], counts["labels"], counts["findings"]) == (3, 3, 2)
    assert run.summary["balance"]["holds"]
    assert run.summary["troubles"] == []


def test_people_concerned_are_told_once_when_it_ends(
    run: Run, people: People, work_off: WorkOff
) -> None:
    type(people.source).objects.filter(pk=people.source.pk).update(owner=people.bob)
    feed(run, "customers")
    work_off()
    services.settle_run(run_id=run.pk)
    services.sweep()
    told = Notice.objects.filter(kind="run_completed").values_list("user__username", flat=True)
    assert sorted(told) == ["alice", "bob"]
    finished = Event.objects.filter(topic=f"run:{run.public_id}", kind="finished")
    assert finished.count() == 1


def test_second_start_is_refused_when_one_goes_on(run: Run, people: People) -> None:
    with pytest.raises(services.SourceBusy, match=f"#{run.pk}"):
        services.start_run(source=people.source, user=people.alice)
    assert Run.objects.count() == 1


def test_start_is_refused_when_the_role_does_not_allow_it(people: People) -> None:
    with pytest.raises(PermissionMissing):
        services.start_run(source=people.source, user=people.bob)
    with pytest.raises(NotThere):
        services.start_run(source=people.source, user=people.charlie)
    assert not Run.objects.exists()


def test_start_leaves_a_trace_when_it_works(run: Run) -> None:
    assert AuditEntry.objects.filter(action="discovery_started", detail={"run": run.pk}).exists()
    assert RunEvent.objects.filter(run=run).exists()


def test_empty_database_completes_when_there_is_no_table(run: Run, work_off: WorkOff) -> None:
    feed_job(run.source, [], run=run)
    work_off()
    assert state_of(run) == RunState.COMPLETED
    assert run.summary["counts"]["tables"] == 0


def test_it_ends_with_errors_when_tables_could_not_be_read(run: Run, work_off: WorkOff) -> None:
    records = [make_table("a"), make_failed("b"), make_filtered("c")]
    feed_job(run.source, records, run=run)
    work_off()
    assert state_of(run) == RunState.COMPLETED_WITH_ERRORS
    assert run.summary["balance"]["holds"]
    assert run.summary["troubles"] == ["1 table could not be read."]


def test_it_ends_with_errors_when_a_batch_made_no_sense(run: Run, work_off: WorkOff) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])
    assert send_body(job, agent, 1, b"no records", 1).status == "quarantined"
    discovery.close_job(job=job, agent=agent, close=make_close(job, [("main", "a")]))
    work_off()
    assert state_of(run) == RunState.COMPLETED_WITH_ERRORS
    assert run.summary["counts"]["quarantined"] == 1
    assert run.summary["troubles"] == ["1 batch failed validation."]


def test_tables_are_told_when_they_are_in_a_batch_that_made_no_sense(
    run: Run, work_off: WorkOff
) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])
    send_batch(job, agent, 1, [make_table("b", ["twice", "twice"]), make_table("c")])
    names = [("main", name) for name in "abc"]
    discovery.close_job(job=job, agent=agent, close=make_close(job, names))
    work_off()
    assert state_of(run) == RunState.COMPLETED_WITH_ERRORS
    # Nothing was lost: it is known where the others are.
    told = "1 batch failed validation; 2 tables were not taken in."
    assert run.summary["troubles"] == [told]


def test_success_is_not_claimed_when_the_balance_breaks(run: Run, work_off: WorkOff) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])
    listed = [("main", "a"), ("main", "lost")]
    discovery.close_job(job=job, agent=agent, close=make_close(job, listed))
    work_off()
    assert state_of(run) == RunState.COMPLETED_WITH_ERRORS
    assert not run.summary["balance"]["holds"]


def test_stages_work_when_the_agent_still_streams(run: Run, stage: FakeStage) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])
    services.run_stage(stage_run_id=run.stage_runs.get().pk)
    assert len(stage.stored) == 1
    assert state_of(run) == RunState.RUNNING


def test_administrators_are_told_too_when_the_agent_fails(run: Run, people: People) -> None:
    job, agent = open_stream(run.source, job=run.job)
    failure = JobFailure(code="no_access", message="The password is wrong.", hint="Change it.")
    discovery.fail_job(job=job, agent=agent, failure=failure)
    assert state_of(run) == RunState.FAILED
    assert (run.error_code, run.error_hint) == ("no_access", "Change it.")
    told = Notice.objects.filter(kind="run_failed").values_list("user__username", flat=True)
    assert sorted(told) == ["ada", "alice"]


def test_it_goes_on_where_it_stopped_when_resumed(
    run: Run, people: People, stage: FakeStage, work_off: WorkOff
) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])
    work_off()
    discovery.fail_job(job=job, agent=agent, failure=JobFailure(code="gone", message="Gone."))
    services.resume_run(run=run, user=people.alice)
    assert state_of(run) == RunState.WAITING
    run.job.refresh_from_db()
    job, agent = open_stream(run.source, job=run.job, agent=agent)
    send_batch(job, agent, 1, [make_table("b")])
    close = make_close(job, [("main", "a"), ("main", "b")])
    discovery.close_job(job=job, agent=agent, close=close)
    work_off()
    assert state_of(run) == RunState.COMPLETED
    assert len(stage.computed) == 2
    assert run.error_code == ""


def test_resume_is_refused_when_there_is_nothing_to_resume(
    run: Run, people: People, work_off: WorkOff
) -> None:
    with pytest.raises(services.NothingToResume):
        services.resume_run(run=run, user=people.alice)
    with pytest.raises(PermissionMissing):
        services.resume_run(run=run, user=people.bob)
    feed(run, "a")
    work_off()
    with pytest.raises(services.NothingToResume):
        services.resume_run(run=run, user=people.alice)


def test_resume_is_refused_when_a_newer_run_exists(run: Run, people: People) -> None:
    job, agent = open_stream(run.source, job=run.job)
    discovery.fail_job(job=job, agent=agent, failure=JobFailure(code="gone", message="Gone."))
    services.start_run(source=people.source, user=people.alice)
    with pytest.raises(services.RunOutdated):
        services.resume_run(run=run, user=people.alice)


def test_each_failure_is_news_when_it_was_taken_up_between(run: Run, people: People) -> None:
    for _ in range(2):
        run.job.refresh_from_db()
        job, agent = open_stream(run.source, job=run.job)
        discovery.fail_job(job=job, agent=agent, failure=JobFailure(code="gone", message="Gone."))
        services.resume_run(run=run, user=people.alice)
    assert Notice.objects.filter(kind="run_failed", user=people.alice).count() == 2


def test_nobody_is_told_when_they_may_no_longer_see_the_source(
    run: Run, people: People, work_off: WorkOff
) -> None:
    rbac.revoke_role(user=people.alice, role=Role.STEWARD, scope=people.source)
    feed(run, "customers")
    work_off()
    assert state_of(run) == RunState.COMPLETED
    assert not Notice.objects.exists()
