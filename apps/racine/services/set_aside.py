"""What a steward decides about one batch that a stage has set aside: once more, or without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.utils import timezone

from apps.racine.models import Run, StageRun
from apps.racine.retries import ALONE_AFTER
from apps.racine.transitions import change_stages
from apps.racine.types import LogLevel, RunState, StageState
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError

from .fan_out import announce_ready
from .reopening import reopen_run, reopening
from .story import add_line, note_progress

if TYPE_CHECKING:
    from apps.rbac.models import User


class NotSetAside(DataWaveError):
    """This batch is not set aside any more; reload the page to see what became of it."""

    status = 409


class RunSettling(DataWaveError):
    """The run is being settled or stopped; try again when it has ended."""

    status = 409
    retry = True


def requeue_stage(*, work: StageRun, user: User) -> None:
    """Have one set-aside batch worked on again.

    Raises NotSetAside, RunSettling, RunOutdated, SourceBusy.
    """
    rbac.require(user, Action.DISCOVER, work.run.source)
    with reopening(work.run):
        _requeue(work, user)
    note_progress(run_id=work.run_id)


def _requeue(work: StageRun, user: User) -> None:
    _take_run_up(Run.objects.select_for_update().get(pk=work.run_id))
    # What has felled workers before is tried alone at once.
    felled = When(losses__gt=0, then=Value(ALONE_AFTER))
    _decide(
        work,
        StageState.READY,
        failures=0,
        losses=Case(felled, default=Value(0)),
        finished_at=None,
        error_code="",
        error_message="",
    )
    _tell(work, user, "requeued", "is tried again")
    announce_ready([work.pk])


def _take_run_up(run: Run) -> None:
    if run.state in (RunState.WAITING, RunState.RUNNING):
        return
    origins = [RunState.COMPLETED_WITH_ERRORS]
    if not reopen_run(run, origins, RunState.RUNNING, settled=[], summary={}):
        raise RunSettling


@transaction.atomic
def discard_stage(*, work: StageRun, user: User) -> None:
    """Do without one stage's results on one batch, for good. Raises NotSetAside."""
    rbac.require(user, Action.DISCOVER, work.run.source)
    _decide(work, StageState.DISCARDED, finished_at=timezone.now())
    _tell(work, user, "discarded", "is done without")


def _decide(work: StageRun, to: StageState, **values: object) -> None:
    if not change_stages(Q(pk=work.pk), origins=[StageState.QUARANTINED], to=to, **values):
        raise NotSetAside


def _tell(work: StageRun, user: User, verb: str, words: str) -> None:
    text = f"Batch {work.batch.seq} {words}, decided by {user.username}."
    add_line(work.run, text, source=work.stage, level=LogLevel.WARNING)
    detail = {
        "run": work.run_id,
        "batch": work.batch.seq,
        "stage": work.stage,
        "sha256": work.batch.sha256,
    }
    rbac.record_audit(actor=user, action=f"batch_{verb}", scope=work.run.source, detail=detail)
