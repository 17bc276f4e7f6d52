"""What a steward decides about one batch that validation has refused: once more, or without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from apps.discovery import services as discovery
from apps.racine.models import Run
from apps.racine.types import LogLevel, RunState
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError

from .fan_out import add_missing_stage_runs
from .reopening import reopen_run, reopening
from .story import add_line, note_progress

if TYPE_CHECKING:
    from apps.discovery.models import Batch
    from apps.rbac.models import User


class RunUnfinished(DataWaveError):
    """A refused batch can be tried again once its discovery has completed; resume it if it failed,
    else wait.
    """

    status = 409
    retry = True


def requeue_refused(*, run: Run, batch: Batch, user: User) -> None:
    """Validate one refused batch again, and have the stages work on it.

    Raises RunUnfinished, RunOutdated, SourceBusy, and what discovery.retry_refused raises.
    """
    rbac.require(user, Action.DISCOVER, run.source)
    with reopening(run):
        # While it is read, the agent itself sends the parts of the batch that make sense.
        origins = [RunState.COMPLETED_WITH_ERRORS]
        if not reopen_run(run, origins, RunState.RUNNING, settled=[], summary={}):
            raise RunUnfinished
        taken_in = discovery.retry_refused(batch=batch)
        # Before the commit, or the run might be settled without them.
        add_missing_stage_runs(run=run)
        for each in taken_in:
            _tell(run, each, user, "requeued", "is tried again")
    note_progress(run_id=run.pk)


@transaction.atomic
def discard_refused(*, run: Run, batch: Batch, user: User) -> None:
    """Do without what one refused batch says, until the next discovery. Raises NotRefused."""
    rbac.require(user, Action.DISCOVER, run.source)
    discovery.discard_refused(batch=batch)
    _tell(run, batch, user, "discarded", "is done without")


def _tell(run: Run, batch: Batch, user: User, verb: str, words: str) -> None:
    text = f"Batch {batch.seq} {words}, decided by {user.username}."
    add_line(run, text, source="validation", level=LogLevel.WARNING)
    detail = {"run": run.pk, "batch": batch.seq, "stage": "validation", "sha256": batch.sha256}
    rbac.record_audit(actor=user, action=f"batch_{verb}", scope=run.source, detail=detail)
