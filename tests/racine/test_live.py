"""The live picture of a run, its topic, metrics and health checks."""

from __future__ import annotations

import datetime as dt
import json
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, transaction
from django.test import Client
from django.utils import timezone

from apps.discovery import services as discovery
from apps.notifications.models import Event
from apps.notifications.topics import resolve_topic
from apps.racine import selectors, services
from apps.racine.models import Orchestration, Run
from datawave.common.errors import NotThere
from datawave_edge.protocol import JobFailure, JobProgress
from tests.discovery.factories import feed_job, make_table, open_stream, send_batch, send_body
from tests.people import People

from .conftest import FakeStage, WorkOff

pytestmark = pytest.mark.django_db(transaction=True)


def live(run: Run) -> dict[str, Any]:
    return selectors.load_live(Run.objects.select_related("job__agent").get(pk=run.pk))


def test_progress_rises_and_never_lies(run: Run, stage: FakeStage, work_off: WorkOff) -> None:
    seen = [live(run)["progress"]]
    job, agent = open_stream(run.source, job=run.job)
    for done in (1, 2):
        told = JobProgress(listed=2, done=done, current=f"main.t{done}")
        discovery.record_progress(job=job, agent=agent, progress=told)
        send_batch(job, agent, done - 1, [make_table(f"t{done}")])
        seen.append(live(run)["progress"])
    assert seen == [0, 25, 50]
    picture = live(run)
    assert picture["agent"]["state"] == "running"
    assert picture["agent"]["current"] == "main.t2"
    assert picture["stages"][0]["state"] == "running"
    services.run_stage(stage_run_id=run.stage_runs.first().pk)
    assert live(run)["progress"] == 70


def test_everything_is_done_when_the_run_is_complete(run: Run, work_off: WorkOff) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    work_off()
    picture = live(run)
    assert picture["progress"] == 100
    assert picture["eta_seconds"] is None
    assert picture["error"] is None
    assert picture["stages"] == [
        {
            "name": "fake", "title": "Fake", "description": "Does nothing", "icon": "table",
            "done": 1, "total": 1, "failed": 0, "state": "done",
        }
    ]  # fmt: skip
    assert picture["agent"]["state"] == picture["validation"]["state"] == "done"
    assert picture["settle"] == {"state": "done", "done": 2, "total": 2}
    assert picture["log"][-1]["message"] == "Completed."
    json.dumps(picture)


def test_validation_counts_batches_when_the_agent_still_reads(run: Run) -> None:
    job, agent = open_stream(run.source, job=run.job)
    told = JobProgress(listed=20, done=9)
    discovery.record_progress(job=job, agent=agent, progress=told)
    send_batch(job, agent, 0, [make_table("a")])
    send_body(job, agent, 1, b"nonsense", 1)
    assert live(run)["validation"] == {
        "accepted": 1, "quarantined": 1, "done": 2, "total": 3, "failed": 1, "state": "running",
    }  # fmt: skip


def test_unfinished_work_is_not_called_done_when_the_run_is_cancelled(
    run: Run, people: People
) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])
    services.cancel_run(run=run, user=people.alice)
    stop = JobFailure(code="cancelled", message="Stopped.")
    discovery.fail_job(job=job, agent=agent, failure=stop)
    picture = live(run)
    assert picture["state"] == "cancelled"
    assert (picture["agent"]["state"], picture["validation"]["state"]) == ("stopped", "done")
    assert picture["stages"][0]["state"] == "stopped"


def test_agent_is_skipped_when_the_run_is_cancelled_before_it_came(
    run: Run, people: People
) -> None:
    services.cancel_run(run=run, user=people.alice)
    assert live(run)["agent"]["state"] == live(run)["validation"]["state"] == "skipped"


def test_time_left_is_guessed_when_there_were_runs_before(
    run: Run, people: People, work_off: WorkOff
) -> None:
    assert live(run)["eta_seconds"] is None
    feed_job(run.source, [make_table("a")], run=run)
    work_off()
    Run.objects.update(finished_at=timezone.now() + dt.timedelta(seconds=100))
    second = services.start_run(source=people.source, user=people.alice)
    assert live(second)["eta_seconds"] is None, "It has not begun to read."
    open_stream(second.source, job=second.job)
    assert 90 < live(second)["eta_seconds"] <= 120


def test_picture_of_an_ended_run_is_remembered(
    run: Run, work_off: WorkOff, django_assert_num_queries: Any
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    work_off()
    run = Run.objects.select_related("job__agent").get(pk=run.pk)
    first = selectors.load_live(run)
    with django_assert_num_queries(1):
        assert selectors.load_live(run) == first


def test_stages_are_still_counted_when_they_go_on_after_the_run_failed(
    run: Run, work_off: WorkOff
) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])
    discovery.fail_job(job=job, agent=agent, failure=JobFailure(code="auth_failed", message="No."))
    assert live(run)["stages"][0]["done"] == 0
    work_off()
    assert live(run)["stages"][0]["done"] == 1


def test_picture_is_forgotten_when_the_end_is_rolled_back(run: Run) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    services.run_stage(stage_run_id=run.stage_runs.get().pk)
    fail = partial(services.fail_run, run_id=run.pk, code="settle_failed")
    with transaction.atomic():
        fail(message="Lost.")
        assert live(run)["error"]["message"] == "Lost."
        transaction.set_rollback(True)
    assert live(run)["error"] is None
    fail(message="Kept.")
    assert live(run)["error"]["message"] == "Kept."


def test_progress_is_held_back_when_it_comes_too_fast(run: Run) -> None:
    events = Event.objects.filter(topic=f"run:{run.public_id}", kind="progress")
    before = events.count()
    for _ in range(20):
        services.note_progress(run_id=run.pk)
    assert events.count() - before <= 2


def test_topic_is_open_to_those_who_may_see_the_run(run: Run, people: People) -> None:
    name = f"run:{run.public_id}"
    followed = resolve_topic(user=people.bob, name=name)
    snapshot = followed.topic.snapshot(people.bob, followed.key)
    assert snapshot["state"] == "waiting"
    for user, wanted in ((people.charlie, name), (people.bob, "run:nonsense"), (people.bob, "run")):
        with pytest.raises(NotThere):
            resolve_topic(user=user, name=wanted)


def test_metrics_count_what_waits_and_what_ended(
    run: Run, stage: FakeStage, work_off: WorkOff
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    text = Client().get("/metrics").content.decode()
    assert 'datawave_stage_runs_open{state="ready"} 1.0' in text
    assert "datawave_runs_active 1.0" in text
    work_off()
    text = Client().get("/metrics").content.decode()
    assert 'datawave_runs_total{state="completed"}' in text
    assert 'datawave_stage_seconds_count{outcome="done",stage="fake"}' in text
    assert 'datawave_batches_total{outcome="accepted"}' in text
    assert "datawave_runs_active 0.0" in text


def test_metrics_answer_when_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(_: Any) -> Any:
        raise OperationalError

    monkeypatch.setattr("apps.racine.metrics.QueueCollector._count", lose)
    assert Client().get("/metrics").status_code == 200


def test_health_is_told_to_anyone() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}
    services.sweep()
    # What the cache holds may be lost at any time.
    cache.clear()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["agents"]) == (200, 0)


def test_not_ready_when_the_sweeper_stands_still_or_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services.sweep()
    Orchestration.objects.update(swept_at=timezone.now() - dt.timedelta(seconds=31))
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["sweeper"]) == (503, False)

    def lose() -> int:
        raise OperationalError

    services.sweep()
    monkeypatch.setattr("apps.racine.health.count_live_agents", lose)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, False)
