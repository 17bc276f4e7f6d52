"""Freshness objectives: who hears that a source was not read for too long, and that it was."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.discovery.models import DiscoveryJob
from apps.notifications.models import Notice
from apps.racine import services
from apps.racine.models import Freshness, Run
from tests.discovery.factories import (
    feed_job,
    make_failed,
    make_filtered,
    make_table,
)
from tests.people import People

from .conftest import WorkOff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stage")]


def end_run(run: Run, work_off: WorkOff) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    work_off()


def test_people_are_told_once_when_knowledge_grows_old_and_once_when_it_is_fresh(
    people: People, work_off: WorkOff
) -> None:
    objective = services.set_freshness(user=people.alice, source=people.source, hours=24)
    services.check_freshness()
    assert not Notice.objects.exists()
    Freshness.objects.update(created_at=timezone.now() - dt.timedelta(hours=25))
    for _ in range(3):
        services.check_freshness()
    told = Notice.objects.filter(kind="freshness", user=people.alice)
    assert [notice.title for notice in told] == ["Out of date: crm"]
    assert not Notice.objects.filter(user__in=[people.bob, people.charlie]).exists()
    end_run(services.start_run(source=people.source, user=people.alice), work_off)
    for _ in range(3):
        services.check_freshness()
    titles = list(told.order_by("pk").values_list("title", flat=True))
    assert titles == ["Out of date: crm", "Up to date again: crm"]
    objective.refresh_from_db()
    assert objective.missed_at is None


def set_old_freshness(people: People) -> Freshness:
    """An objective of a day that began three days ago."""
    objective = services.set_freshness(user=people.alice, source=people.source, hours=24)
    Freshness.objects.update(created_at=timezone.now() - dt.timedelta(hours=72))
    return objective


def is_missed(objective: Freshness) -> bool:
    services.check_freshness()
    objective.refresh_from_db()
    return objective.missed_at is not None


def read_hours_ago(run: Run, hours: int) -> None:
    DiscoveryJob.objects.filter(pk=run.job_id).update(
        finished_at=timezone.now() - dt.timedelta(hours=hours)
    )


def test_knowledge_stays_old_when_only_a_stage_works_again(
    people: People, work_off: WorkOff
) -> None:
    objective = set_old_freshness(people)
    run = services.start_run(source=people.source, user=people.alice)
    end_run(run, work_off)
    read_hours_ago(run, 30)
    assert is_missed(objective)
    services.rerun_stage(run=run, stage="fake", user=people.alice)
    work_off()
    assert is_missed(objective)


def test_knowledge_stays_fresh_when_a_stage_works_again(people: People, work_off: WorkOff) -> None:
    objective = set_old_freshness(people)
    run = services.start_run(source=people.source, user=people.alice)
    end_run(run, work_off)
    assert not is_missed(objective)
    services.rerun_stage(run=run, stage="fake", user=people.alice)
    assert not is_missed(objective)
    services.cancel_run(run=run, user=people.alice)
    assert not is_missed(objective), "The reading stands, whatever became of working again."


def test_knowledge_stays_old_when_every_table_failed(people: People, work_off: WorkOff) -> None:
    objective = set_old_freshness(people)
    for records, missed in (
        ([make_failed("a"), make_filtered("b")], True),
        ([make_failed("a"), make_table("c")], False),
    ):
        run = services.start_run(source=people.source, user=people.alice)
        feed_job(run.source, records, run=run)
        work_off()
        assert is_missed(objective) == missed


def test_knowledge_stays_old_when_the_run_was_cancelled_or_taken_back(
    people: People, work_off: WorkOff
) -> None:
    objective = set_old_freshness(people)
    run = services.start_run(source=people.source, user=people.alice)
    feed_job(run.source, [make_table("a")], run=run)
    services.cancel_run(run=run, user=people.alice)
    assert is_missed(objective)
    taken = services.start_run(source=people.source, user=people.alice)
    end_run(taken, work_off)
    assert not is_missed(objective)
    undo = services.request_undo(run=taken, user=people.alice)
    services.work_on_undo(undo_id=undo.pk)
    assert is_missed(objective)


def test_sweeper_looks_at_freshness_when_it_has_not_for_a_while(people: People) -> None:
    services.set_freshness(user=people.alice, source=people.source, hours=1)
    Freshness.objects.update(created_at=timezone.now() - dt.timedelta(hours=2))
    cache.clear()
    services.sweep()
    assert Notice.objects.filter(kind="freshness").exists()
