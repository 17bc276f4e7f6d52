"""The database refuses what no legal path allows, and keeps a history that nobody can rewrite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Model

from apps.discovery.models import DiscoveryJob
from apps.discovery.types import JOB_TRANSITIONS, JobState
from apps.racine import guards, services
from apps.racine.models import Run, RunEvent, StageRun, StateChange
from apps.racine.timeline import list_changes
from apps.racine.types import (
    RUN_TRANSITIONS,
    STAGE_TRANSITIONS,
    ChangeOf,
    RunState,
    StageState,
)
from tests.discovery.factories import feed_job, make_table
from tests.people import People

from .conftest import WorkOff

pytestmark = pytest.mark.django_db(transaction=True)
CASES: list[tuple[type[Model], Mapping[Any, Any], str]] = [
    (Run, RUN_TRANSITIONS, "fence"),
    (StageRun, STAGE_TRANSITIONS, "fence"),
    (DiscoveryJob, JOB_TRANSITIONS, "epoch"),
]


def make_row(model: type[Model], run: Run, state: str) -> int:
    """A row in that state: an INSERT is free to choose it."""
    if model is DiscoveryJob:
        return DiscoveryJob.objects.create(source=run.source, state=state).pk
    if model is Run:
        job = DiscoveryJob.objects.create(source=run.source, state=JobState.CLOSED)
        return Run.objects.create(source=run.source, job=job, state=state, trigger="person").pk
    batch = run.job.batches.get()
    return StageRun.objects.create(run=run, batch=batch, stage=f"other-{state}", state=state).pk


def is_taken(model: type[Any], pk: int, **values: Any) -> bool:
    """Whether the database accepts a bare UPDATE, which is taken back."""
    try:
        with transaction.atomic():
            model.objects.filter(pk=pk).update(**values)
            transaction.set_rollback(True)
    except IntegrityError as error:
        if "illegal change of state" not in str(error):
            raise
        return False
    return True


@pytest.fixture
def ended(run: Run, work_off: WorkOff) -> Run:
    """A run that has ended, so that its source is free for others."""
    feed_job(run.source, [make_table("a")], run=run)
    work_off()
    run.refresh_from_db()
    return run


@pytest.mark.parametrize(("model", "table", "fence"), CASES, ids=["run", "stage", "job"])
def test_update_is_refused_exactly_when_no_path_leads_there(
    ended: Run, model: type[Any], table: Mapping[Any, Any], fence: str
) -> None:
    for origin in table:
        with transaction.atomic():
            pk = make_row(model, ended, origin.value)
            for target in table:
                legal = target == origin or target in table[origin]
                assert is_taken(model, pk, state=target, **{fence: F(fence) + 1}) == legal, (
                    origin,
                    target,
                )
            transaction.set_rollback(True)


def test_update_is_refused_when_a_fence_falls_or_a_claim_has_the_old_one(ended: Run) -> None:
    pk = make_row(StageRun, ended, StageState.READY)
    assert not is_taken(StageRun, pk, state=StageState.LEASED)
    StageRun.objects.filter(pk=pk).update(state=StageState.LEASED, fence=3)
    assert not is_taken(StageRun, pk, fence=2)
    assert not is_taken(StageRun, pk, state=StageState.DONE, fence=2)
    assert is_taken(StageRun, pk, state=StageState.DONE)


def test_each_change_is_written_down_when_a_run_goes_its_way(ended: Run) -> None:
    changes = StateChange.objects.filter(run_id=ended.pk)
    of_run = changes.filter(kind=ChangeOf.RUN).values_list("before", "after")
    assert list(of_run) == [
        (RunState.WAITING, RunState.RUNNING),
        (RunState.RUNNING, RunState.SETTLING),
        (RunState.SETTLING, RunState.COMPLETED),
    ]
    of_job = changes.filter(kind=ChangeOf.JOB).values_list("after", flat=True)
    assert list(of_job) == [JobState.LEASED, JobState.STREAMING, JobState.CLOSED]
    of_stage = changes.filter(kind=ChangeOf.STAGE).values_list("after", "fence")
    assert list(of_stage) == [(StageState.LEASED, 1), (StageState.DONE, 1)]
    assert all(change.at.tzinfo for change in changes)


def test_change_leaves_no_trace_when_it_is_rolled_back(ended: Run) -> None:
    before = StateChange.objects.count()
    pk = make_row(StageRun, ended, StageState.READY)
    assert is_taken(StageRun, pk, state=StageState.CANCELLED)
    assert StateChange.objects.count() == before


def test_history_can_not_be_rewritten(ended: Run) -> None:
    for model, values in ((StateChange, {"after": "failed"}), (RunEvent, {"message": "fine"})):
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.update(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        StateChange.objects.filter(kind=ChangeOf.RUN).delete()


def test_history_goes_with_its_run_when_the_source_is_deleted(ended: Run, people: People) -> None:
    assert StateChange.objects.filter(run_id=ended.pk).exists()
    ended.delete()
    assert not StateChange.objects.filter(run_id=ended.pk).exists()


def test_guards_come_back_when_they_were_lost(run: Run) -> None:
    trigger = next(each for each in guards.list_triggers() if each.table == "racine_run")
    with connection.cursor() as cursor:
        on = "" if connection.vendor == "sqlite" else " ON racine_run"
        cursor.execute(f"DROP TRIGGER {trigger.name}{on}")
    assert is_taken(Run, run.pk, state=RunState.COMPLETED)
    call_command("migrate", verbosity=0)
    assert not is_taken(Run, run.pk, state=RunState.COMPLETED)


def test_timeline_tells_of_run_and_agent_and_of_stages_that_failed(
    run: Run, people: People
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    work = run.stage_runs.get()
    for state, fence in ((StageState.LEASED, 1), (StageState.QUARANTINED, 1)):
        StageRun.objects.filter(pk=work.pk).update(state=state, fence=fence)
    services.cancel_run(run=run, user=people.alice)
    told = [(change.kind, change.after) for change in list_changes(run)]
    assert (ChangeOf.STAGE, StageState.QUARANTINED) in told
    assert (ChangeOf.STAGE, StageState.LEASED) not in told
    assert told[-1] == (ChangeOf.RUN, RunState.CANCELLED)
