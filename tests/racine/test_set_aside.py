"""A steward tries a set-aside batch again or does without it, on the page and in the API."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connection, transaction

from apps.racine import services
from apps.racine.models import Run, StageRun
from apps.racine.services import settling
from apps.racine.types import RunState, StageState
from apps.rbac.models import AuditEntry
from tests.conftest import SignIn
from tests.discovery.factories import feed_job, make_table
from tests.people import People

from .conftest import FakeStage, WorkOff
from .test_rest import client_of, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def aside(run: Run, stage: FakeStage, work_off: WorkOff) -> StageRun:
    """One of two batches is set aside, and the run has ended with errors."""
    tables = [make_table("a"), make_table("b")]
    feed_job(run.source, tables, run=run, tables_per_batch=1)
    work = run.stage_runs.first()
    assert work is not None
    for _ in range(3):
        stage.on_compute.append(ValueError())
        services.run_stage(stage_run_id=work.pk)
        StageRun.objects.filter(pk=work.pk).update(not_before=run.started_at)
        services.sweep()
    work_off()
    work.refresh_from_db()
    assert (work.state, state_of(run)) == (StageState.QUARANTINED, RunState.COMPLETED_WITH_ERRORS)
    return work


def state_of(run: Run) -> RunState:
    run.refresh_from_db()
    return RunState(run.state)


def url_of(work: StageRun, verb: str) -> str:
    return f"/runs/{work.run.public_id}/set-aside/{work.pk}/{verb}/"


def test_run_completes_when_the_batch_is_tried_again(
    aside: StageRun, people: People, stage: FakeStage, work_off: WorkOff, sign_in: SignIn
) -> None:
    page = sign_in(people.alice).get(f"/runs/{aside.run.public_id}/").content.decode()
    assert url_of(aside, "requeue") in page
    assert url_of(aside, "discard") in page
    computed = len(stage.computed)
    sign_in(people.alice).post(url_of(aside, "requeue"))
    assert state_of(aside.run) == RunState.RUNNING
    work_off()
    assert state_of(aside.run) == RunState.COMPLETED
    assert len(stage.computed) == computed + 1
    entry = AuditEntry.objects.get(action="batch_requeued")
    assert entry.actor == people.alice
    assert entry.detail["sha256"] == aside.batch.sha256


def test_run_is_not_settled_when_a_batch_is_requeued_at_the_same_moment(
    aside: StageRun, people: People
) -> None:
    """Whoever settles waits for the steward's transaction, and must then see what it did."""
    Run.objects.filter(pk=aside.run_id).update(state=RunState.RUNNING)
    settler = threading.Thread(target=settle_elsewhere, args=[aside.run_id])
    with transaction.atomic():
        services.requeue_stage(work=aside, user=people.alice)
        settler.start()
        time.sleep(0.5)
    settler.join(timeout=20)
    assert state_of(aside.run) == RunState.RUNNING


def settle_elsewhere(run_id: int) -> None:
    try:
        settling.try_settle(run_id=run_id)
    finally:
        connection.close()


def test_nothing_waits_when_the_batch_is_discarded(
    aside: StageRun, people: People, sign_in: SignIn
) -> None:
    alice = sign_in(people.alice)
    answer = alice.post(url_of(aside, "discard"), headers={"HX-Request": "true"})
    assert "The batch is discarded." in answer.content.decode()
    aside.refresh_from_db()
    assert aside.state == StageState.DISCARDED
    assert state_of(aside.run) == RunState.COMPLETED_WITH_ERRORS
    page = alice.get(f"/runs/{aside.run.public_id}/").content.decode()
    assert url_of(aside, "discard") not in page
    assert "Discarded" in page
    assert AuditEntry.objects.filter(action="batch_discarded", actor=people.alice).count() == 1


def test_run_still_tells_of_errors_when_a_batch_was_discarded_while_it_went_on(
    run: Run, people: People, stage: FakeStage, work_off: WorkOff
) -> None:
    tables = [make_table("a"), make_table("b")]
    feed_job(run.source, tables, run=run, tables_per_batch=1)
    work = run.stage_runs.select_related("run__source", "batch").first()
    assert work is not None
    stage.on_compute.append(ValueError())
    StageRun.objects.filter(pk=work.pk).update(failures=2)
    services.run_stage(stage_run_id=work.pk)
    services.discard_stage(work=work, user=people.alice)
    work_off()
    assert state_of(run) == RunState.COMPLETED_WITH_ERRORS


@pytest.mark.parametrize("verb", ["requeue", "discard"])
def test_decision_is_refused_when_the_person_may_not(
    aside: StageRun, people: People, sign_in: SignIn, verb: str
) -> None:
    api = f"/api/v1{url_of(aside, verb)}"
    assert sign_in(people.bob).post(url_of(aside, verb)).status_code == 403
    assert sign_in(people.charlie).post(url_of(aside, verb)).status_code == 404
    assert post(client_of(people.bob), api).status_code == 403
    assert post(client_of(people.charlie), api).status_code == 404
    assert post(client_of(people.alice, read_only=True), api).status_code == 403
    aside.refresh_from_db()
    assert aside.state == StageState.QUARANTINED
    bobs = sign_in(people.bob).get(f"/runs/{aside.run.public_id}/").content.decode()
    assert url_of(aside, verb) not in bobs


def test_api_lists_and_decides(aside: StageRun, people: People, work_off: WorkOff) -> None:
    alice = client_of(people.alice)
    base = f"/api/v1/runs/{aside.run.public_id}/set-aside/"
    (item,) = alice.get(base).json()
    assert item | {"id": aside.pk, "stage": "fake", "batch": 0, "failures": 3} == item
    assert item["sha256"] == aside.batch.sha256
    assert item | {"kind": "stage", "tables": ["main.a"], "can_requeue": True} == item
    assert item["reasons"] == ["A part of DataWave met an error that it did not expect."]
    assert client_of(people.charlie).get(base).status_code == 404
    answer = post(alice, f"{base}{aside.pk}/requeue/")
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    work_off()
    assert alice.get(base).json() == []
    again = post(alice, f"{base}{aside.pk}/discard/")
    assert (again.status_code, again.json()["code"]) == (409, "not_set_aside")
    assert post(alice, f"{base}999999/requeue/").status_code == 404


def test_batch_is_of_this_run_or_not_there(aside: StageRun, people: People) -> None:
    other = services.start_run(source=people.source, user=people.alice)
    api = f"/api/v1/runs/{other.public_id}/set-aside/{aside.pk}/discard/"
    assert post(client_of(people.alice), api).status_code == 404


def test_it_is_refused_when_a_newer_run_exists(aside: StageRun, people: People) -> None:
    services.start_run(source=people.source, user=people.alice)
    api = f"/api/v1{url_of(aside, 'requeue')}"
    answer = post(client_of(people.alice), api)
    assert (answer.status_code, answer.json()["code"]) == (409, "run_outdated")


@pytest.mark.parametrize(("losses", "expected"), [(0, 0), (5, 3)])
def test_it_is_tried_alone_when_it_has_cost_workers(
    aside: StageRun, people: People, losses: int, expected: int, **_: Any
) -> None:
    StageRun.objects.filter(pk=aside.pk).update(losses=losses)
    services.requeue_stage(work=aside, user=people.alice)
    aside.refresh_from_db()
    assert (aside.state, aside.losses, aside.failures) == (StageState.READY, expected, 0)
