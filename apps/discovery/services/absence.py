"""What it means when a complete listing no longer shows a dataset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q

from apps.discovery.drift import make_change
from apps.discovery.models import AbsenceDoubt, Batch, Dataset, DiscoveryJob, SchemaChange
from apps.discovery.selectors import list_shown
from apps.discovery.types import (
    REFUSED_BATCH_STATES,
    ChangeKind,
    DatasetState,
    DoubtState,
    JobState,
    RunScope,
    StageOutcome,
)

from .doubts import raise_doubt

# A listing that loses more than this share of a container, and this many, is rather not believed.
BREAKER_SHARE = 0.5
BREAKER_COUNT = 5
# What is told of a table, what it was before, and what it is from then on.
_MARKS: Final = (
    (ChangeKind.TABLE_DROPPED, DatasetState.MISSING, DatasetState.DROPPED),
    (ChangeKind.TABLE_MISSING, DatasetState.ACTIVE, DatasetState.MISSING),
)


@transaction.atomic
def settle_absence(*, run: RunScope) -> StageOutcome:
    """Mark datasets that authoritative listings no longer show: missing first, dropped next time.

    Nothing is marked when a container's listing was not complete, when a batch was refused
    (its datasets are there, only unread). When most of a container, or of all that is known, would
    go at once, a person is asked; also when the agent could list but a part of a container, for a
    lost grant looks like a drop then.
    """
    job = DiscoveryJob.objects.get(pk=run.job_id)
    if job.state != JobState.CLOSED:
        return StageOutcome()
    absent = _list_absent(job)
    withheld: list[Dataset] = []
    if Batch.objects.filter(job=job, state__in=REFUSED_BATCH_STATES).exists():
        absent, withheld = [], absent
    gone, doubted = _apply_breaker(job, absent)
    unsure = [] if withheld else _list_unsure(job)
    raise_doubt(job, [*doubted, *unsure])
    missing = _mark(job, gone, DatasetState.ACTIVE, DatasetState.MISSING)
    dropped = _mark(job, gone, DatasetState.MISSING, DatasetState.DROPPED)
    return StageOutcome(
        counters={
            "tables_missing": missing,
            "tables_dropped": dropped,
            "absence_withheld": len(withheld),
            "absence_doubted": len(doubted),
            "absence_unsure": len(unsure),
        }
    )


@transaction.atomic
def take_back_absence(*, job: DiscoveryJob) -> None:
    """Its run came to no end, so its listing proves nothing: the next one counts from the start.

    What a person decided meanwhile stays.
    """
    doubts = AbsenceDoubt.objects.filter(job=job)
    # A question whose tables are all deleted would give a NULL, and that excludes everything.
    decided = doubts.exclude(state=DoubtState.OPEN).filter(datasets__isnull=False)
    told = SchemaChange.objects.filter(job=job).exclude(dataset__in=decided.values("datasets"))
    for kind, was, is_now in _MARKS:
        marked = told.filter(kind=kind)
        ids = list(marked.values_list("dataset", flat=True))
        Dataset.objects.filter(pk__in=ids, state=is_now).update(state=was)
        marked.delete()
    doubts.filter(state=DoubtState.OPEN).delete()


def _list_absent(job: DiscoveryJob) -> list[Dataset]:
    surely = [part["name"] for part in job.containers if part["authoritative"]]
    whole = Q(container__in=surely)
    if job.complete:
        # A container that is not among all that there are is gone, with what it held.
        whole |= ~Q(container__in=_list_containers(job))
    # Settling again must not count the same absence twice.
    counted = SchemaChange.objects.filter(
        job=job, kind__in=(ChangeKind.TABLE_MISSING, ChangeKind.TABLE_DROPPED)
    )
    datasets = Dataset.objects.filter(
        whole,
        source_id=job.source_id,
        state__in=(DatasetState.ACTIVE, DatasetState.MISSING),
    ).exclude(pk__in=counted.values("dataset"))
    shown = list_shown(job.pk)
    return [dataset for dataset in datasets if (dataset.container, dataset.name) not in shown]


def _list_unsure(job: DiscoveryJob) -> list[Dataset]:
    """Not among what the agent could list of containers of which it may not see all.

    A container of which it saw nothing says nothing, and what a person has kept is not asked again.
    """
    partly = [part["name"] for part in job.containers if _is_partial(part)]
    datasets = Dataset.objects.filter(
        source_id=job.source_id, container__in=partly, state=DatasetState.ACTIVE
    )
    kept = Q(doubts__state=DoubtState.KEPT) & (
        Q(last_job=None) | Q(last_job_id__lt=F("doubts__job_id"))
    )
    shown = list_shown(job.pk)
    asked = datasets.exclude(pk__in=datasets.filter(kept).values("pk"))
    return [dataset for dataset in asked if (dataset.container, dataset.name) not in shown]


def _is_partial(part: dict[str, Any]) -> bool:
    return not part["authoritative"] and part["tables"] > 0


def _list_containers(job: DiscoveryJob) -> list[str]:
    return [part["name"] for part in job.containers]


def _apply_breaker(
    job: DiscoveryJob, absent: Iterable[Dataset]
) -> tuple[list[Dataset], list[Dataset]]:
    """What is believed to be gone, and what is kept because too much would go at once."""
    listed = set(_list_containers(job))
    groups: dict[str | None, list[Dataset]] = defaultdict(list)
    for dataset in absent:
        groups[dataset.container if dataset.container in listed else None].append(dataset)
    gone: list[Dataset] = []
    doubted: list[Dataset] = []
    # A few of each of many schemas may be most of the source.
    everywhere = _is_too_much(job, None, sum(map(len, map(_list_first, groups.values()))))
    for container, datasets in groups.items():
        first = _list_first(datasets)
        too_much = everywhere or _is_too_much(job, container, len(first))
        doubted += first if too_much else []
        gone += _list_again(datasets) if too_much else datasets
    return gone, doubted


def _list_first(datasets: Iterable[Dataset]) -> list[Dataset]:
    """Those whose first absence it would be; the second follows on one that was believed."""
    return [dataset for dataset in datasets if dataset.state == DatasetState.ACTIVE]


def _list_again(datasets: Iterable[Dataset]) -> list[Dataset]:
    return [dataset for dataset in datasets if dataset.state != DatasetState.ACTIVE]


def _is_too_much(job: DiscoveryJob, container: str | None, going: int) -> bool:
    """Measured by the container, or by the whole source (None)."""
    if going <= BREAKER_COUNT:
        return False
    active = Dataset.objects.filter(source_id=job.source_id, state=DatasetState.ACTIVE)
    if container is not None:
        active = active.filter(container=container)
    return going > BREAKER_SHARE * active.count()


def _mark(
    job: DiscoveryJob, datasets: Iterable[Dataset], old: DatasetState, new: DatasetState
) -> int:
    marked = [dataset for dataset in datasets if dataset.state == old]
    Dataset.objects.filter(pk__in=[dataset.pk for dataset in marked]).update(state=new)
    kind = ChangeKind.TABLE_MISSING if new == DatasetState.MISSING else ChangeKind.TABLE_DROPPED
    SchemaChange.objects.bulk_create([make_change(job, dataset, kind) for dataset in marked])
    return len(marked)
