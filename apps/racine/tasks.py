"""Background work of racine: an id in, one service call."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from . import services


@shared_task(name="racine.run_stage")
def run_stage(*, stage_run_id: int, **_: Any) -> None:
    """Work on one stage of one batch."""
    services.run_stage(stage_run_id=stage_run_id)


@shared_task(name="racine.settle_run")
def settle_run(*, run_id: int, **_: Any) -> None:
    """Settle one run."""
    services.settle_run(run_id=run_id)


@shared_task(name="racine.work_on_undo")
def work_on_undo(*, undo_id: int, **_: Any) -> None:
    """Take one run back."""
    services.work_on_undo(undo_id=undo_id)
