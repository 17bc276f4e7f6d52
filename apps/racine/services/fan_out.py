"""Gives each accepted batch one StageRun per stage, once, however often it is announced."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from apps.discovery.stages import list_stages
from apps.discovery.types import BatchState
from apps.racine.models import Run, StageRun
from apps.racine.signals import stages_ready
from apps.racine.types import RunState, StageState

from .story import add_line, note_progress

if TYPE_CHECKING:
    from apps.discovery.models import Batch


def add_stage_runs(*, batch: Batch) -> list[int]:
    """Open the stages on a new batch; ids of those that are ready."""
    run = Run.objects.filter(job_id=batch.job_id).first()
    if run is None:
        return []
    with transaction.atomic():
        if _is_stopped(run):
            return []
        ids = _open_stages(run, [batch.pk])
        add_line(run, f"Batch {batch.seq} accepted: {batch.records} records.", source="validation")
    note_progress(run_id=run.pk)
    return ids


def _is_stopped(run: Run) -> bool:
    """Looked up under the run's lock, for it may be cancelled at this very moment.

    What a cancelled run still gets is worked on when it is resumed.
    """
    stopped = (RunState.CANCELLING, RunState.CANCELLED)
    return Run.objects.select_for_update().get(pk=run.pk).state in stopped


def add_missing_stage_runs(*, run: Run) -> list[int]:
    """Open the stages on batches whose announcement was lost in a crash."""
    accepted = run.job.batches.filter(state=BatchState.ACCEPTED)
    expected = accepted.count() * len(list_stages())
    if expected == run.stage_runs.count():
        return []
    with transaction.atomic():
        return _open_stages(run, list(accepted.values_list("pk", flat=True)))


def _open_stages(run: Run, batch_ids: list[int]) -> list[int]:
    rows = [
        StageRun(run=run, batch_id=batch_id, stage=stage.name)
        for batch_id in batch_ids
        for stage in list_stages()
    ]
    StageRun.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    mine = StageRun.objects.filter(run=run, batch_id__in=batch_ids, state=StageState.READY)
    ids = list(mine.values_list("pk", flat=True))
    announce_ready(ids)
    return ids


def announce_ready(stage_run_ids: list[int]) -> None:
    """Say that these can be worked on, once the surrounding transaction has committed."""
    if stage_run_ids:
        hint = partial(stages_ready.send_robust, sender=StageRun, stage_run_ids=stage_run_ids)
        transaction.on_commit(hint)
