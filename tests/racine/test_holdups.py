"""What holds a run up stands on its page, with the time at which it is over."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from apps.discovery import services as discovery
from apps.racine import services
from apps.racine.models import Run
from apps.racine.selectors import load_live
from apps.racine.types import RunState
from datawave_edge.protocol import JobFailure, JobProgress
from tests.conftest import SignIn
from tests.discovery.factories import make_table, open_stream, send_batch
from tests.factories import make_agent
from tests.people import People

from .test_rest import client_of

pytestmark = pytest.mark.django_db(transaction=True)


def add_window(people: People) -> Any:
    """One that lasts for the hours around now."""
    now = timezone.now()
    begins, ends = now - dt.timedelta(hours=2), now + dt.timedelta(hours=2)
    return services.add_blackout(
        user=people.alice, source=people.source, name="Freeze", days=range(7),
        begins=begins.time(), ends=ends.time(), time_zone="UTC",
    )  # fmt: skip


def holdup_of(run: Run) -> dict[str, Any]:
    fresh = Run.objects.select_related("source__agent", "job__agent").get(pk=run.pk)
    found: dict[str, Any] | None = load_live(fresh)["holdup"]
    return found or {}


def test_agent_is_told_when_a_window_is_added_and_deleted_while_it_reads(
    run: Run, people: People, sign_in: SignIn
) -> None:
    job, agent = open_stream(run.source, job=run.job)

    def report() -> Any:
        return discovery.record_progress(job=job, agent=agent, progress=JobProgress())

    assert report().blackouts == []
    blackout = add_window(people)
    now = timezone.now()
    assert any(each.begins <= now < each.ends for each in report().blackouts)
    found = holdup_of(run)
    assert (found["kind"], "“Freeze”" in found["text"]) == ("blackout", True)
    assert dt.datetime.fromisoformat(found["until"]) > now
    page = sign_in(people.bob).get(f"/runs/{run.public_id}/").content.decode()
    assert "Paused." in page
    assert "“Freeze”" in page
    services.delete_blackout(user=people.alice, blackout=blackout)
    assert report().blackouts == []
    assert holdup_of(run) == {}


def test_run_says_what_it_waits_for_when_it_has_not_begun(
    people: People, stage: Any, sign_in: SignIn
) -> None:
    add_window(people)
    run = services.start_run(source=people.source, user=people.alice)
    assert holdup_of(run)["kind"] == "held"
    page = sign_in(people.bob).get(f"/runs/{run.public_id}/").content.decode()
    assert "Not begun yet." in page
    live = client_of(people.bob).get(f"/api/v1/runs/{run.public_id}/").json()["live"]
    assert "“Freeze”" in live["holdup"]["text"]


def test_run_says_by_when_it_fails_when_no_agent_takes_it(run: Run, people: People) -> None:
    assert holdup_of(run) == {}
    since = timezone.now() - dt.timedelta(seconds=30)
    Run.objects.filter(pk=run.pk).update(waiting_since=since)
    found = holdup_of(run)
    assert (found["kind"], "fails and can be resumed" in found["text"]) == ("agent", True)
    assert dt.datetime.fromisoformat(found["until"]) == since + dt.timedelta(minutes=10)


def test_run_names_its_agent_when_that_takes_no_work(run: Run, people: People) -> None:
    people.source.agent = make_agent("site-1", draining=True, last_seen_at=timezone.now())
    people.source.save()
    since = timezone.now() - dt.timedelta(seconds=30)
    Run.objects.filter(pk=run.pk).update(waiting_since=since)
    assert "site-1 was told to take no new work" in holdup_of(run)["text"]


def test_run_says_of_each_agent_what_to_do_when_none_takes_it(run: Run, people: People) -> None:
    now = timezone.now()
    agents = [
        make_agent("gone", revoked_at=now), make_agent("away", last_seen_at=now - dt.timedelta(1)),
        make_agent("new"), make_agent("fourth", last_seen_at=now), make_agent("fifth"),
    ]  # fmt: skip
    people.source.agent = agents[0]
    people.source.save()
    people.source.more_agents.set(agents[1:3])
    Run.objects.filter(pk=run.pk).update(waiting_since=now - dt.timedelta(seconds=30))
    told = holdup_of(run)["text"]
    for part in (
        "gone was revoked; enrol it again",
        "away is not connected",
        "new was never heard of",
    ):
        assert part in told
    assert "Nor has any" not in told
    people.source.more_agents.set(agents[1:])
    assert "Nor has any of 2 more." in holdup_of(run)["text"]


def test_live_pages_hear_of_it_when_a_run_waits_long(run: Run) -> None:
    late = timezone.now() - dt.timedelta(seconds=30)
    Run.objects.filter(pk=run.pk).update(waiting_since=late, told_at=late)
    services.sweep()
    run.refresh_from_db()
    assert run.state == RunState.WAITING
    assert run.told_at is not None
    assert run.told_at > late


def test_page_and_log_say_when_it_is_tried_again_when_a_failure_may_pass(run: Run) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [make_table("a")])
    busy = JobFailure(code="source_busy", message="It is busy.", retry=True)
    discovery.fail_job(job=job, agent=agent, failure=busy)
    run.refresh_from_db()
    assert run.state == RunState.WAITING
    line = run.events.get(message__startswith="It is busy.")
    assert (line.level, "tried again" in line.message) == ("warning", True)
    assert not run.events.filter(message__contains="silent").exists()
    found = holdup_of(run)
    assert "tried again" in found["text"]
    assert dt.datetime.fromisoformat(found["until"]) > timezone.now()
    job.refresh_from_db()
    assert job.lease_until == dt.datetime.fromisoformat(found["until"])
