"""What waits for the workers is what agents are slowed down by."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.discovery import stages
from apps.discovery.models import Batch
from apps.racine.models import Run, StageRun
from apps.racine.selectors import count_waiting_work
from apps.racine.types import RunState, StageState


@pytest.fixture
def waiting(run: Run) -> list[Any]:
    """Thirty stage runs that are ready, and one of each other state."""
    batches = [
        Batch(job=run.job, seq=seq, sha256="0" * 64, records=0, packed_bytes=0, body_bytes=0)
        for seq in range(30)
    ]
    batches = Batch.objects.bulk_create(batches)
    others = [state for state in StageState if state != StageState.READY]
    StageRun.objects.bulk_create(
        StageRun(run=run, batch=batch, stage="fake", state=StageState.READY) for batch in batches
    )
    StageRun.objects.bulk_create(
        StageRun(run=run, batch=batches[0], stage=state.value, state=state) for state in others
    )
    return batches


@pytest.mark.usefixtures("waiting")
def test_what_is_ready_is_counted_and_no_more_than_asked() -> None:
    assert count_waiting_work(1_000) == 30
    assert count_waiting_work(7) == 7


@pytest.mark.usefixtures("waiting")
def test_nothing_waits_when_the_run_is_over(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state=RunState.FAILED)
    assert count_waiting_work(1_000) == 0


@pytest.mark.usefixtures("waiting")
def test_no_table_is_read_through_when_work_is_counted() -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        count_waiting_work(1_000)
    (query,) = asked.captured_queries
    with connection.cursor() as cursor:
        plan = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        if connection.vendor == "postgresql":
            # A planner that knows only a few rows would read them all.
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{plan} {query['sql']}")
        text = "\n".join(str(row) for row in cursor.fetchall())
    assert "stage_run_state" in text or "stage_state" in text, text


def test_agents_are_slowed_down_by_it() -> None:
    assert count_waiting_work in stages._backlogs
