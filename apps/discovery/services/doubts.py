"""Too much gone at once: a person says whether the tables are gone, and may take it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.discovery import signals
from apps.discovery.drift import make_change
from apps.discovery.models import AbsenceDoubt, Dataset, DiscoveryJob, SchemaChange
from apps.discovery.selectors import list_shown
from apps.discovery.types import ChangeKind, DatasetState, DoubtState
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common import announcing
from datawave.common.errors import DataWaveError

if TYPE_CHECKING:
    from apps.rbac.models import User

# What a decision may follow on: a doubt is decided once, and only a confirmed one is taken back.
DECISIONS = {
    DoubtState.CONFIRMED: DoubtState.OPEN,
    DoubtState.KEPT: DoubtState.OPEN,
    DoubtState.OPEN: DoubtState.CONFIRMED,
}


class DoubtDecided(DataWaveError):
    """This was decided already, or a newer discovery has answered it. Reload the page."""

    status = 409


def raise_doubt(job: DiscoveryJob, doubted: Sequence[Dataset]) -> None:
    """Ask about these, once for a job; what an earlier job asked is answered or asked anew."""
    older = AbsenceDoubt.objects.filter(source_id=job.source_id, state=DoubtState.OPEN)
    older = older.exclude(job=job)
    if doubted:
        older.update(state=DoubtState.OUTDATED)
    else:
        _withdraw_seen(job, older)
    if not doubted or AbsenceDoubt.objects.filter(job=job).exists():
        return
    active = Dataset.objects.filter(source_id=job.source_id, state=DatasetState.ACTIVE)
    doubt = AbsenceDoubt.objects.create(
        source_id=job.source_id, job=job, tables=len(doubted), of=active.count()
    )
    doubt.datasets.set(doubted)


def _withdraw_seen(job: DiscoveryJob, doubts: QuerySet[AbsenceDoubt]) -> None:
    """Without a word of the newer job about any of the tables, the question stays open."""
    shown = list_shown(job.pk)
    for doubt in doubts:
        names = doubt.datasets.values_list("container", "name")
        if not shown.isdisjoint(names):
            AbsenceDoubt.objects.filter(pk=doubt.pk).update(state=DoubtState.OUTDATED)


@transaction.atomic
def decide_absence(*, doubt: AbsenceDoubt, user: User, decision: DoubtState) -> int:
    """Drop the tables, keep them, or take a drop back. Gives how many tables it changed.

    Raises PermissionMissing, DoubtDecided.
    """
    rbac.require(user, Action.DISCOVER, doubt.source)
    claimed = AbsenceDoubt.objects.filter(pk=doubt.pk, state=DECISIONS[decision]).update(
        state=decision, decided_by=user, decided_at=timezone.now()
    )
    if claimed != 1:
        raise DoubtDecided
    changed = _apply(doubt, decision)
    rbac.record_audit(
        actor=user,
        action=f"absence_{decision.value}",
        scope=doubt.source,
        detail={"doubt": str(doubt.public_id), "tables": changed},
    )
    doubt.refresh_from_db()
    announcing.announce(signals.absence_decided, AbsenceDoubt, doubt=doubt)
    return changed


def _apply(doubt: AbsenceDoubt, decision: DoubtState) -> int:
    if decision == DoubtState.CONFIRMED:
        return _drop(doubt)
    return _restore(doubt) if decision == DoubtState.OPEN else 0


def _drop(doubt: AbsenceDoubt) -> int:
    # What a later job has seen is there, whatever is decided now.
    unseen = Q(last_job=None) | Q(last_job_id__lt=F("doubts__job_id"))
    gone = list(doubt.datasets.filter(unseen).exclude(state=DatasetState.DROPPED).distinct())
    Dataset.objects.filter(pk__in=[dataset.pk for dataset in gone]).update(
        state=DatasetState.DROPPED
    )
    SchemaChange.objects.bulk_create(
        make_change(doubt.job, dataset, ChangeKind.TABLE_DROPPED) for dataset in gone
    )
    return len(gone)


def _restore(doubt: AbsenceDoubt) -> int:
    told = SchemaChange.objects.filter(
        job=doubt.job, kind=ChangeKind.TABLE_DROPPED, dataset__in=doubt.datasets.all()
    )
    back = doubt.datasets.filter(
        pk__in=list(told.values_list("dataset", flat=True)), state=DatasetState.DROPPED
    )
    changed = Dataset.objects.filter(pk__in=list(back.values_list("pk", flat=True))).update(
        state=DatasetState.ACTIVE
    )
    told.delete()
    return changed
