"""Absence: only a complete listing can show it, twice, and never for most of a container."""

from __future__ import annotations

import uuid

import pytest

from apps.datasources.models import DataSource
from apps.discovery import services
from apps.discovery.models import AbsenceDoubt, Dataset, DiscoveryJob, SchemaChange
from apps.discovery.types import ChangeKind, DatasetState, DoubtState, RunScope

from .factories import (
    feed_job,
    make_close,
    make_failed,
    make_filtered,
    make_table,
    make_unchanged,
    open_stream,
    send_batch,
    send_body,
)

pytestmark = pytest.mark.django_db
MANY = [make_table(f"t{n}") for n in range(20)]


def settle(job: DiscoveryJob) -> dict[str, int]:
    scope = RunScope(run_id=uuid.uuid4(), job_id=job.pk, source_id=job.source_id)
    return services.settle_absence(run=scope).counters


def counts(*, missing: int = 0, doubted: int = 0) -> dict[str, int]:
    return {
        "tables_missing": missing,
        "tables_dropped": 0,
        "absence_withheld": 0,
        "absence_doubted": doubted,
        "absence_unsure": 0,
    }


def state_of(name: str) -> str:
    return Dataset.objects.get(name=name).state


def test_dataset_is_missing_then_dropped_when_two_listings_lack_it(source: DataSource) -> None:
    feed_job(source, [make_table("stays"), make_table("goes")])
    states = []
    for _ in range(3):
        job, _ = feed_job(source, [make_unchanged(make_table("stays"))])
        settle(job)
        settle(job)
        states.append(state_of("goes"))
    assert states == [DatasetState.MISSING, DatasetState.DROPPED, DatasetState.DROPPED]
    assert state_of("stays") == DatasetState.ACTIVE
    kinds = SchemaChange.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == [ChangeKind.TABLE_MISSING, ChangeKind.TABLE_DROPPED]


@pytest.mark.parametrize("times", [1, 2])
def test_dataset_returns_with_its_identity_when_it_is_seen_again(
    source: DataSource, times: int
) -> None:
    feed_job(source, [make_table("stays"), make_table("goes")])
    identity = Dataset.objects.get(name="goes").public_id
    for _ in range(times):
        settle(feed_job(source, [make_table("stays")])[0])
    job, _ = feed_job(source, [make_table("stays"), make_unchanged(make_table("goes"))])
    assert Dataset.objects.get(name="goes").public_id == identity
    assert state_of("goes") == DatasetState.ACTIVE
    assert SchemaChange.objects.get(job=job).kind == ChangeKind.TABLE_RETURNED


def test_nothing_is_missing_when_the_listing_was_not_complete(source: DataSource) -> None:
    feed_job(source, [make_table("stays"), make_table("goes")])
    job, _ = feed_job(source, [make_table("stays")], authoritative=False)
    settle(job)
    assert state_of("goes") == DatasetState.ACTIVE


def test_person_is_asked_when_an_account_that_sees_a_part_lists_less(source: DataSource) -> None:
    feed_job(source, [make_table("stays"), make_table("goes")])
    outcomes = []
    for _ in range(2):
        job, _ = feed_job(source, [make_table("stays")], authoritative=False)
        outcomes.append(settle(job)["absence_unsure"])
    doubts = AbsenceDoubt.objects.order_by("id")
    assert outcomes == [1, 1]
    assert [doubt.state for doubt in doubts] == [DoubtState.OUTDATED, DoubtState.OPEN]
    assert [each.name for each in doubts[1].datasets.all()] == ["goes"]
    doubts.update(state=DoubtState.KEPT)
    job, _ = feed_job(source, [make_table("stays")], authoritative=False)
    assert settle(job)["absence_unsure"] == 0
    feed_job(source, [make_table("stays"), make_table("goes")], authoritative=False)
    job, _ = feed_job(source, [make_table("stays")], authoritative=False)
    assert settle(job)["absence_unsure"] == 1


