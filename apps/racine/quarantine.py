"""Reads of what stages have set aside."""

from __future__ import annotations

from typing import Any

from apps.discovery.stages import list_stages
from datawave.common.errors import NotThere

from .models import Run, StageRun
from .types import StageState

SHOWN = 100


def list_set_aside(run: Run) -> list[dict[str, Any]]:
    """Stage runs that are set aside, with what pages and the API tell of each."""
    aside = run.stage_runs.filter(state=StageState.QUARANTINED).select_related("batch")[:SHOWN]
    titles = {stage.name: stage.title for stage in list_stages()}
    return [
        {
            "id": work.pk,
            "stage": work.stage,
            "title": titles.get(work.stage, work.stage),
            "batch": work.batch.seq,
            "records": work.batch.records,
            "sha256": work.batch.sha256,
            "code": work.error_code,
            "message": work.error_message,
            "failures": work.failures,
            "losses": work.losses,
        }
        for work in aside
    ]


def get_set_aside(run: Run, work_id: int) -> StageRun:
    """A stage run of this run, whatever its state. Raises NotThere."""
    found = run.stage_runs.select_related("batch", "run__source").filter(pk=work_id).first()
    if found is None:
        raise NotThere
    return found
