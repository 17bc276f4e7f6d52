"""Takes a run back, step by step; each step is a transaction of its own and is done once.

What the run made goes first, then the structure becomes what it was, then the stages work once more
on the tables that changed. Whoever dies in between is followed by another at the next step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.datasources import services as datasources
from apps.discovery import services as discovery
from apps.discovery.selectors import load_tables_by_job
from apps.discovery.stages import list_reversals, list_stages
from apps.discovery.types import BatchContent, DatasetState, RunScope
from apps.notifications import services as notifications
from apps.racine import pulse
from apps.racine.leases import LeaseKeeper, WorkTakenAway
from apps.racine.models import Run, Undo
from apps.racine.retries import choose_wait, judge, log_fault
from apps.racine.signals import undo_ready
from apps.racine.transitions import FenceLost, expires
from apps.racine.types import LogLevel, UndoState
from apps.racine.undo_reads import (
    build_scope,
    count_undo,
    explain_not_undoable,
    find_kept_fields,
)
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError

from .admission import lock_orchestration
from .story import add_line

if TYPE_CHECKING:
    from apps.rbac.models import User

TABLES_AT_ONCE = 50
FAILURES_ALLOWED = 5
STRUCTURE = "structure"


class NotUndoable(DataWaveError):
    """This discovery can't be taken back."""

    status = 409


@transaction.atomic
def request_undo(*, run: Run, user: User) -> Undo:
    """Begin to take a run back; asking again changes nothing. Raises NotUndoable."""
    rbac.require(user, Action.DISCOVER, run.source)
    # The lock under which runs begin, so none begins meanwhile.
    lock_orchestration()
    undo = Undo.objects.filter(run=run).first()
    if undo is not None and undo.state != UndoState.FAILED:
        return undo
    obstacle = explain_not_undoable(run)
    if obstacle:
        raise NotUndoable(obstacle)
    if undo is None:
        undo = Undo.objects.create(run=run, requested_by=user, counts=count_undo(run))
    else:
        Undo.objects.filter(pk=undo.pk).update(state=UndoState.OPEN, failures=0, lease_until=None)
        undo.refresh_from_db()
    add_line(run, f"Being taken back, asked by {user.username}.", level=LogLevel.WARNING)
    detail = {"run": run.pk, **undo.counts}
    rbac.record_audit(actor=user, action="discovery_undone", scope=run.source, detail=detail)
    announce_undo(undo.pk)
    return undo


def announce_undo(undo_id: int) -> None:
    """Say that there is something to take back, once the transaction has committed."""
    transaction.on_commit(partial(undo_ready.send_robust, sender=Undo, undo_id=undo_id))


def repeat_undo() -> None:
    """Take up what nobody works on."""
    free = Q(lease_until=None) | Q(lease_until__lte=timezone.now())
    for pk in Undo.objects.filter(free, state=UndoState.OPEN).values_list("pk", flat=True):
        announce_undo(pk)


def work_on_undo(*, undo_id: int) -> None:
    """Do every step that is left, unless someone else does."""
    undo = _claim(undo_id)
    if undo is None:
        return
    seconds = settings.STAGE_LEASE_SECONDS
    try:
        with (
            pulse.working(),
            LeaseKeeper(
                partial(_renew, undo, seconds),
                seconds,
                limit=settings.STAGE_LIMIT_SECONDS,
                give_away=partial(_note_failure, undo, TimeoutError()),
            ) as lease,
        ):
            _work(undo, lease.check)
    except WorkTakenAway:
        # Others see to it.
        return


def _work(undo: Undo, check: Callable[[], None]) -> None:
    try:
        _do_steps(undo, check)
    except FenceLost:
        return
    except Exception as error:  # noqa: BLE001, RUF100  # a stage may fail in any way
        _note_failure(undo, error)


def _renew(undo: Undo, seconds: float) -> bool:
    return _mine(undo).update(lease_until=expires(seconds)) == 1


def _mine(undo: Undo) -> QuerySet[Undo]:
    return Undo.objects.filter(pk=undo.pk, fence=undo.fence, state=UndoState.OPEN)


