"""What a source's people allow reaches the agent, and what the agent cost is shown to them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from django.urls import reverse
from django.utils import timezone

from apps.datasources import services as datasources
from apps.datasources.connection import SourceInvalid
from apps.discovery import services as discovery
from apps.discovery.models import DiscoveryJob
from apps.discovery.types import JobState
from apps.racine import services
from apps.racine.agenda import list_blackout_intervals
from apps.racine.load import describe_load
from apps.racine.models import Run
from datawave_edge.manifest import schema_hash
from datawave_edge.protocol import JobProgress, Load, RunSettings
from tests.conftest import SignIn
from tests.discovery.factories import make_agent
from tests.people import People

LOAD = Load(
    queries=1_234, rows_read=56_000, seconds=20.0, busy_seconds=5.0, slept_seconds=2.0,
    paused_seconds=3.0, by_kind={"sample": 3.0, "patterns": 1.5, "catalogue": 0.5},
    slowest_kind="patterns", slowest_seconds=1.25,
)  # fmt: skip


def settings_of(run: Run) -> RunSettings:
    return msgspec.convert(run.job.settings, RunSettings)


def test_agent_is_told_the_limits_when_a_run_starts(people: People) -> None:
    datasources.change_source(
        source=people.source, user=people.ada, counting_seconds=0, run_minutes=7
    )
    settings = settings_of(services.start_run(source=people.source, user=people.alice))
    assert settings.counting_seconds == 0
    assert settings.run_seconds == 420


@pytest.mark.parametrize(
    ("field", "value"),
    [("counting_seconds", -1), ("counting_seconds", 86_401), ("run_minutes", 10_081)],
)
def test_limit_is_refused_by_name_when_out_of_bounds(
    people: People, field: str, value: int
) -> None:
    with pytest.raises(SourceInvalid) as caught:
        datasources.change_source(source=people.source, user=people.ada, **{field: value})
    assert caught.value.field == field
    assert "0 to" in caught.value.message


def test_limits_are_kept_and_shown_when_set_in_the_form(people: People, sign_in: SignIn) -> None:
    url = reverse("datasources:source-edit", args=[people.source.public_id])
    page = sign_in(people.ada).get(url).content.decode()
    assert 'name="counting_seconds"' in page
    assert 'value="300"' in page
    assert sign_in(people.bob).get(url).status_code == 403
    assert sign_in(people.charlie).get(url).status_code == 404


def add_window(people: People, hour: int, length: int, zone: str = "UTC") -> None:
    services.add_blackout(
        user=people.alice, source=people.source, name=f"from {hour}", days=range(7),
        begins=dt.time(hour), ends=dt.time((hour + length) % 24), time_zone=zone,
    )  # fmt: skip


def test_agent_knows_each_window_ahead_when_blackouts_are_set(people: People) -> None:
    now = timezone.now()
    add_window(people, (now.hour + 2) % 24, 1)
    add_window(people, (now.hour + 5) % 24, 2, "Europe/Berlin")
    settings = settings_of(services.start_run(source=people.source, user=people.alice))
    assert settings.blackouts == list_blackout_intervals(people.source, now)
    assert 14 <= len(settings.blackouts) <= 18
    assert all(each.ends > now and each.begins < each.ends for each in settings.blackouts)
    lengths = {(each.ends - each.begins).total_seconds() for each in settings.blackouts}
    assert lengths <= {3600.0, 7200.0}


# The lease of an agent that was told to stop.


def lease(people: People) -> tuple[DiscoveryJob, Any]:
    services.start_run(source=people.source, user=people.alice)
    agent = make_agent("edge", embedded=True)
    job = discovery.lease_job(agent=agent)
    assert job is not None
    return job, agent


def test_job_waits_at_once_when_its_agent_is_stopped(people: People) -> None:
    job, agent = lease(people)
    discovery.record_progress(job=job, agent=agent, progress=JobProgress(leaving=True))
    job.refresh_from_db()
    assert (job.state, job.lease_until, job.attempts) == (JobState.QUEUED, None, 0)
    assert discovery.lease_job(agent=make_agent("other", embedded=True)) == job


def test_job_stays_leased_when_its_agent_only_reports(people: People) -> None:
    job, agent = lease(people)
    discovery.record_progress(job=job, agent=agent, progress=JobProgress(done=1))
    job.refresh_from_db()
    assert job.state != JobState.QUEUED
    assert job.attempts == 1


def test_cancelled_job_is_not_queued_again_when_its_agent_is_stopped(people: People) -> None:
    job, agent = lease(people)
    discovery.request_cancel(job=job)
    discovery.record_progress(job=job, agent=agent, progress=JobProgress(leaving=True))
    job.refresh_from_db()
    assert job.state != JobState.QUEUED


# The page.


def test_load_is_shown_to_who_may_see_the_run_when_it_was_told(
    people: People, sign_in: SignIn
) -> None:
    run = services.start_run(source=people.source, user=people.alice)
    url = reverse("racine:run-detail", args=[run.public_id])
    assert "Load on the database" not in sign_in(people.bob).get(url).content.decode()
    DiscoveryJob.objects.filter(pk=run.job_id).update(load=msgspec.to_builtins(LOAD))
    for address in (url, f"{url}?part=changes"):
        page = sign_in(people.bob).get(address).content.decode()
        assert "Load on the database" in page
        assert "Counting rare patterns" in page
        assert "the slowest single one, 1.25 s" in page
    assert sign_in(people.charlie).get(url).status_code == 404


def test_shares_add_up_when_described() -> None:
    told = describe_load(msgspec.to_builtins(LOAD))
    assert told is not None
    assert (told["busy_share"], told["slept_share"]) == (0.25, 0.1)
    assert next(kind["title"] for kind in told["kinds"]) == "Sampling rows"
    assert sum(kind["share"] for kind in told["kinds"]) == pytest.approx(1.0)
    assert describe_load({}) is None
    assert describe_load({"queries": 3, "rows_read": 1, "seconds": 0}) is not None


def test_schema_of_what_could_leave_is_shown_when_the_agent_told_it(
    people: People, sign_in: SignIn
) -> None:
    job, agent = lease(people)
    run = Run.objects.get()
    url = reverse("racine:run-detail", args=[run.public_id])
    now = timezone.now()
    for told, word in ((schema_hash(), "of this version"), ("a" * 64, "of another version")):
        discovery.open_stream(job=job, agent=agent, agent_time=now, egress_schema=told)
        page = sign_in(people.bob).get(url).content.decode()
        assert f"sha256:{told}" in page
        assert f"The egress schema {word}" in page
    discovery.open_stream(job=job, agent=agent, agent_time=now)
    assert "What could leave" not in sign_in(people.bob).get(url).content.decode()
