"""Deletes what old jobs left and only taking them back needs: the rest is history and stays.

Of a job there stay its row, its ledger, its failures, its drift, and one read table as proof that
it could read at all. Of a dataset there stay the last word of any such job, and a row of the
version that is current, by which stages know that they have worked on it.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.discovery.models import (
    BatchItem,
    DiscoveryJob,
    Field,
    RowT,
    SchemaChange,
    TableSnapshot,
)
from apps.discovery.selectors import count_outcomes
from apps.discovery.types import OPEN_JOB_STATES, ChangeKind, ItemOutcome, JobState
from apps.discovery.undoing import split

READ = (ItemOutcome.STORED, ItemOutcome.UNCHANGED)
CAME = (ChangeKind.COLUMN_ADDED, ChangeKind.PATH_ADDED)


def clear_old_jobs(*, most: int) -> int:
    """Clear so many of the jobs that ended long ago and are not the newest; how many it cleared."""
    if not settings.RUN_KEEP_DAYS:
        return 0
    before = timezone.now() - dt.timedelta(days=settings.RUN_KEEP_DAYS)
    old = _list_clearable(before).order_by("pk")[:most]
    return sum(_clear(job, before) for job in old)


def _list_clearable(before: dt.datetime) -> QuerySet[DiscoveryJob]:
    """Those that a newer one outlives: the newest, and the newest that read its source, stay."""
    newer = DiscoveryJob.objects.filter(
        source=OuterRef("source"), pk__gt=OuterRef("pk"), undone_at=None
    )
    outlived = ~Q(state=JobState.CLOSED, undone_at=None) | Exists(
        newer.filter(state=JobState.CLOSED)
    )
    ended = DiscoveryJob.objects.exclude(state__in=OPEN_JOB_STATES)
    return ended.filter(outlived, Exists(newer), cleared_at=None, finished_at__lt=before)


def _clear(job: DiscoveryJob, before: dt.datetime) -> bool:
    # Asked again: whatever was taken back meanwhile makes this one the newest.
    mine = _list_clearable(before).filter(pk=job.pk)
    values = {"cleared_at": timezone.now(), "cleared_counts": dict(count_outcomes(job.pk))}
    if mine.update(**values) != 1:
        return False
    # What a crash leaves here goes with the next job of the source.
    # Payloads need not be loaded to be thrown away.
    _delete(TableSnapshot.objects.defer("payload"), _list_needless_versions(job.source_id))
    _delete(BatchItem.objects.all(), _list_needless_items(job.source_id))
    return True


def _list_needless_versions(source_id: int) -> QuerySet[TableSnapshot]:
    """Versions that ended before any job that may be taken back began."""
    uncleared = DiscoveryJob.objects.filter(source=source_id, cleared_at=None)
    versions = TableSnapshot.objects.filter(
        dataset__source=source_id,
        valid_to__lt=uncleared.order_by()
        .values("source")
        .annotate(Min("created_at"))
        .values("created_at__min"),
    )
    # The last version with a column that is gone, or that came back since, describes it.
    gone = Field.objects.filter(dataset=OuterRef("dataset"), removed_at=OuterRef("valid_to"))
    came = SchemaChange.objects.filter(
        dataset=OuterRef("dataset"), kind__in=CAME, job__in=uncleared.values("pk")
    )
    shown = versions.filter(payload__profile_error__gt="").order_by()
    return versions.exclude(pk__in=shown.values("pk")).filter(~Exists(gone), ~Exists(came))


def _list_needless_items(source_id: int) -> QuerySet[BatchItem]:
    """Rows of cleared jobs that no page shows and no reading compares with."""
    cleared = BatchItem.objects.filter(
        batch__job__source=source_id, batch__job__cleared_at__isnull=False
    ).order_by()
    proofs = cleared.filter(outcome__in=READ).values("batch__job").annotate(first=Min("pk"))
    shown = cleared.filter(snapshot__payload__profile_error__gt="")
    later = cleared.exclude(outcome=ItemOutcome.FILTERED).filter(
        dataset=OuterRef("dataset"), pk__gt=OuterRef("pk"), batch__job__undone_at=None
    )
    same = later.filter(snapshot=OuterRef("snapshot"))
    surpassed = Exists(later) & (Q(snapshot=None) | Exists(same))
    lost = Q(dataset=None) | Q(batch__job__undone_at__isnull=False)
    return (
        cleared.exclude(outcome=ItemOutcome.FAILED)
        .filter(Q(outcome=ItemOutcome.FILTERED) | lost | surpassed)
        .exclude(pk__in=proofs.values("first"))
        .exclude(pk__in=shown.values("pk"))
    )


def _delete(rows: QuerySet[RowT], which: QuerySet[RowT]) -> None:
    """In portions, so that whoever writes meanwhile need not wait for long."""
    ids = list(which.values_list("pk", flat=True))
    for part in split(ids):
        with transaction.atomic():
            rows.filter(pk__in=part).delete()
