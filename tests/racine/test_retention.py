"""What old discoveries left is deleted, and nothing that a page, an undo or a reading needs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from apps.discovery import services as discovery
from apps.discovery.models import Batch, BatchItem, Dataset, DiscoveryJob, Field, TableSnapshot
from apps.discovery.selectors import list_failed_items, list_unread_items
from apps.racine import services
from apps.racine.agenda import measure_freshness
from apps.racine.models import Run
from apps.racine.selectors import load_live
from apps.racine.services import sweeping
from datawave_edge.protocol import JobFailure
from tests.conftest import SignIn
from tests.discovery.factories import (
    make_close,
    make_failed,
    make_filtered,
    make_table,
    make_unchanged,
    open_stream,
    send_batch,
)
from tests.faults.harness.canonical import compare
from tests.people import People

from .conftest import FakeStage, WorkOff
from .test_rest import client_of
from .test_undo import (
    CUSTOMER,
    CUSTOMER_GROWN,
    CUSTOMER_SHRUNK,
    INVOICES,
    ORDERS,
    discover,
    picture_of,
    take_back,
)

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = dt.timedelta(days=500)
SHRUNK_ORDERS = make_table("orders", ["id"])


def age(*runs: Run) -> None:
    """Let those runs have ended long ago."""
    jobs = DiscoveryJob.objects.filter(pk__in=[run.job_id for run in runs])
    jobs.update(finished_at=timezone.now() - LONG_AGO)


def clear(most: int = 100) -> int:
    return discovery.clear_old_jobs(most=most)


def outcomes_of(run: Run) -> list[tuple[str, str]]:
    items = BatchItem.objects.filter(batch__job=run.job_id).order_by("name")
    return list(items.values_list("name", "outcome"))


def fail_reading(people: People, tables: list[Any]) -> Run:
    """A run whose agent gives up after one batch."""
    run = services.start_run(source=people.source, user=people.alice)
    job, agent = open_stream(people.source, job=run.job)
    send_batch(job, agent, 0, tables)
    failure = JobFailure(code="driver_error", message="The driver fell over.")
    discovery.fail_job(job=job, agent=agent, failure=failure)
    run.refresh_from_db()
    return run


def test_rows_go_when_a_run_is_old_and_outlived(people: People, work_off: WorkOff) -> None:
    first = discover(people, [CUSTOMER, ORDERS, make_filtered("log")], work_off)
    second = discover(people, [CUSTOMER_GROWN, make_unchanged(ORDERS)], work_off)
    third = discover(people, [make_unchanged(CUSTOMER_GROWN), make_unchanged(ORDERS)], work_off)
    age(first, second)
    assert clear() == 2
    # One row proves that it could read; the last words are those of the second.
    assert outcomes_of(first) == [("customer", "stored")]
    assert outcomes_of(second) == [("customer", "stored"), ("orders", "unchanged")]
    assert len(outcomes_of(third)) == 2
    assert Batch.objects.filter(job=first.job_id).exists()
    versions = TableSnapshot.objects.values_list("content_hash", flat=True)
    assert set(versions) == {CUSTOMER_GROWN.content_hash, ORDERS.content_hash}
    assert clear() == 0


def test_nothing_goes_when_runs_are_young_or_all_is_kept(
    people: People, work_off: WorkOff, settings: Any
) -> None:
    runs = [discover(people, [table], work_off) for table in (CUSTOMER, CUSTOMER_GROWN)]
    assert clear() == 0
    age(*runs)
    settings.RUN_KEEP_DAYS = 0
    assert clear() == 0
    assert TableSnapshot.objects.count() == 2


def test_newest_good_reading_stays_when_later_ones_failed(
    people: People, work_off: WorkOff
) -> None:
    good = discover(people, [CUSTOMER, ORDERS], work_off)
    failed = [fail_reading(people, [CUSTOMER_GROWN]) for _ in range(2)]
    age(good, *failed)
    assert clear() == 1
    good.job.refresh_from_db()
    assert good.job.cleared_at is None
    assert len(outcomes_of(good)) == 2
    # The newest failed one can go on: what it sent is still there.
    services.resume_run(run=failed[1], user=people.alice)
    feed_rest(failed[1], [CUSTOMER_GROWN, ORDERS])
    work_off()
    assert not people.source.schema_changes.filter(kind="table_missing").exists()


def feed_rest(run: Run, listed: list[Any]) -> None:
    """The agent takes the job up after its first batch, and closes it with a listing of all."""
    run.refresh_from_db()
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 1, [make_unchanged(ORDERS)])
    close = make_close(job, [("main", table.name) for table in listed], complete=True)
    assert discovery.close_job(job=job, agent=agent, close=close).status == "closed"


def test_run_is_as_before_it_when_taken_back_after_older_ones_were_cleared(
    people: People, work_off: WorkOff
) -> None:
    """Tables that grew, shrank, came back and could not be read, over several old runs."""
    old = [
        discover(people, [CUSTOMER_GROWN, ORDERS, INVOICES], work_off),
        discover(people, [CUSTOMER, ORDERS, make_failed("invoices")], work_off),
        discover(people, [CUSTOMER_SHRUNK, SHRUNK_ORDERS], work_off),
        discover(people, [make_unchanged(CUSTOMER_SHRUNK), ORDERS], work_off),
    ]
    before = picture_of(people.source)
    removed = dict(Field.objects.values_list("pk", "removed_at"))
    age(*old)
    assert clear() == 3
    last = discover(people, [CUSTOMER_GROWN, make_failed("orders"), INVOICES], work_off)
    assert clear() == 1
    assert TableSnapshot.objects.filter(job=old[2].job_id).count() == 1
    take_back(last, people)
    found = picture_of(people.source)
    # Older versions are fewer, and that is all.
    found.pop("snapshots")
    before.pop("snapshots")
    assert compare(found, before) == []
    assert dict(Field.objects.values_list("pk", "removed_at")) == removed


def test_undo_says_that_it_is_too_late_when_the_run_was_cleared(
    people: People, work_off: WorkOff, sign_in: SignIn
) -> None:
    first = discover(people, [CUSTOMER], work_off)
    second = discover(people, [CUSTOMER_GROWN], work_off)
    age(first)
    assert clear() == 1
    take_back(second, people)
    first.refresh_from_db()
    with pytest.raises(services.NotUndoable, match="too old to be taken back"):
        services.request_undo(run=first, user=people.alice)
    client = sign_in(people.alice)
    page = client.get(reverse("racine:run-undo", args=[first.public_id])).content.decode()
    assert "too old to be taken back" in page
    assert "Take it back" not in page
    page = client.get(reverse("racine:run-detail", args=[first.public_id])).content.decode()
    assert "too old to be taken back" in page
    assert "Take back…" not in page
    answer = client_of(people.alice).get(f"/api/v1/runs/{first.public_id}/undo/").json()
    assert "too old" in answer["obstacle"]
    assert answer["tables"] == []


def test_page_of_a_run_is_the_same_when_it_was_cleared(people: People, work_off: WorkOff) -> None:
    unread = make_table("unread", profile_error="timeout")
    run = discover(
        people, [CUSTOMER, ORDERS, unread, make_failed("secret"), make_filtered("log")], work_off
    )
    again = discover(people, [make_unchanged(table) for table in (ORDERS, unread)], work_off)
    # A version that is not the current one any more.
    readable = make_table("unread", row_count=7)
    third = discover(people, [make_unchanged(CUSTOMER), ORDERS, readable], work_off)
    discover(people, [make_unchanged(readable)], work_off)
    before, tables = load_live(run), _list_told(run)
    assert before["counts"]["stored"] == 3
    age(run, again, third)
    assert clear() == 3
    cache.clear()
    run = Run.objects.get(pk=run.pk)
    assert load_live(run) == before
    assert _list_told(run) == tables == [["secret"], ["unread"]]


def _list_told(run: Run) -> list[list[str]]:
    told = [list_failed_items(run.job), list_unread_items(run.job)]
    return [[item.name for item in items] for items in told]


def test_stages_leave_known_tables_alone_when_old_runs_were_cleared(
    people: People, stage: FakeStage, work_off: WorkOff
) -> None:
    runs = [
        discover(people, [CUSTOMER, ORDERS], work_off),
        discover(people, [make_unchanged(CUSTOMER), make_unchanged(ORDERS)], work_off),
        discover(people, [make_unchanged(CUSTOMER), make_failed("orders")], work_off),
        discover(people, [make_unchanged(CUSTOMER), make_failed("orders")], work_off),
    ]
    age(*runs)
    assert clear() == 3
    discover(people, [make_unchanged(CUSTOMER), make_unchanged(ORDERS)], work_off)
    assert [table.changed for table in stage.batches[-1].tables] == [False, False]


def test_word_of_a_run_that_stands_is_kept_when_a_later_one_was_taken_back(
    people: People, work_off: WorkOff
) -> None:
    same = [make_unchanged(CUSTOMER), make_unchanged(ORDERS)]
    first = discover(people, [CUSTOMER, ORDERS], work_off)
    second = discover(people, same, work_off)
    take_back(second, people)
    third = discover(people, same, work_off)
    age(first, second)
    assert clear() == 2
    assert outcomes_of(first) == [("customer", "stored"), ("orders", "stored")]
    take_back(third, people)
    jobs = Dataset.objects.values_list("last_job", flat=True)
    assert set(jobs) == {first.job_id}


def test_source_counts_as_read_when_its_good_run_was_cleared(
    people: People, work_off: WorkOff
) -> None:
    good = discover(people, [CUSTOMER, make_failed("secret")], work_off)
    services.set_freshness(user=people.alice, source=people.source, hours=24)
    # It reads the same table, and then all of it is lost with the run.
    discover(people, [make_failed("customer"), make_failed("secret")], work_off)
    age(good)
    assert clear() == 1
    good.job.refresh_from_db()
    assert measure_freshness().get().known_at == good.job.finished_at


def test_a_few_go_each_minute_when_the_sweeper_looks(people: People, work_off: WorkOff) -> None:
    runs = [discover(people, [make_unchanged(ORDERS) if n else ORDERS], work_off) for n in range(8)]
    age(*runs)
    cache.clear()
    sweeping.clear_old_jobs()
    sweeping.clear_old_jobs()
    assert DiscoveryJob.objects.exclude(cleared_at=None).count() == sweeping.CLEAR_AT_ONCE


def test_days_are_shown_when_an_administrator_looks_at_the_limits(
    people: People, sign_in: SignIn, settings: Any
) -> None:
    settings.RUN_KEEP_DAYS = 45
    page = sign_in(people.ada).get(reverse("racine:schedule-list")).content.decode()
    assert "45 days" in page
