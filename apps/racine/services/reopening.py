"""Takes up a run that is over: goes on where it stopped, or has stages work on its batches again.

All of it happens under the lock under which runs begin and are taken back, so only one of them
can be first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from apps.discovery import services as discovery
from apps.discovery.stages import get_stage, list_stages
from apps.discovery.types import JobState
from apps.racine.models import Run
from apps.racine.retries import ALONE_AFTER
from apps.racine.transitions import change_run, change_stages
from apps.racine.types import FINISHED_RUN_STATES, RESUMABLE_RUN_STATES, RunState, StageState
from apps.racine.undo_reads import find_undo
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, InputInvalid

from .admission import admit_runs, lock_orchestration
from .fan_out import add_missing_stage_runs, announce_ready
from .runs import SourceBusy, choose_settings, job_of, require_free
from .settling import try_settle
from .story import add_line, note_progress, record_measure

if TYPE_CHECKING:
    from apps.rbac.models import User


class NothingToResume(DataWaveError):
    """Only a discovery that failed or was cancelled can be resumed."""

    status = 409


class RunOutdated(DataWaveError):
    """A newer run of this source exists; start a new discovery instead."""

    status = 409


class NothingToRetry(DataWaveError):
    """No batch of this run is set aside."""

    status = 409


class NothingToRerun(DataWaveError):
    """Only a discovery that has completed has stages that can work on it again."""

    status = 409


def resume_run(*, run: Run, user: User) -> None:
    """Go on with a failed or cancelled run from what is stored; asking again changes nothing.

    Raises NothingToResume, RunOutdated, SourceBusy.
    """
    rbac.require(user, Action.DISCOVER, run.source)
    with reopening(run):
        _resume(run, user)
    if not try_settle(run_id=run.pk):
        note_progress(run_id=run.pk)


@contextmanager
def reopening(run: Run) -> Iterator[None]:
    """A transaction that takes a run up, alone. Raises RunOutdated, SourceBusy."""
    try:
        with transaction.atomic():
            lock_orchestration()
            require_newest(run)
            yield
    except (IntegrityError, discovery.SourceBusy):
        # Another run was faster by a moment: the constraint decides.
        require_free(run.source)
        raise SourceBusy from None


def require_newest(run: Run) -> None:
    """Raises RunOutdated when the source has a newer run, or this one was taken back."""
    # An old stream must not overwrite what a newer one has found.
    newer = Run.objects.filter(source_id=run.source_id, pk__gt=run.pk).order_by("-pk").first()
    if newer is not None:
        raise RunOutdated(f"{newer} of this source is newer; start a new discovery instead.")
    if find_undo(run) is not None:
        raise RunOutdated("This discovery was taken back; start a new one instead.")


def _resume(run: Run, user: User) -> None:
    job = job_of(run)
    read = job.state == JobState.CLOSED
    to = RunState.RUNNING if read else RunState.WAITING
    if not reopen_run(run, RESUMABLE_RUN_STATES, to, held=not read, waits_for=""):
        _require_resumed(run)
        return
    if not read:
        discovery.resume_job(job=job, settings=choose_settings(run.source))
    change_stages(Q(run=run), origins=[StageState.CANCELLED], to=StageState.READY, finished_at=None)
    add_missing_stage_runs(run=run)
    ready = run.stage_runs.filter(state=StageState.READY)
    announce_ready(list(ready.values_list("pk", flat=True)))
    _tell(run, user, "resumed", f"Resumed by {user.username}.")
    admit_runs()


def _require_resumed(run: Run) -> None:
    now = Run.objects.get(pk=run.pk)
    if not (now.is_active and now.resumes and now.state != RunState.CANCELLING):
        raise NothingToResume


def reopen_run(run: Run, origins: Collection[RunState], to: RunState, **values: Any) -> bool:
    """Take a run up again that is over; whether it was in one of those states."""
    now, was = timezone.now(), Run.objects.get(pk=run.pk)
    rested = (now - was.finished_at).total_seconds() if was.finished_at else 0.0
    return change_run(
        run.pk,
        origins=origins,
        to=to,
        resumes=F("resumes") + 1,
        rested_seconds=was.rested_seconds + max(0.0, rested),
        waiting_since=now,
        waiting_told_at=None,
        finished_at=None,
        lease_until=None,
        not_before=None,
        failures=0,
        losses=0,
        error_code="",
        error_message="",
        error_hint="",
        **values,
    )


def _tell(run: Run, user: User, verb: str, text: str, **detail: str) -> None:
    add_line(run, text)
    rbac.record_audit(
        actor=user,
        action=f"discovery_{verb}",
        scope=run.source,
        detail={"run": run.pk, **detail},
    )
    record_measure(Run.objects.get(pk=run.pk))


def retry_quarantined(*, run: Run, user: User) -> int:
    """Work again on batches that stages set aside, then settle anew. Raises NothingToRetry."""
    rbac.require(user, Action.DISCOVER, run.source)
    with reopening(run):
        count = _retry(run, user)
    note_progress(run_id=run.pk)
    return count


def _retry(run: Run, user: User) -> int:
    aside = run.stage_runs.filter(state=StageState.QUARANTINED)
    ids = list(aside.values_list("pk", flat=True))
    origins = [RunState.COMPLETED_WITH_ERRORS]
    if not ids or not reopen_run(run, origins, RunState.RUNNING, settled=[], summary={}):
        raise NothingToRetry
    values: dict[str, Any] = {"failures": 0, "losses": 0, "error_code": "", "error_message": ""}
    _make_ready(ids, **values)
    text = f"{len(ids)} set-aside batches are tried again, asked by {user.username}."
    _tell(run, user, "retried", text)
    return len(ids)


def _make_ready(ids: list[int], **values: Any) -> None:
    origins = [StageState.QUARANTINED, StageState.DONE]
    change_stages(Q(pk__in=ids), origins=origins, to=StageState.READY, finished_at=None, **values)
    announce_ready(ids)


def rerun_stage(*, run: Run, stage: str, user: User) -> int:
    """Have one stage work on every stored batch again, then settle anew; how many batches.

    Its results take the place of those before. What a steward discarded stays discarded. Raises
    InputInvalid, NothingToRerun, RunOutdated, SourceBusy.
    """
    rbac.require(user, Action.DISCOVER, run.source)
    _require_stage(stage)
    with reopening(run):
        count = _rerun(run, stage, user)
    note_progress(run_id=run.pk)
    return count


def _require_stage(name: str) -> None:
    known = [stage.name for stage in list_stages()]
    if name not in known:
        raise InputInvalid(f"Choose one of {', '.join(known)}.", field="stage")


def _rerun(run: Run, stage: str, user: User) -> int:
    worked = run.stage_runs.filter(stage=stage, state__in=[StageState.DONE, StageState.QUARANTINED])
    ids = list(worked.values_list("pk", flat=True))
    if not ids and run.state in FINISHED_RUN_STATES:
        raise NothingToRerun("This discovery has stored no batch that the stage could work on.")
    if not reopen_run(run, FINISHED_RUN_STATES, RunState.RUNNING, settled=[], summary={}):
        raise NothingToRerun
    # What has felled workers before is tried alone at once.
    felled = When(losses__gt=0, state=StageState.QUARANTINED, then=Value(ALONE_AFTER))
    _make_ready(
        ids,
        losses=Case(felled, default=Value(0)),
        failures=0,
        afresh=True,
        counters={},
        seconds=None,
        error_code="",
        error_message="",
    )
    title = get_stage(stage).title
    text = f"{title} works on {len(ids)} batches again, asked by {user.username}."
    _tell(run, user, "stage_rerun", text, stage=stage)
    return len(ids)