def test_nobody_is_asked_when_nothing_of_a_container_could_be_listed(source: DataSource) -> None:
    feed_job(source, [make_table("a"), make_table("b")])
    job, _ = feed_job(source, [], authoritative=False)
    assert settle(job) == counts()


def test_nothing_is_missing_when_it_failed_or_was_filtered(source: DataSource) -> None:
    feed_job(source, [make_table("a"), make_table("b")])
    job, _ = feed_job(source, [make_failed("a"), make_filtered("b")])
    settle(job)
    assert {state_of("a"), state_of("b")} == {DatasetState.ACTIVE}


def test_nothing_is_missing_in_a_container_that_was_not_listed(source: DataSource) -> None:
    feed_job(source, [make_table("a"), make_table("b", container="other")])
    job, _ = feed_job(source, [make_table("a")])
    settle(job)
    assert state_of("b") == DatasetState.ACTIVE


def test_container_goes_with_all_it_held_when_it_is_not_among_all_there_are(
    source: DataSource,
) -> None:
    rest = [make_table(f"r{n}", container="other") for n in range(8)]
    feed_job(source, [*MANY, *rest])
    outcomes = [settle(feed_job(source, MANY, complete=True)[0]) for _ in range(2)]
    assert [outcome["tables_missing"] for outcome in outcomes] == [8, 0]
    assert outcomes[1]["tables_dropped"] == 8
    assert Dataset.objects.filter(state=DatasetState.ACTIVE).count() == len(MANY)


def test_breaker_holds_when_containers_with_most_of_the_source_are_gone(
    source: DataSource,
) -> None:
    rest = [make_table(f"r{n}", container=f"c{n}") for n in range(11)]
    feed_job(source, [*MANY[:10], *rest])
    job, _ = feed_job(source, MANY[:10], complete=True)
    assert settle(job) == counts(doubted=11)


def test_breaker_holds_when_a_few_of_each_container_are_most_of_the_source(
    source: DataSource,
) -> None:
    tables = [make_table(f"t{n}", container=f"c{c}") for c in range(6) for n in range(3)]
    feed_job(source, tables)
    job, _ = feed_job(source, tables[::3], complete=True)
    assert settle(job) == counts(doubted=12)


def test_nothing_is_missing_when_a_batch_is_in_quarantine(source: DataSource) -> None:
    feed_job(source, [make_table("a"), make_table("b")])
    job, agent = open_stream(source)
    send_batch(job, agent, 0, [make_table("a")])
    send_body(job, agent, 1, b"broken\n", 1)
    close = make_close(job, [("main", "a"), ("main", "b")])
    services.close_job(job=job, agent=agent, close=close)
    assert settle(job)["absence_withheld"] == 1
    assert state_of("b") == DatasetState.ACTIVE


def test_nothing_is_missing_when_the_job_was_not_closed(source: DataSource) -> None:
    feed_job(source, [make_table("a"), make_table("b")])
    job, _ = feed_job(source, [make_table("a")], close=False)
    assert settle(job) == {}
    assert state_of("b") == DatasetState.ACTIVE


def test_breaker_holds_when_most_of_a_container_would_go(source: DataSource) -> None:
    feed_job(source, MANY)
    job, _ = feed_job(source, MANY[:9])
    assert settle(job)["absence_doubted"] == 11
    assert Dataset.objects.filter(state=DatasetState.ACTIVE).count() == 20


def test_breaker_lets_pass_when_half_of_a_container_goes(source: DataSource) -> None:
    feed_job(source, MANY)
    job, _ = feed_job(source, MANY[:10])
    assert settle(job) == counts(missing=10)


def test_all_of_a_small_container_may_go(source: DataSource) -> None:
    feed_job(source, MANY[:5])
    job, _ = feed_job(source, [])
    assert settle(job)["tables_missing"] == 5
