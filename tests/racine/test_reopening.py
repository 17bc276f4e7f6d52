"""A run that is over is taken up again: resumed after a cancel, or one stage of it once more."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest

from apps.discovery import services as discovery
from apps.discovery.models import BatchItem
from apps.discovery.types import JobState
from apps.racine import services
from apps.racine.models import Run, StageRun, StateChange
from apps.racine.selectors import load_live
from apps.racine.types import OPEN_STAGE_STATES, ChangeOf, RunState, StageState
from apps.rbac.models import AuditEntry
from datawave_edge.protocol import JobFailure
from tests.conftest import SignIn
from tests.discovery.factories import (
    feed_job,
    make_close,
    make_table,
    make_unchanged,
    open_stream,
    send_batch,
)
from tests.faults.harness.canonical import compare
from tests.people import People

from .conftest import FakeStage, WorkOff
from .test_rest import client_of, post
from .test_undo import CUSTOMER, CUSTOMER_GROWN, INVOICES, ORDERS, discover, picture_of

pytestmark = pytest.mark.django_db(transaction=True)
AB = [("main", "a"), ("main", "b")]


def state_of(run: Run) -> RunState:
    run.refresh_from_db()
    return RunState(run.state)


def stop_agent(run: Run) -> None:
    """The agent obeys the request to stop."""
    run.job.refresh_from_db()
    failure = JobFailure(code="cancelled", message="Stopped.")
    discovery.fail_job(job=run.job, agent=run.job.agent, failure=failure)


@pytest.fixture
def cancelled(run: Run, people: People, work_off: WorkOff) -> Run:
    """Cancelled after the first of two batches was worked on and while the second waits."""
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])
    work_off()
    send_batch(job, agent, 1, [make_table("b")])
    services.cancel_run(run=run, user=people.alice)
    stop_agent(run)
    assert state_of(run) == RunState.CANCELLED
    return run


@pytest.fixture
def finished(run: Run, work_off: WorkOff) -> Run:
    """Two batches, worked on and settled."""
    feed_job(run.source, [make_table("a"), make_table("b")], run=run, tables_per_batch=1)
    work_off()
    assert state_of(run) == RunState.COMPLETED
    return run


def test_cancelled_run_goes_on_from_what_is_stored_when_resumed(
    cancelled: Run, people: People, stage: FakeStage, work_off: WorkOff, sign_in: SignIn
) -> None:
    run, epoch = cancelled, cancelled.job.epoch
    alice = sign_in(people.alice)
    url = f"/runs/{run.public_id}/resume/"
    assert url in alice.get(f"/runs/{run.public_id}/").content.decode()
    alice.post(url)
    assert state_of(run) == RunState.WAITING
    work_off()
    job, agent = open_stream(run.source, job=run.job)
    assert job.epoch == epoch + 1
    assert send_batch(job, agent, 1, [make_table("b")]).status == "duplicate"
    send_batch(job, agent, 2, [make_table("c")])
    close = make_close(job, [*AB, ("main", "c")])
    discovery.close_job(job=job, agent=agent, close=close)
    work_off()
    assert state_of(run) == RunState.COMPLETED
    assert run.summary["counts"]["tables"] == 3
    assert run.summary["balance"]["holds"]
    assert len(stage.stored) == len(set(stage.stored)) == 3
    assert AuditEntry.objects.get(action="discovery_resumed").actor == people.alice
    told = StateChange.objects.filter(run_id=run.pk, kind=ChangeOf.RUN)
    assert told.filter(before=RunState.CANCELLED, after=RunState.WAITING).count() == 1


def test_nothing_more_happens_when_resume_is_pressed_twice(cancelled: Run, people: People) -> None:
    alice, url = client_of(people.alice), f"/api/v1/runs/{cancelled.public_id}/resume/"
    answers = [post(alice, url) for _ in range(2)]
    assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [
        (202, "waiting")
    ] * 2
    cancelled.refresh_from_db()
    assert cancelled.resumes == 1
    assert AuditEntry.objects.filter(action="discovery_resumed").count() == 1


def test_old_workers_and_agents_are_refused_when_the_run_was_resumed(
    run: Run, people: People, stage: FakeStage, work_off: WorkOff
) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])

    def stop_and_resume() -> None:
        services.cancel_run(run=run, user=people.alice)
        stop_agent(run)
        services.resume_run(run=run, user=people.alice)

    stage.on_compute.append(stop_and_resume)
    work = run.stage_runs.get()
    services.run_stage(stage_run_id=work.pk)
    work.refresh_from_db()
    assert (work.state, work.counters) == (StageState.READY, {})
    with pytest.raises(discovery.LeaseLost):
        send_batch(job, agent, 1, [make_table("b")])
    work_off()
    work.refresh_from_db()
    assert (work.state, work.fence) == (StageState.DONE, 2)


def test_batch_that_came_while_stopping_is_worked_on_when_the_run_was_resumed(
    run: Run, people: People, stage: FakeStage, work_off: WorkOff
) -> None:
    job, agent = open_stream(run.source, job=run.job)
    services.cancel_run(run=run, user=people.alice)
    send_batch(job, agent, 0, [make_table("a")])
    assert not run.stage_runs.exists()
    stop_agent(run)
    # Told of late, as by a process that was held.
    assert services.add_stage_runs(batch=job.batches.get()) == []
    assert not run.stage_runs.exists()
    services.resume_run(run=run, user=people.alice)
    work_off()
    assert len(stage.stored) == 1


def test_stages_go_on_at_once_when_the_agent_had_read_everything(
    run: Run, people: People, stage: FakeStage, work_off: WorkOff
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    services.cancel_run(run=run, user=people.alice)
    assert state_of(run) == RunState.CANCELLED
    services.resume_run(run=run, user=people.alice)
    assert state_of(run) == RunState.RUNNING
    work_off()
    assert state_of(run) == RunState.COMPLETED
    assert run.job.state == JobState.CLOSED


def test_run_waits_its_turn_when_it_is_resumed_within_a_blackout(
    cancelled: Run, people: People
) -> None:
    services.add_blackout(
        user=people.alice, source=people.source, name="Always", days=range(7),
        begins=dt.time(0), ends=dt.time(23, 59, 59), time_zone="UTC",
    )  # fmt: skip
    services.resume_run(run=cancelled, user=people.alice)
    cancelled.refresh_from_db()
    assert cancelled.held
    assert "Always" in cancelled.waits_for
    assert cancelled.job.__class__.objects.get(pk=cancelled.job_id).settings["blackouts"]


@pytest.mark.parametrize("verb", ["resume", "rerun"])
def test_taking_up_is_refused_when_the_person_may_not(
    finished: Run, people: People, sign_in: SignIn, verb: str
) -> None:
    page = f"/runs/{finished.public_id}/{verb}/" + ("fake/" if verb == "rerun" else "")
    api = f"/api/v1/runs/{finished.public_id}/{verb}/"
    assert sign_in(people.bob).post(page).status_code == 403
    assert sign_in(people.charlie).post(page).status_code == 404
    assert post(client_of(people.bob), api, stage="fake").status_code == 403
    assert post(client_of(people.charlie), api, stage="fake").status_code == 404
    assert post(client_of(people.alice, read_only=True), api, stage="fake").status_code == 403
    assert page not in sign_in(people.bob).get(f"/runs/{finished.public_id}/").content.decode()
    assert state_of(finished) == RunState.COMPLETED


def test_results_are_replaced_when_a_stage_is_rerun(
    finished: Run, people: People, stage: FakeStage, work_off: WorkOff, sign_in: SignIn
) -> None:
    url = f"/runs/{finished.public_id}/rerun/fake/"
    alice = sign_in(people.alice)
    assert url in alice.get(f"/runs/{finished.public_id}/").content.decode()
    before = finished.summary["counts"]
    answer = alice.post(url, headers={"HX-Request": "true"})
    assert "works on all batches again" in answer.content.decode()
    assert state_of(finished) == RunState.RUNNING
    assert finished.stage_runs.filter(state__in=OPEN_STAGE_STATES).count() == 2
    work_off()
    assert state_of(finished) == RunState.COMPLETED
    assert finished.summary["counts"] == before
    assert (len(stage.stored), len(stage.settled)) == (4, 2)
    entry = AuditEntry.objects.get(action="discovery_stage_rerun")
    assert (entry.actor, entry.detail["stage"]) == (people.alice, "fake")
    assert BatchItem.objects.count() == 2


def test_every_table_is_worked_on_when_a_stage_is_rerun_on_unchanged_ones(
    finished: Run, people: People, stage: FakeStage, work_off: WorkOff
) -> None:
    run = services.start_run(source=people.source, user=people.alice)
    feed_job(run.source, [make_unchanged(make_table("a")), make_table("b")], run=run)
    work_off()
    assert [table.changed for table in stage.batches[-1].tables] == [False, False]
    services.rerun_stage(run=run, stage="fake", user=people.alice)
    work_off()
    assert [table.changed for table in stage.batches[-1].tables] == [True, True]


def test_quarantined_batch_gets_another_chance_when_its_stage_is_rerun(
    run: Run, people: People, stage: FakeStage, work_off: WorkOff
) -> None:
    feed_job(run.source, [make_table("a"), make_table("b")], run=run, tables_per_batch=1)
    aside, discarded = run.stage_runs.all()
    for work, failures in ((aside, 2), (discarded, 2)):
        StageRun.objects.filter(pk=work.pk).update(failures=failures)
        stage.on_compute.append(ValueError())
        services.run_stage(stage_run_id=work.pk)
    services.discard_stage(work=discarded, user=people.alice)
    work_off()
    assert state_of(run) == RunState.COMPLETED_WITH_ERRORS
    assert services.rerun_stage(run=run, stage="fake", user=people.alice) == 1
    work_off()
    states = run.stage_runs.values_list("state", flat=True)
    assert list(states) == [StageState.DONE, StageState.DISCARDED]


def test_rerun_is_refused_with_what_to_do(finished: Run, people: People) -> None:
    alice, url = client_of(people.alice), f"/api/v1/runs/{finished.public_id}/rerun/"
    wrong = post(alice, url, stage="nonsense")
    assert (wrong.status_code, "fake" in wrong.content.decode()) == (422, True)
    assert post(alice, url).status_code == 400
    assert post(alice, url, stage="fake").status_code == 202
    again = post(alice, url, stage="fake")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_rerun")


def test_rerun_is_refused_when_nothing_was_stored(
    run: Run, people: People, work_off: WorkOff
) -> None:
    feed_job(run.source, [], run=run)
    work_off()
    run.refresh_from_db()
    with pytest.raises(services.NothingToRerun, match="no batch"):
        services.rerun_stage(run=run, stage="fake", user=people.alice)


def test_taking_up_is_refused_when_a_newer_run_exists(
    cancelled: Run, people: People, sign_in: SignIn
) -> None:
    newer = services.start_run(source=people.source, user=people.alice)
    alice = client_of(people.alice)
    for verb in ("resume", "rerun"):
        answer = post(alice, f"/api/v1/runs/{cancelled.public_id}/{verb}/", stage="fake")
        assert (answer.status_code, answer.json()["code"]) == (409, "run_outdated")
        assert str(newer) in answer.json()["detail"]
    page = sign_in(people.alice).get(f"/runs/{cancelled.public_id}/").content.decode()
    assert f"/runs/{cancelled.public_id}/resume/" not in page


def test_taking_up_is_refused_when_the_run_was_taken_back(finished: Run, people: People) -> None:
    undo = services.request_undo(run=finished, user=people.alice)
    services.work_on_undo(undo_id=undo.pk)
    with pytest.raises(services.RunOutdated, match="taken back"):
        services.rerun_stage(run=finished, stage="fake", user=people.alice)


def test_time_between_end_and_resume_does_not_count(
    finished: Run, people: People, work_off: WorkOff
) -> None:
    hour = dt.timedelta(hours=1)
    Run.objects.filter(pk=finished.pk).update(
        started_at=finished.started_at - hour,
        finished_at=finished.finished_at - hour,
    )
    services.rerun_stage(run=finished, stage="fake", user=people.alice)
    work_off()
    finished.refresh_from_db()
    assert finished.seconds is not None
    assert finished.seconds < 3000
    assert finished.summary["timings"]["total"] < 3000


def test_no_part_of_the_time_holds_the_rest_when_a_run_was_resumed(
    cancelled: Run, people: People, work_off: WorkOff
) -> None:
    time.sleep(1.1)
    services.resume_run(run=cancelled, user=people.alice)
    job, agent = open_stream(cancelled.source, job=cancelled.job)
    discovery.close_job(job=job, agent=agent, close=make_close(job, AB))
    work_off()
    assert state_of(cancelled) == RunState.COMPLETED
    assert cancelled.finished_at is not None
    whole = (cancelled.finished_at - cancelled.started_at).total_seconds()
    timings = cancelled.summary["timings"]
    assert timings["wait"] + timings["read"] + timings["settle"] <= whole - 1


def test_page_says_what_a_cancel_waits_for(run: Run, people: People, sign_in: SignIn) -> None:
    job, agent = open_stream(run.source, job=run.job)
    services.cancel_run(run=run, user=people.alice)

    def tell() -> str:
        run.refresh_from_db()
        run.job.refresh_from_db()
        holdup: dict[str, Any] | None = load_live(run)["holdup"]
        return str(holdup and holdup["text"])

    assert "finishes the table" in tell()
    send_batch(job, agent, 0, [make_table("a")])
    assert "batch 0 came in" in tell()
    type(job).objects.filter(pk=job.pk).update(
        heartbeat_at=run.started_at - dt.timedelta(minutes=1)
    )
    assert f"{agent.name} has not answered" in tell()
    page = sign_in(people.bob).get(f"/runs/{run.public_id}/").content.decode()
    assert "UTC at the latest" in page
    stop_agent(run)
    assert tell() == "None"


@pytest.mark.parametrize("name", ["scan", "classification", "catalog", "compliance"])
def test_nothing_is_doubled_when_a_real_stage_is_rerun(
    people: People, work_off: WorkOff, name: str
) -> None:
    discover(people, [CUSTOMER, ORDERS], work_off)
    run = discover(people, [CUSTOMER_GROWN, make_unchanged(ORDERS), INVOICES], work_off)
    pictures, counts = [picture_of(people.source)], run.summary["counts"]
    for _ in range(2):
        assert services.rerun_stage(run=run, stage=name, user=people.alice) == 1
        work_off()
        assert state_of(run) == RunState.COMPLETED
        pictures.append(picture_of(people.source))
    assert compare(pictures[2], pictures[1]) == []
    # What had not changed was not measured again by the run itself, and is by the rerun.
    for picture in pictures:
        picture.pop("measured")
    assert compare(pictures[1], pictures[0]) == []
    assert run.summary["counts"] == counts