def _claim(undo_id: int) -> Undo | None:
    free = Q(lease_until=None) | Q(lease_until__lte=timezone.now())
    claimed = Undo.objects.filter(free, pk=undo_id, state=UndoState.OPEN).update(
        fence=F("fence") + 1, lease_until=expires(settings.STAGE_LEASE_SECONDS)
    )
    if claimed != 1:
        return None
    return Undo.objects.select_related("run__source", "run__job", "requested_by").get(pk=undo_id)


def _do_steps(undo: Undo, check: Callable[[], None]) -> None:
    _take_back_rows(undo, "rows")
    _do_once(undo, STRUCTURE, partial(_take_back_structure, undo))
    while undo.tables:
        check()
        _work_again(undo)
    _settle_all(undo, "settle")
    if undo.gone:
        # Tables that the run had brought back were drafted as they were seen last; now they go.
        _do_once(undo, "states", partial(_restore_states, undo))
        _take_back_rows(undo, "again")
        _settle_all(undo, "settle again")
    _finish(undo)


def _take_back_rows(undo: Undo, name: str) -> None:
    for reversal in list_reversals():
        take_back = partial(reversal.take_back, build_scope(undo.run))
        _do_once(undo, f"{name}: {reversal.name}", take_back)


def _settle_all(undo: Undo, name: str) -> None:
    run = undo.run
    scope = RunScope(run_id=run.public_id, job_id=run.job_id, source_id=run.source_id)
    for stage in list_stages():
        _do_once(undo, f"{name}: {stage.name}", partial(stage.settle, scope))


def _restore_states(undo: Undo) -> None:
    states = {int(pk): DatasetState(state) for pk, state in undo.gone.items()}
    discovery.restore_states(states=states)


def _do_once(undo: Undo, name: str, act: Callable[[], object]) -> None:
    if name in undo.done:
        return
    with transaction.atomic():
        act()
        _keep(undo, done=[*undo.done, name])


def _keep(undo: Undo, **values: object) -> None:
    """Write how far it is, for which earlier failures are forgiven; only for its holder."""
    if _mine(undo).update(**{"failures": 0, **values}) != 1:
        raise FenceLost
    undo.failures = 0
    for name, value in values.items():
        setattr(undo, name, value)


def _take_back_structure(undo: Undo) -> None:
    run = undo.run
    kept = find_kept_fields(run)
    taken = discovery.take_back_job(job_id=run.job_id, keep_fields=kept)
    datasources.restore_facts(source=run.source, facts=run.facts_before)
    _keep(undo, tables=taken.tables, gone={str(pk): state for pk, state in taken.gone.items()})


def _work_again(undo: Undo) -> None:
    """The stages' part on some of the tables that are what they were."""
    now, rest = undo.tables[:TABLES_AT_ONCE], undo.tables[TABLES_AT_ONCE:]
    results = []
    for job_id, tables in load_tables_by_job(now):
        content = BatchContent(
            batch_id=0,
            job_id=job_id or undo.run.job_id,
            source_id=undo.run.source_id,
            tables=tables,
        )
        results += [(stage, content, stage.compute(content)) for stage in list_stages()]
    with transaction.atomic():
        for stage, content, result in results:
            stage.store(content, result)
        _keep(undo, tables=rest)


@transaction.atomic
def _finish(undo: Undo) -> None:
    now = timezone.now()
    _keep(undo, state=UndoState.DONE, finished_at=now, lease_until=None)
    Run.objects.filter(pk=undo.run_id).update(undone_at=now)
    name = undo.requested_by.username if undo.requested_by else "someone"
    add_line(undo.run, f"Taken back by {name}. The next discovery brings all of it back.")
    notifications.publish_event(topic="overview", kind="run_undone", data={})


def _note_failure(undo: Undo, error: Exception) -> None:
    doing = "Taking the discovery back"
    log_fault(error, doing=doing)
    failures = undo.failures + 1
    over = failures >= FAILURES_ALLOWED
    wait = choose_wait(failures, settings.STAGE_RETRY_BASE_SECONDS)
    kept = _mine(undo).update(
        failures=failures,
        state=UndoState.FAILED if over else UndoState.OPEN,
        lease_until=None if over else expires(wait),
    )
    if kept == 1:
        more = "Press Take back to go on." if over else "It will be tried again."
        text = f"{judge(error, doing=doing).message} {more}"
        add_line(undo.run, text, level=LogLevel.ERROR if over else LogLevel.WARNING)
