"""Batches that validation refused: kept for another try while that can help, or done without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet

from apps.discovery import signals
from apps.discovery.ingest import (
    Intake,
    find_store_conflicts,
    load_held,
    store_records,
    without_outdated,
)
from apps.discovery.models import Batch, BatchItem, DiscoveryJob, RefusedContent
from apps.discovery.types import BatchState, ItemOutcome
from apps.discovery.validation import find_faults, key_of
from datawave.common import announcing
from datawave.common.errors import DataWaveError
from datawave_edge.protocol import Record, decode_records, encode_records
from datawave_edge.protocol.compression import pack, unpack

if TYPE_CHECKING:
    from apps.datasources.models import DataSource

# An agent that sends nothing but nonsense must not fill the disk with it.
MOST_KEPT = 100
# What an agent says in the place of a table whose description was refused.
STAND_IN = "description_refused"


class NotRefused(DataWaveError):
    """This batch is not set aside any more; reload the page to see what became of it."""

    status = 409
    code = "not_set_aside"


class ContentGone(DataWaveError):
    """What this batch says is not kept, so it can't be tried again; discover the source again."""

    status = 409


class StillRefused(DataWaveError):
    """The batch makes no more sense than before; discover the source again, or discard it."""

    status = 409


def keep_refused(batch: Batch, records: list[Record]) -> None:
    """Keep what fits the protocol and yet makes no sense; bytes that do not fit may hold anything.

    Written anew, so that nothing is kept that the protocol does not know.
    """
    if not records:
        return
    mine = RefusedContent(batch=batch, tables=[list(key_of(record)) for record in records])
    if _list_kept().filter(batch__job=batch.job_id).count() < MOST_KEPT:
        mine.packed = pack(encode_records(records))
    mine.save(force_insert=True)


def forget_refused(*, source: DataSource) -> None:
    """A new reading of the source knows better than all that was refused before."""
    _list_kept().filter(batch__job__source=source).update(packed=None)


def _list_kept() -> QuerySet[RefusedContent]:
    return RefusedContent.objects.filter(packed__isnull=False)


@transaction.atomic
def retry_refused(*, batch: Batch) -> list[Batch]:
    """Take a refused batch in after all, once its stream is over; gives all that are taken in.

    Raises NotRefused, ContentGone or StillRefused, and then nothing has changed.
    """
    job = DiscoveryJob.objects.select_for_update().get(pk=batch.job_id)
    mine = _lock(batch)
    records = _read(mine)
    _remove_stand_ins(mine, records)
    records = without_outdated(job, mine.seq, records)
    held = load_held(job.source_id, records)
    reasons = find_faults(records) or find_store_conflicts(job, records, held)
    if reasons:
        raise StillRefused
    store_records(Intake(job=job, batch=mine, held=held), records)
    return [_accept(each, job) for each in [mine, *_list_told(job, mine)]]


def _lock(batch: Batch) -> Batch:
    mine = Batch.objects.select_for_update().get(pk=batch.pk)
    if mine.state != BatchState.QUARANTINED:
        raise NotRefused
    return mine


def _read(batch: Batch) -> list[Record]:
    content = _list_kept().filter(batch=batch).first()
    if content is None or content.packed is None:
        raise ContentGone
    return decode_records(unpack(bytes(content.packed)))


def _remove_stand_ins(batch: Batch, records: list[Record]) -> None:
    """The agent's word that these could not be taken in is about to be wrong."""
    keys = {key_of(record) for record in records}
    items = BatchItem.objects.filter(
        batch__job=batch.job_id,
        batch__seq__gt=batch.seq,
        outcome=ItemOutcome.FAILED,
        code=STAND_IN,
    )
    wrong = [pk for pk, *key in items.values_list("pk", "container", "name") if tuple(key) in keys]
    BatchItem.objects.filter(pk__in=wrong).delete()


def _list_told(job: DiscoveryJob, batch: Batch) -> list[Batch]:
    """Other refused batches of which nothing lacks now: an agent sends a refused one in parts."""
    told = BatchItem.objects.filter(batch__job=job).exclude(code=STAND_IN)
    known = set(told.values_list("container", "name"))
    others = job.batches.filter(state=BatchState.QUARANTINED, content__isnull=False)
    tables = others.exclude(pk=batch.pk).values_list("pk", "content__tables")
    ids = [pk for pk, names in tables if known >= {tuple(name) for name in names}]
    return list(Batch.objects.filter(pk__in=ids))


def _accept(batch: Batch, job: DiscoveryJob) -> Batch:
    batch.state = BatchState.ACCEPTED
    batch.save(update_fields=["state"])
    RefusedContent.objects.filter(batch=batch).delete()
    announcing.announce(signals.batch_accepted, Batch, job=job, batch=batch)
    return batch


@transaction.atomic
def discard_refused(*, batch: Batch) -> None:
    """Do without a refused batch for good. Raises NotRefused."""
    mine = _lock(batch)
    mine.state = BatchState.DISCARDED
    mine.save(update_fields=["state"])
    RefusedContent.objects.filter(batch=mine).delete()
