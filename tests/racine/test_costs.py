"""Conducting costs queries by the batch, never by the table."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.racine import services
from apps.racine.models import Run
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
    tables = [make_table(f"t{number:03d}") for number in range(82)]
    # Batches of 40, 40 and 2 tables.
    feed_job(run.source, tables, run=run, tables_per_batch=40, close=False)
    large, _, small = count_queries(run)
    assert large <= QUERIES_PER_STAGE
    assert abs(large - small) <= 4
