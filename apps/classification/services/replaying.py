"""Judges everything anew from stored profiles, a slice at a time, in bounded memory."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.classification.active import add_lessons, open_judge
from apps.classification.judge import Judge
from apps.classification.model.store import ModelRefused
from apps.classification.models import Replay, StoredModel
from apps.classification.replays import compare, count_contradicted
from apps.classification.signals import labels_rejudged, replay_due, replay_ended
from apps.classification.types import (
    OPEN_REPLAY_STATES,
    ReplayKind,
    ReplayState,
)
from apps.classification.verdicts import save_verdicts
from apps.discovery.selectors import count_tables, load_tables_after
from apps.discovery.types import BatchTable
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.announcing import announce
from datawave.common.errors import DataWaveError

from .judging import judge_tables
from .signing import tell_saved

if TYPE_CHECKING:
    from apps.rbac.models import User

# Tables in memory at once; the longest that one task works; how long its claim holds.
SLICE: Final = 25
SECONDS: Final = 20.0
LEASE: Final = dt.timedelta(seconds=90)


class ReplayOpen(DataWaveError):
    """Columns are being judged anew for this model already."""

    status = 409


class ReplayClosed(DataWaveError):
    """It has ended already."""

    status = 409


class ActiveModelReplayed(DataWaveError):
    """This model is in force: nothing would change."""

    status = 409


@transaction.atomic
def start_preview(*, model: StoredModel, user: User | None, then_activate: bool = False) -> Replay:
    """See what a model would change. Raises PermissionMissing, ReplayOpen, ActiveModelReplayed."""
    if user is not None:
        rbac.require(user, Action.DECIDE_LABELS, None)
    if StoredModel.objects.filter(pk=model.pk, active=True).exists():
        raise ActiveModelReplayed
    if model.replays.filter(state__in=OPEN_REPLAY_STATES).exists():
        raise ReplayOpen
    active = StoredModel.objects.filter(active=True).first()
    return _start(model, ReplayKind.PREVIEW, user, active, then_activate=then_activate)


def start_applying(*, model: StoredModel, user: User | None) -> Replay:
    """Write what a model says; what another one was writing is stopped."""
    Replay.objects.filter(kind=ReplayKind.APPLY, state__in=OPEN_REPLAY_STATES).update(
        state=ReplayState.CANCELLED, finished_at=timezone.now(), epoch=F("epoch") + 1
    )
    return _start(model, ReplayKind.APPLY, user, None)


def _start(
    model: StoredModel,
    kind: ReplayKind,
    user: User | None,
    active: StoredModel | None,
    *,
    then_activate: bool = False,
) -> Replay:
    made = Replay.objects.create(
        model=model,
        kind=kind,
        started_by=user,
        tables=count_tables(),
        compared_with=active.version if active else "",
        then_activate=then_activate,
    )
    announce(replay_due, Replay, replay=made)
    return made


@transaction.atomic
def cancel_replay(*, replay: Replay, user: User) -> None:
    """Stop a preview. Raises PermissionMissing, NotThere, ReplayClosed."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    open_ = Replay.objects.filter(
        pk=replay.pk, kind=ReplayKind.PREVIEW, state__in=OPEN_REPLAY_STATES
    )
    # The epoch rises, so that whoever works on it writes nothing more.
    done = {"state": ReplayState.CANCELLED, "finished_at": timezone.now()}
    if open_.update(epoch=F("epoch") + 1, **done) != 1:
        raise ReplayClosed


# The work


def advance_replay(*, replay_id: int) -> None:
    """Work on a replay for a while, unless somebody else does."""
    replay = _claim(replay_id)
    if replay is None:
        return
    try:
        judge = add_lessons(open_judge(replay.model))
    except ModelRefused as refused:
        _fail(replay, str(refused))
        return
    until = time.monotonic() + SECONDS
    while _work_slice(replay, judge):
        if time.monotonic() > until:
            _release(replay)
            return


def _claim(replay_id: int) -> Replay | None:
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    rows = Replay.objects.filter(free, pk=replay_id, state__in=OPEN_REPLAY_STATES)
    claimed = rows.update(state=ReplayState.RUNNING, lease_until=now + LEASE, epoch=F("epoch") + 1)
    if claimed != 1:
        return None
    return Replay.objects.select_related("model__file", "model__base__file").get(pk=replay_id)


def _work_slice(replay: Replay, judge: Judge) -> bool:
    """Judge the next tables; whether there may be more and it is still ours."""
    tables = load_tables_after(replay.cursor, SLICE)
    if not tables:
        _finish(replay)
        return False
    judged = judge_tables(tables, judge)
    with transaction.atomic():
        if not _move(replay, tables, len(judged.columns)):
            return False
        if replay.kind == ReplayKind.APPLY:
            tell_saved(saved := save_verdicts(judged, now=timezone.now()))
            changed, contradicted = len(saved.moved), len(saved.contradicted)
            ids = sorted(set(saved.moved.values()))
            announce(labels_rejudged, Replay, dataset_ids=ids)
        else:
            changed = compare(replay, judged)
            contradicted = count_contradicted(judged)
        Replay.objects.filter(pk=replay.pk).update(
            changed=F("changed") + changed, contradicted=F("contradicted") + contradicted
        )
    return True


def _move(replay: Replay, tables: Sequence[BatchTable], columns: int) -> bool:
    """Take the slice, in the transaction of its results; false when it was taken from us."""
    cursor = tables[-1].dataset_id
    moved = Replay.objects.filter(pk=replay.pk, epoch=replay.epoch, cursor=replay.cursor).update(
        cursor=cursor,
        tables_done=F("tables_done") + len(tables),
        columns=F("columns") + columns,
        lease_until=timezone.now() + LEASE,
    )
    replay.cursor = cursor
    return moved == 1


def _release(replay: Replay) -> None:
    mine = Replay.objects.filter(pk=replay.pk, epoch=replay.epoch)
    if mine.update(lease_until=None) == 1:
        announce(replay_due, Replay, replay=replay)


def _finish(replay: Replay) -> None:
    _end(replay, state=ReplayState.DONE, tables=F("tables_done"))


def _fail(replay: Replay, error: str) -> None:
    _end(replay, state=ReplayState.FAILED, error=error[:300])


def _end(replay: Replay, **fields: object) -> None:
    mine = Replay.objects.filter(pk=replay.pk, epoch=replay.epoch, state=ReplayState.RUNNING)
    if mine.update(finished_at=timezone.now(), lease_until=None, **fields) == 1:
        replay.refresh_from_db()
        announce(replay_ended, Replay, replay=replay)


def wake_replays() -> None:
    """Replays that nobody works on: their task was lost, or its worker."""
    now = timezone.now()
    lost = Replay.objects.filter(state__in=OPEN_REPLAY_STATES).filter(
        Q(lease_until__lt=now) | Q(lease_until=None, created_at__lt=now - dt.timedelta(seconds=5))
    )
    for replay in lost:
        announce(replay_due, Replay, replay=replay)
