"""Conducting costs queries by the batch, never by the table."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.notifications.models import Event
from apps.racine import services
from apps.racine.models import Run
from apps.racine.selectors import load_live
from apps.racine.services import story
from tests.discovery.factories import feed_job, make_table

pytestmark = pytest.mark.django_db(transaction=True)
# Claim, load, store, end, and tell, with BEGIN and COMMIT.
QUERIES_PER_STAGE = 30


def count_queries(run: Run) -> list[int]:
    """Of each stage run of the run, in the order of its batches."""
    counts = []
    for work in run.stage_runs.order_by("batch__seq"):
        with CaptureQueriesContext(connection) as captured:
            services.run_stage(stage_run_id=work.pk)
        counts.append(len(captured))
    return counts


def test_stage_costs_the_same_when_its_batch_has_more_tables(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Or some would tell of their progress, and others leave it to the next.
    monkeypatch.setattr(story, "PROGRESS_EVERY", dt.timedelta(0))
    monkeypatch.setattr(story, "REST_SHARE", 0)
    tables = [make_table(f"t{number:03d}") for number in range(82)]
    # Batches of 40, 40 and 2 tables.
    feed_job(run.source, tables, run=run, tables_per_batch=40, close=False)
    large, _, small = count_queries(run)
    assert large <= QUERIES_PER_STAGE
    assert abs(large - small) <= 4


def test_log_costs_the_same_when_the_agent_sends_more_lines(run: Run) -> None:
    def count(lines: list[tuple[str, str]]) -> int:
        with CaptureQueriesContext(connection) as captured:
            services.log_job(job=run.job, lines=lines)
        return len(captured)

    lines = [("warning" if number % 2 else "odd", f"line {number}") for number in range(60)]
    assert count(lines) - count(lines[:1]) <= 1
    told = [event for event in run.events.order_by("pk") if event.source == "agent"][:60]
    assert [event.message for event in told] == [message for _, message in lines]
    assert [event.level for event in told[:2]] == ["info", "warning"]
    live = Event.objects.filter(kind="log").order_by("pk").values_list("data", flat=True)
    assert [line["id"] for line in live][-61:-1] == [event.pk for event in told]


def test_progress_is_told_less_often_when_it_takes_long_to_count(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count_slowly(of: Run, *, with_log: bool) -> dict[str, Any]:
        time.sleep(0.02)
        return load_live(of, with_log=with_log)

    monkeypatch.setattr(story, "load_live", count_slowly)
    services.note_progress(run_id=run.pk)
    run.refresh_from_db()
    assert run.told_at is not None
    rest = run.told_at - timezone.now()
    assert dt.timedelta(seconds=0.3) < rest <= story.REST_LIMIT
