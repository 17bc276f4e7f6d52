"""Life of a job: who gets it, what silence, failure, resumption and cancelling make of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.datasources.models import Agent, DataSource
from apps.discovery import selectors, services, signals
from apps.discovery.models import DiscoveryJob
from apps.discovery.services.lease import renew_lease
from datawave_edge.protocol import JobFailure, JobProgress, RunSettings
from tests.factories import make_agent, make_source

from .factories import make_close, make_table, open_stream, send_batch

pytestmark = pytest.mark.django_db
FAILURE = JobFailure(code="wrong_password", message="No.", hint="Mend it.")
BUSY = JobFailure(code="source_busy", message="It is busy.", hint="Later.", retry=True)


@pytest.fixture
def agent() -> Agent:
    return make_agent("embedded", embedded=True)


def open_one(source: DataSource) -> DiscoveryJob:
    return services.open_job(source=source, settings=RunSettings())


def let_lease_run_out(job: DiscoveryJob) -> None:
    past = timezone.now() - dt.timedelta(seconds=1)
    DiscoveryJob.objects.filter(pk=job.pk).update(lease_until=past)


def state_of(job: DiscoveryJob) -> str:
    job.refresh_from_db()
    return job.state


def test_second_job_is_refused_while_one_is_open(source: DataSource) -> None:
    open_one(source)
    with pytest.raises(services.SourceBusy):
        open_one(source)


def test_job_is_leased_to_the_embedded_agent_when_source_has_none(
    source: DataSource, agent: Agent
) -> None:
    job = open_one(source)
    assert services.lease_job(agent=make_agent("remote")) is None
    leased = services.lease_job(agent=agent)
    assert leased == job
    assert (leased.state, leased.agent, leased.attempts) == ("leased", agent, 1)
    assert leased.lease_until is not None


def test_job_is_leased_to_the_assigned_agent_alone(source: DataSource, agent: Agent) -> None:
    source.agent = make_agent("remote")
    source.save()
    job = open_one(source)
    assert services.lease_job(agent=agent) is None
    assert services.lease_job(agent=source.agent) == job


def test_job_is_leased_once_when_two_agents_ask(source: DataSource, agent: Agent) -> None:
    open_one(source)
    assert services.lease_job(agent=agent) is not None
    assert services.lease_job(agent=make_agent("second", embedded=True)) is None


def test_own_job_is_given_back_when_the_agent_starts_again(
    source: DataSource, agent: Agent
) -> None:
    job, _ = open_stream(source, agent=agent)
    open_one(make_source("other"))
    again = services.lease_job(agent=agent)
    assert again == job
    assert again.epoch == job.epoch + 1


def test_lease_is_prolonged_by_any_call(source: DataSource, agent: Agent) -> None:
    job, _ = open_stream(source, agent=agent)
    let_lease_run_out(job)
    services.record_progress(job=job, agent=agent, progress=JobProgress())
    assert services.release_lost_jobs() == 0
    let_lease_run_out(job)
    services.renew_agent_leases(agent=agent)
    assert services.release_lost_jobs() == 0


def test_job_is_given_to_another_when_its_agent_fell_silent(
    source: DataSource, agent: Agent
) -> None:
    job, _ = open_stream(source, agent=agent)
    let_lease_run_out(job)
    assert services.release_lost_jobs() == 1
    assert state_of(job) == "queued"
    second = make_agent("second", embedded=True)
    assert services.lease_job(agent=second) == job
    with pytest.raises(services.LeaseLost):
        send_batch(job, agent, 0, [make_table("late")])


def test_silent_agent_goes_on_when_nobody_took_its_job(source: DataSource, agent: Agent) -> None:
    job, _ = open_stream(source, agent=agent)
    let_lease_run_out(job)
    services.release_lost_jobs()
    assert send_batch(job, agent, 0, [make_table("t")]).status == "accepted"
    assert state_of(job) == "streaming"


def test_agent_goes_on_when_its_sender_and_its_reporter_come_back_at_once(
    source: DataSource, agent: Agent
) -> None:
    job, _ = open_stream(source, agent=agent)
    let_lease_run_out(job)
    services.release_lost_jobs()

    def let_the_other_be_first(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if sql.startswith("UPDATE") and "streaming" not in str(rest[0][:1]):
            DiscoveryJob.objects.filter(state="queued").update(state="streaming")
        return result

    with connection.execute_wrapper(let_the_other_be_first):
        renew_lease(job, agent)
    assert state_of(job) == "streaming"


def test_job_is_taken_back_when_its_lease_was_never_written(
    source: DataSource, agent: Agent
) -> None:
    open_stream(source, agent=agent)
    DiscoveryJob.objects.update(lease_until=None)
    assert services.release_lost_jobs() == 1


def test_job_fails_when_its_agent_is_lost_again_and_again(source: DataSource, agent: Agent) -> None:
    job = open_one(source)
    for _ in range(5):
        assert services.lease_job(agent=agent) == job
        let_lease_run_out(job)
        services.release_lost_jobs()
    assert state_of(job) == "failed"
    assert job.error_code == "agent_lost"


def test_job_fails_when_its_agent_takes_it_up_again_and_again(
    source: DataSource, agent: Agent
) -> None:
    job = open_one(source)
    asked = [services.lease_job(agent=agent) for _ in range(6)]
    assert asked == [job] * 5 + [None]
    assert state_of(job) == "failed"
    assert job.error_code == "job_given_up"


def test_job_goes_on_when_each_attempt_gets_further(source: DataSource, agent: Agent) -> None:
    job = open_one(source)
    for seq in range(8):
        open_stream(source, job=job, agent=agent)
        assert send_batch(job, agent, seq, [make_table(f"t{seq}")]).status == "accepted"
        let_lease_run_out(job)
        services.release_lost_jobs()
    assert (state_of(job), job.attempts) == ("queued", 1)


def test_attempts_count_when_only_repeats_are_sent(source: DataSource, agent: Agent) -> None:
    job = open_one(source)
    for _ in range(5):
        open_stream(source, job=job, agent=agent)
        send_batch(job, agent, 0, [make_table("t")])
    assert (state_of(job), job.attempts) == ("streaming", 5)
    assert services.lease_job(agent=agent) is None
    assert state_of(job) == "failed"


def test_failure_is_told_when_the_agent_gives_up(
    source: DataSource, agent: Agent, django_capture_on_commit_callbacks: Any
) -> None:
    job, _ = open_stream(source, agent=agent)
    heard: list[DiscoveryJob] = []
    listen = lambda sender, job, **_: heard.append(job)  # noqa: E731  # a receiver in a line
    signals.job_failed.connect(listen, weak=False)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            services.fail_job(job=job, agent=agent, failure=FAILURE)
    finally:
        signals.job_failed.disconnect(listen)
    assert state_of(job) == "failed"
    assert (job.error_code, job.error_hint) == ("wrong_password", "Mend it.")
    assert heard == [job]
    with pytest.raises(services.JobOver):
        send_batch(job, agent, 0, [make_table("t")])


def end_rest(job: DiscoveryJob) -> None:
    job.refresh_from_db()
    assert job.lease_until is not None
    assert job.lease_until > timezone.now()
    let_lease_run_out(job)


def test_job_rests_when_its_failure_may_pass(source: DataSource, agent: Agent) -> None:
    job, _ = open_stream(source, agent=agent)
    send_batch(job, agent, 0, [make_table("a")])
    services.fail_job(job=job, agent=agent, failure=BUSY)
    assert (state_of(job), job.error_code) == ("queued", "")
    assert services.lease_job(agent=agent) is None
    with pytest.raises(services.LeaseLost):
        send_batch(job, agent, 1, [make_table("late")])
    end_rest(job)
    assert services.lease_job(agent=agent) == job


def test_job_fails_with_the_agents_words_when_all_attempts_failed(
    source: DataSource, agent: Agent
) -> None:
    job = open_one(source)
    for seq in range(4):
        open_stream(source, job=job, agent=agent)
        if not seq:
            send_batch(job, agent, 0, [make_table("a")])
        services.fail_job(job=job, agent=agent, failure=BUSY)
        end_rest(job)
    open_stream(source, job=job, agent=agent)
    services.fail_job(job=job, agent=agent, failure=BUSY)
    assert (state_of(job), job.error_code) == ("failed", "source_busy")
    assert (job.error_message, job.error_hint) == ("It is busy.", "Later.")


def test_job_fails_at_once_when_nothing_was_read_yet(source: DataSource, agent: Agent) -> None:
    job, _ = open_stream(source, agent=agent)
    services.fail_job(job=job, agent=agent, failure=BUSY)
    assert (state_of(job), job.error_code) == ("failed", "source_busy")


def test_job_is_cancelled_when_its_failure_may_pass(source: DataSource, agent: Agent) -> None:
    job, _ = open_stream(source, agent=agent)
    services.request_cancel(job=job)
    services.fail_job(job=job, agent=agent, failure=BUSY)
    assert state_of(job) == "cancelled"


def test_job_is_cancelled_at_once_when_it_rests(source: DataSource, agent: Agent) -> None:
    job, _ = open_stream(source, agent=agent)
    send_batch(job, agent, 0, [make_table("a")])
    services.fail_job(job=job, agent=agent, failure=BUSY)
    services.request_cancel(job=job)
    assert (state_of(job), job.lease_until) == ("cancelled", None)


def test_ledger_is_kept_when_a_failed_job_is_resumed(source: DataSource, agent: Agent) -> None:
    job, _ = open_stream(source, agent=agent)
    send_batch(job, agent, 0, [make_table("a")])
    services.fail_job(job=job, agent=agent, failure=FAILURE)
    services.resume_job(job=job, settings=RunSettings(sample_rows=7))
    assert state_of(job) == "queued"
    assert job.settings["sample_rows"] == 7
    assert services.lease_job(agent=agent) is None
    assert services.release_job(job=job)
    assert job.error_code == ""
    with pytest.raises(services.LeaseLost):
        send_batch(job, agent, 1, [make_table("b")])
    job, _ = open_stream(source, job=job, agent=agent)
    assert send_batch(job, agent, 0, [make_table("a")]).status == "duplicate"
    assert send_batch(job, agent, 1, [make_table("a"), make_table("b")]).status == "accepted"
    close = make_close(job, [("main", "a"), ("main", "b")])
    assert services.close_job(job=job, agent=agent, close=close).status == "closed"
    assert selectors.load_balance(job.pk).holds


def test_job_is_not_resumed_when_it_did_not_fail(source: DataSource, agent: Agent) -> None:
    job, _ = open_stream(source, agent=agent)
    with pytest.raises(services.JobNotFailed):
        services.resume_job(job=job, settings=RunSettings())
    services.fail_job(job=job, agent=agent, failure=FAILURE)
    open_one(source)
    with pytest.raises(services.SourceBusy):
        services.resume_job(job=job, settings=RunSettings())


def test_waiting_job_is_cancelled_at_once(source: DataSource, agent: Agent) -> None:
    job = open_one(source)
    services.request_cancel(job=job)
    assert state_of(job) == "cancelled"
    assert services.lease_job(agent=agent) is None


def test_agent_is_told_to_stop_when_its_job_is_cancelled(source: DataSource, agent: Agent) -> None:
    job, _ = open_stream(source, agent=agent)
    services.request_cancel(job=job)
    assert state_of(job) == "streaming"
    assert services.record_progress(job=job, agent=agent, progress=JobProgress()).cancel
    assert services.renew_agent_leases(agent=agent) == [job]
    services.fail_job(job=job, agent=agent, failure=FAILURE)
    assert state_of(job) == "cancelled"


def test_job_ends_cancelled_when_it_closes_after_the_request(
    source: DataSource, agent: Agent
) -> None:
    job, _ = open_stream(source, agent=agent)
    services.request_cancel(job=job)
    services.close_job(job=job, agent=agent, close=make_close(job, []))
    assert state_of(job) == "cancelled"


def test_job_is_cancelled_when_its_agent_does_not_heed(source: DataSource, agent: Agent) -> None:
    job, _ = open_stream(source, agent=agent)
    services.request_cancel(job=job)
    assert services.release_lost_jobs() == 0
    past = timezone.now() - dt.timedelta(seconds=31)
    DiscoveryJob.objects.update(cancel_requested_at=past)
    assert services.release_lost_jobs() == 1
    assert state_of(job) == "cancelled"


def test_ended_job_stays_as_it_is_when_cancelled(source: DataSource, agent: Agent) -> None:
    job, _ = open_stream(source, agent=agent)
    services.close_job(job=job, agent=agent, close=make_close(job, []))
    services.request_cancel(job=job)
    assert state_of(job) == "closed"
    assert job.cancel_requested_at is None
